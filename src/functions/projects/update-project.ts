import * as z from 'zod';
import { updateProject } from '../../db/queries/projects/update-project.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { description, guid, metadataPatch, name255, projectStatus } from '../../http/request/schemas.ts';
import { Project } from '../../http/response/resources.ts';

/* Changes a project: a merge patch (RFC 7396). What changes nothing leaves version, updated_at and audit log alone. */

export default endpoint(
  {
    operationId: 'update-project',
    method: 'patch',
    path: '/api/v1/projects/:id',
    summary: 'Change a project',
    description: 'A merge patch: absent keeps, null clears, `metadata` is merged.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({
      name: name255.optional(),
      description: description.optional(),
      status: projectStatus.optional(),
      metadata: metadataPatch.optional(),
    }),
    example: { status: 'archived', metadata: { archived_by: 'the office' } },
    ifMatch: true,
    success: { status: 200, description: 'The project, as the list shows it', schema: Project },
    problems: ['not_found'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    return updateProject(c.var.db, id, c.req.valid('json'), c.var.write);
  },
);
