import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { putMe } from '../../db/queries/me/put-me.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { email, name255 } from '../../http/request/schemas.ts';
import { Member } from '../../http/response/people.ts';

/* Makes or changes the caller's own member. */

export default endpoint(
  {
    operationId: 'put-me',
    method: 'put',
    path: '/api/v1/me',
    summary: 'Create or change the caller’s own member',
    description:
      'Of a token it is the member whose subject is the `sub`: without one it is `422`. Of an API key it is the member for whom the key acts: `422` where there is none.',
    access: 'viewer',
    body: z.strictObject({ name: name255, email: email.nullable().default(null) }),
    example: { name: 'Ada Lovelace', email: 'ada@example.com' },
    success: { status: 200, description: 'The member, which was there', schema: Member, made: 'The member, new' },
    problems: ['unprocessable'],
  },
  async (c) => {
    return putMe(c.var.db, { id: uuidv7(), ...c.req.valid('json') }, { ...c.var.write, madeStatus: 201 });
  },
);
