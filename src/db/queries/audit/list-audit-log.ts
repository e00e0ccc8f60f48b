import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { auditMembers } from '../../sql/representations.ts';
import type { AuditLog } from '../../types.ts';

interface AuditFilters {
  resource_type?: AuditLog['resource_type'] | undefined;
  resource_id?: string | undefined;
  actor?: string | undefined;
  action?: AuditLog['action'] | undefined;
  after?: string | undefined;
  before?: string | undefined;
}

export const auditSorts = { at: { expression: sql.ref('audit_log.at'), type: 'timestamptz' } } satisfies SortMembers;

/** The tenant's audit log, filtered. */
export function listAuditLog(
  db: Database,
  { after, before, ...equal }: AuditFilters,
  request: ListRequest,
  options: ReadOptions,
) {
  let rows = db.query.selectFrom('audit_log').where('audit_log.tenant_id', '=', db.tenantId);
  for (const [column, value] of Object.entries(equal)) {
    if (value !== undefined) rows = rows.where(sql<boolean>`${sql.ref(`audit_log.${column}`)} = ${value}`);
  }
  if (after !== undefined) rows = rows.where(sql<boolean>`audit_log.at > ${after}::timestamptz`);
  if (before !== undefined) rows = rows.where(sql<boolean>`audit_log.at < ${before}::timestamptz`);
  const item = jsonObject(pick(auditMembers, request.fields));
  return fetchPage(
    db,
    { rows, table: 'audit_log', item, id: auditMembers.id.value, sorts: auditSorts },
    request,
    options,
  );
}
