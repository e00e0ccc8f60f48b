import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { oneTag } from './one-tag.ts';

/** Changes the members that the patch names. Rejects as `lockRow` does, and fails with `duplicate_tag_name`. */
export function updateTag(
  db: Database,
  id: string,
  patch: { name?: string | undefined; color?: string | null | undefined },
  options: WriteOptions,
) {
  const update = db.query.updateTable('tags').set(patch).where('tenant_id', '=', db.tenantId).where('id', '=', id);
  const changes = Object.values(patch).some((value) => value !== undefined);
  return writeRepresentation(
    db,
    options,
    [lockRow(db, 'tag', id, options), ...(changes ? [update] : [])],
    oneTag(db, id),
  );
}
