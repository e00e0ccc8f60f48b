import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type JsonText, type ReadOptions } from '../../client/read.ts';
import { type JsonIn, jsonObject, nested, pick, plain, text } from '../../sql/json.ts';
import { memberMembers, tenantMembers } from '../../sql/representations.ts';
import type { ApiKeys } from '../../types.ts';

/** Who asks: what the first statement of the batch has found out. */
export function getMe(db: Database, options: ReadOptions) {
  const isToken = db.credential === 'token';
  const member = jsonObject(memberMembers);
  const me = jsonObject({
    subject: text(sql<string | null>`case when ${isToken}::boolean then nullif(current_setting('app.actor'), '') end`),
    role: plain(sql<Selectable<ApiKeys>['role']>`current_setting('app.caller_role')`),
    tenant: nested(jsonObject(pick(tenantMembers, ['id', 'name']))),
    member: nested(sql<JsonText<JsonIn<typeof member> | null>>`(
      select ${member} from members where members.tenant_id = ${db.tenantId} and members.id = current_member())`),
    credential: plain(sql<typeof db.credential>`${db.credential}`),
  });
  const query = db.query
    .selectFrom('tenants')
    .where('tenants.id', '=', db.tenantId)
    .select([sql<null>`null::integer`.as('version'), me.as('body')]);
  return fetchRepresentation(db, 'tenant', query, options);
}
