import { auditSorts, listAuditLog } from '../../db/queries/audit/list-audit-log.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { actor, auditAction, guid, resourceType, timestamp } from '../../http/request/schemas.ts';
import { AuditEntry, listOf, membersOf } from '../../http/response/resources.ts';

/* Who changed what, newest first. Triggers write the log, so it has every change, whatever made it. */

export default endpoint(
  {
    operationId: 'list-audit-log',
    method: 'get',
    path: '/api/v1/audit-log',
    summary: 'List the audit log',
    access: 'admin',
    query: listQuery({
      sorts: auditSorts,
      defaultSort: '-at',
      fields: membersOf(AuditEntry),
      filters: {
        resource_type: resourceType.optional(),
        resource_id: guid.optional(),
        actor: actor.optional(),
        action: auditAction.optional(),
        after: timestamp.optional(),
        before: timestamp.optional(),
      },
    }),
    success: { status: 200, description: 'A page of the audit log', schema: listOf(AuditEntry) },
    problems: ['invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'audit-log', c.req.valid('query'));
    return listAuditLog(c.var.db, filters, request, c.var.read);
  },
);
