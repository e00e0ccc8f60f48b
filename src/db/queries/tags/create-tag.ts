import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { TAG_EXISTS } from '../../client/rejections.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { oneTag } from './one-tag.ts';

/** Inserts one tag. Rejects with `duplicate` where the tenant has one of that name in any spelling. */
export function createTag(
  db: Database,
  tag: { id: string; name: string; color: string | null },
  options: WriteOptions,
) {
  // By its result and not by the constraint, which would not tell whose name it was, were there several operations.
  const insert = db.query
    .with('made', (qb) =>
      qb
        .insertInto('tags')
        .values({ ...tag, tenant_id: db.tenantId })
        .onConflict((conflict) => conflict.columns(['tenant_id', 'key']).doNothing())
        .returning('id'),
    )
    .selectNoFrom(sql`raise_unless(exists (select from made), ${JSON.stringify(TAG_EXISTS)}::json)`.as('made'));
  return writeRepresentation(db, options, [insert], oneTag(db, tag.id));
}
