import { readList } from '../../db/answer.ts';
import { listAuditLog } from '../../db/queries/list-audit-log.ts';
import { entityTags } from '../../http/conditions.ts';
import { endpoint } from '../../http/endpoint.ts';
import { listQuery, listRequest } from '../../http/lists.ts';
import { AuditEntry, listOf, membersOf } from '../../http/resources.ts';
import { listed } from '../../http/respond.ts';
import { actor, auditAction, guid, resourceType, timestamp } from '../../http/schemas.ts';

/* Who changed what, newest first. Every change is here, whatever path made it. */

export default endpoint(
  {
    name: 'list-audit-log',
    tag: 'Audit',
    method: 'get',
    path: '/api/v1/audit-log',
    summary: 'List the audit log',
    access: 'admin',
    query: listQuery({
      sorts: ['at'],
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
    success: { status: 200, description: 'A page of it', schema: listOf(AuditEntry) },
    problems: ['invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { fields, ...query } = c.req.valid('query');
    const { request, filters } = await listRequest(c.var.db, { name: 'audit-log' }, query);
    const answer = await readList(c.var.db, listAuditLog(c.var.db, filters, request, { fields }), {
      ifNoneMatch: entityTags(c.req.header('If-None-Match')),
    });
    return listed(c, answer);
  },
);
