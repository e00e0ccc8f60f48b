import { listChanges } from '../../db/queries/changes/list-changes.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { changesQuery, changesRequest } from '../../http/request/changes-query.ts';
import { ChangePage } from '../../http/response/pages.ts';

/* What has changed since a cursor, for callers that keep a copy. The order is that of the transactions, so none is missed. */

export default endpoint(
  {
    operationId: 'list-changes',
    method: 'get',
    path: '/api/v1/changes',
    summary: 'List changes',
    description:
      'What has changed since a cursor, for callers that keep a copy: each resource as it is now, or that it is gone. Without a cursor, all that exists and then its changes. Each page has a cursor, also the last one, to ask again later. No change is missed; one may come twice. A cursor is good for 90 days, then `410`: start again. So it is after the tenant was moved to another database, or the database restored.',
    access: 'viewer',
    query: changesQuery,
    neverEventual: true,
    success: { status: 200, description: 'A page of changes', schema: ChangePage },
    problems: ['invalid_cursor', 'gone', 'unprocessable'],
  },
  async (c) => listChanges(c.var.db, await changesRequest(c.var.db, c.req.valid('query')), c.var.read),
);
