import type { Database } from '../../client/database.ts';
import { jsonObject } from '../../sql/json.ts';
import { projectMembers } from '../../sql/representations.ts';

/** One project outside the trash, without its tasks. */
export function oneProject(db: Database, id: string) {
  return db.query
    .selectFrom('projects')
    .where('projects.tenant_id', '=', db.tenantId)
    .where('projects.id', '=', id)
    .where('projects.deleted_at', 'is', null)
    .select(['projects.version', jsonObject(projectMembers(db.tenantId)).as('body')]);
}
