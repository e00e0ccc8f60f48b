import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { oneTag } from './one-tag.ts';

/** Inserts one tag. Fails with `duplicate_tag_name` where the tenant has one of that name in any spelling. */
export function createTag(
  db: Database,
  tag: { id: string; name: string; color: string | null },
  options: WriteOptions,
) {
  const insert = db.query.insertInto('tags').values({ ...tag, tenant_id: db.tenantId });
  return writeRepresentation(db, options, [insert], oneTag(db, tag.id));
}
