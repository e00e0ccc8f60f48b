import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type ReadOptions } from '../../client/read.ts';
import { jsonObject } from '../../sql/json.ts';
import { commentMembers } from '../../sql/representations.ts';
import { liveComments } from './live-comments.ts';

/** One comment. No row where it is unknown, or its task is in the trash. */
export function oneComment(db: Database, id: string) {
  return liveComments(db)
    .where('comments.id', '=', id)
    .select(['comments.version', jsonObject(commentMembers(db.tenantId)).as('body')]);
}

/** Reads one comment. Rejects with `not_found`. */
export function getComment(db: Database, id: string, options: ReadOptions) {
  return fetchRepresentation(db, 'comment', oneComment(db, id), options);
}
