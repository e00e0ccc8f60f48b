import { auditSorts, listAuditLog } from '../../db/queries/audit/list-audit-log.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { actor, auditAction, guid, resourceType, timestamp } from '../../http/request/schemas.ts';
import { AuditPage } from '../../http/response/pages.ts';
import { AuditEntry, membersOf } from '../../http/response/resources.ts';

/* Who changed what, newest first. Triggers write the log, so it has every change, whatever made it. */

export default endpoint(
  {
    operationId: 'list-audit-log',
    method: 'get',
    path: '/api/v1/audit-log',
    summary: 'List the audit log',
    description: 'Who changed what, newest first.',
    access: 'admin',
    query: listQuery({
      sorts: auditSorts,
      defaultSort: '-at',
      fields: membersOf(AuditEntry),
      filters: {
        resource_type: resourceType.optional().meta({ description: 'Of resources of this kind.' }),
        resource_id: guid.optional().meta({ description: 'Of the resource with this id.' }),
        actor: actor.optional(),
        action: auditAction.optional().meta({ description: 'Of this kind.' }),
        after: timestamp.optional().meta({ description: 'Made later than this.' }),
        before: timestamp.optional().meta({ description: 'Made earlier than this.' }),
      },
    }),
    success: { status: 200, description: 'A page of the audit log', schema: AuditPage },
    problems: ['invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'audit-log', c.req.valid('query'));
    return listAuditLog(c.var.db, filters, request, c.var.read);
  },
);
