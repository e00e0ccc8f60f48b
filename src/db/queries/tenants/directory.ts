import { sql } from 'kysely';
import { causeOf, log } from '../../../log.ts';
import type { Database } from '../../client/database.ts';
import { DatabaseError } from '../../client/errors.ts';

/*
 * The directory says which database a tenant is at home in, where that is not the one that its id gives: the table
 * `tenant_directory` of the first database. Of a copy in a key-value store see `shards/directory-cache.ts`.
 */

/** Has the directory name a database. */
export async function putIntoDirectory(first: Database, tenantId: string, shard: string): Promise<void> {
  await first.write([
    first.query
      .insertInto('tenant_directory')
      .values({ id: tenantId, shard })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ shard: sql`excluded.shard` })),
  ]);
}

/** Has the directory name none, nor its copy. @throws DatabaseError `unavailable` where one of them cannot be written */
export async function removeFromDirectory(first: Database, tenantId: string): Promise<void> {
  await first.write([first.query.deleteFrom('tenant_directory').where('id', '=', tenantId)]);
  await first.shards?.keyValues?.delete(tenantId).catch((error) => {
    log('error', 'tenant_directory_failed', { reason: causeOf(error) });
    throw new DatabaseError({ kind: 'unavailable' });
  });
}
