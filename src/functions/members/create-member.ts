import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { createMember } from '../../db/queries/members/create-member.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { email, memberStatus, name255, subject } from '../../http/request/schemas.ts';
import { Member } from '../../http/response/people.ts';

/* Makes a member: somebody who can be assigned, mentioned and shown by name. What that person may do, tokens say. */

export default endpoint(
  {
    operationId: 'create-member',
    method: 'post',
    path: '/api/v1/members',
    summary: 'Create a member',
    description: 'Who has a token can do it too, with `PUT /me`.',
    access: 'admin',
    body: z.strictObject({
      name: name255,
      email: email.nullable().default(null),
      subject: subject
        .nullable()
        .default(null)
        .meta({ description: 'The `sub` of this person’s tokens; null for somebody who never signs in.' }),
      status: memberStatus.default('active'),
    }),
    example: { name: 'Ada Lovelace', email: 'ada@example.com', subject: 'ada' },
    success: { status: 201, description: 'The member', schema: Member },
    problems: ['duplicate'],
  },
  async (c) => {
    const member = c.req.valid('json');
    const id = uuidv7();
    return createMember(c.var.db, { id, ...member }, { ...c.var.write, location: `/api/v1/members/${id}` });
  },
);
