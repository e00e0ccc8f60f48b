import * as z from 'zod';
import { updateTag } from '../../db/queries/tags/update-tag.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { color, guid, tagName } from '../../http/request/schemas.ts';
import { Tag } from '../../http/response/resources.ts';

/* Changes a tag: a merge patch (RFC 7396). The versions of its tasks do not change. */

export default endpoint(
  {
    operationId: 'update-tag',
    method: 'patch',
    path: '/api/v1/tags/:id',
    summary: 'Change a tag',
    description: 'A merge patch: absent keeps, null clears. The versions of its tasks do not change.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({ name: tagName.optional(), color: color.nullable().optional() }),
    example: { color: '#00AA55' },
    ifMatch: true,
    success: { status: 200, description: 'The tag', schema: Tag },
    problems: ['not_found', 'duplicate'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    return updateTag(c.var.db, id, c.req.valid('json'), c.var.write);
  },
);
