import * as z from 'zod';
import { getMember } from '../../db/queries/members/one-member.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { Member } from '../../http/response/people.ts';

/* One member, deactivated or not. */

export default endpoint(
  {
    operationId: 'get-member',
    method: 'get',
    path: '/api/v1/members/:id',
    summary: 'Get a member',
    description: 'Active or deactivated.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    success: { status: 200, description: 'The member', schema: Member },
    problems: ['not_found'],
  },
  async (c) => {
    return getMember(c.var.db, c.req.valid('param').id, c.var.read);
  },
);
