import * as z from 'zod';
import { purgeMember } from '../../db/queries/members/purge-member.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Erases a deactivated member: name, email and subject are gone, also from the audit log and stored responses. */

export default endpoint(
  {
    operationId: 'purge-member',
    method: 'post',
    path: '/api/v1/members/:id/purge',
    summary: 'Erase a deactivated member',
    description:
      'Where the subject stood as who acted, `member:<id>` stands. Assignments, mentions and the API keys that act for the member go; comments stay without their author. Who signs in again with the same `sub` is a stranger: withdraw the identity first.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The member is gone' },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    return purgeMember(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
