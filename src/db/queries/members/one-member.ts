import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type ReadOptions } from '../../client/read.ts';
import { jsonObject } from '../../sql/json.ts';
import { memberMembers } from '../../sql/representations.ts';

/** One member. */
export function oneMember(db: Database, id: string) {
  return db.query
    .selectFrom('members')
    .where('members.tenant_id', '=', db.tenantId)
    .where('members.id', '=', id)
    .select(['members.version', jsonObject(memberMembers).as('body')]);
}

/** Reads one member. Rejects with `not_found`. */
export function getMember(db: Database, id: string, options: ReadOptions) {
  return fetchRepresentation(db, 'member', oneMember(db, id), options);
}
