import { sql } from 'kysely';
import { causeOf, log } from '../../../log.ts';
import type { Database } from '../../client/database.ts';
import { DatabaseError } from '../../client/errors.ts';

/*
 * The directory says which database a tenant is at home in, where that is not the one that its id gives. It is a key-value
 * store, or else the table `tenant_directory` of the first database.
 */

/** Has the directory name a database. @throws DatabaseError `unavailable` where it cannot be written */
export async function putIntoDirectory(first: Database, tenantId: string, shard: string): Promise<void> {
  const keyValues = first.shards?.keyValues;
  if (keyValues) return keyValues.put(tenantId, shard).catch(fail);
  await first.write([
    first.query
      .insertInto('tenant_directory')
      .values({ id: tenantId, shard })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ shard: sql`excluded.shard` })),
  ]);
}

/** Has the directory name none. @throws DatabaseError `unavailable` where it cannot be written */
export async function removeFromDirectory(first: Database, tenantId: string): Promise<void> {
  const keyValues = first.shards?.keyValues;
  if (keyValues) return keyValues.delete(tenantId).catch(fail);
  await first.write([first.query.deleteFrom('tenant_directory').where('id', '=', tenantId)]);
}

function fail(error: unknown): never {
  log('error', 'tenant_directory_failed', { reason: causeOf(error) });
  throw new DatabaseError({ kind: 'unavailable' });
}
