import * as z from 'zod';
import { updateMember } from '../../db/queries/members/update-member.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { email, guid, memberStatus, name255, subject } from '../../http/request/schemas.ts';
import { Member } from '../../http/response/people.ts';

/* Changes a member: a merge patch (RFC 7396). Whoever is deactivated can no longer sign in, and be newly assigned. */

export default endpoint(
  {
    operationId: 'update-member',
    method: 'patch',
    path: '/api/v1/members/:id',
    summary: 'Change a member',
    description:
      'A merge patch: absent keeps, null clears. Who is deactivated can no longer sign in, nor be newly assigned.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({
      name: name255.optional(),
      email: email.nullable().optional(),
      status: memberStatus.optional().meta({
        description: 'The tokens of a deactivated member are `403`, the API keys that act for it `401`.',
      }),
      subject: subject.nullable().optional().meta({ description: 'Can be set once: another one is `409`.' }),
    }),
    example: { status: 'deactivated' },
    ifMatch: true,
    success: { status: 200, description: 'The member', schema: Member },
    problems: ['not_found', 'duplicate', 'conflict'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    return updateMember(c.var.db, id, c.req.valid('json'), c.var.write);
  },
);
