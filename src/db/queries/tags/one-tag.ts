import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type ReadOptions } from '../../client/read.ts';
import { jsonObject } from '../../sql/json.ts';
import { tagMembers } from '../../sql/representations.ts';

/** One tag. */
export function oneTag(db: Database, id: string) {
  return db.query
    .selectFrom('tags')
    .where('tags.tenant_id', '=', db.tenantId)
    .where('tags.id', '=', id)
    .select(['tags.version', jsonObject(tagMembers).as('body')]);
}

/** Reads one tag. Rejects with `not_found`. */
export function getTag(db: Database, id: string, options: ReadOptions) {
  return fetchRepresentation(db, 'tag', oneTag(db, id), options);
}
