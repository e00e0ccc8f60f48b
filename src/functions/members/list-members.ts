import { listMembers, memberSorts } from '../../db/queries/members/list-members.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { searchText } from '../../http/request/parameters.ts';
import { memberStatus } from '../../http/request/schemas.ts';
import { MemberPage } from '../../http/response/pages.ts';
import { Member } from '../../http/response/people.ts';
import { membersOf } from '../../http/response/resources.ts';

/* The tenant's members, active and deactivated ones. */

export default endpoint(
  {
    operationId: 'list-members',
    method: 'get',
    path: '/api/v1/members',
    summary: 'List members',
    description: 'Active and deactivated ones, by name.',
    access: 'viewer',
    query: listQuery({
      sorts: memberSorts,
      defaultSort: 'name',
      fields: membersOf(Member),
      filters: {
        status: memberStatus.optional().meta({ description: 'Has this status.' }),
        q: searchText.optional().meta({ description: 'Words of the name or the email, of the last one a beginning.' }),
      },
    }),
    success: { status: 200, description: 'A page of members', schema: MemberPage },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'members', c.req.valid('query'));
    return listMembers(c.var.db, filters, request, c.var.read);
  },
);
