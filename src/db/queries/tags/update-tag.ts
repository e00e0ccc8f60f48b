import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { TAG_EXISTS } from '../../client/rejections.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { oneTag } from './one-tag.ts';

/** Changes the members that the patch names. Rejects as `lockRow` does, and with `duplicate` where another tag has the name. */
export function updateTag(
  db: Database,
  id: string,
  patch: { name?: string | undefined; color?: string | null | undefined },
  options: WriteOptions,
) {
  const update = db.query.updateTable('tags').set(patch).where('tenant_id', '=', db.tenantId).where('id', '=', id);
  // Of two at once that give the same name, the constraint lets one through.
  const isFree = sql<boolean>`not exists (
    select from tags where tenant_id = ${db.tenantId} and key = tag_key(${patch.name}) and id <> ${id})`;
  const changes = Object.values(patch).some((value) => value !== undefined);
  return writeRepresentation(
    db,
    options,
    [
      lockRow(db, 'tag', id, options),
      ...(patch.name === undefined ? [] : [raiseUnless(db, isFree, TAG_EXISTS)]),
      ...(changes ? [update] : []),
    ],
    oneTag(db, id),
  );
}
