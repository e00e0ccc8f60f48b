import * as z from 'zod';
import { readAnswer } from '../../db/client/representation.ts';
import { oneTag } from '../../db/queries/tags/one-tag.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { entityTags } from '../../http/request/preconditions.ts';
import { guid } from '../../http/request/schemas.ts';
import { Tag } from '../../http/response/resources.ts';
import { notFound, ok } from '../../http/response/responses.ts';

/* One tag. */

export default endpoint(
  {
    name: 'get-tag',
    tag: 'Tags',
    method: 'get',
    path: '/api/v1/tags/:id',
    summary: 'Get a tag',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    success: { status: 200, description: 'The tag', schema: Tag },
    problems: ['not_found'],
  },
  async (c) => {
    const answer = await readAnswer(c.var.db, oneTag(c.var.db, c.req.valid('param').id), {
      ifNoneMatch: entityTags(c.req.header('If-None-Match')),
    });
    if (!answer) throw notFound('tag');
    return ok(answer);
  },
);
