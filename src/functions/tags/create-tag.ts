import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { createTag } from '../../db/queries/tags/create-tag.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { color, tagName } from '../../http/request/schemas.ts';
import { Tag } from '../../http/response/resources.ts';

/* Makes a tag. Its name is unique in the tenant, whatever its case and Unicode form. */

export default endpoint(
  {
    operationId: 'create-tag',
    method: 'post',
    path: '/api/v1/tags',
    summary: 'Create a tag',
    description: 'The name is unique in the tenant, whatever its case and Unicode form: otherwise `409`.',
    access: 'member',
    body: z.strictObject({ name: tagName, color: color.nullable().default(null) }),
    example: { name: 'design', color: '#7A5CFF' },
    success: { status: 201, description: 'The tag', schema: Tag },
    problems: ['duplicate'],
  },
  async (c) => {
    const tag = c.req.valid('json');
    const id = uuidv7();
    return createTag(c.var.db, { id, ...tag }, { ...c.var.write, location: `/api/v1/tags/${id}` });
  },
);
