import * as z from 'zod';
import { unavailable } from '../../db/errors.ts';
import { schemaVersion } from '../../db/queries/schema-version.ts';
import { SCHEMA_VERSION } from '../../db/schema-version.ts';
import { endpoint } from '../../http/endpoint.ts';
import { plain } from '../../http/respond.ts';

/* Whether the database answers and has every migration that this code was built for. */

export default endpoint(
  {
    name: 'ready',
    tag: 'Meta',
    method: 'get',
    path: '/ready',
    summary: 'Whether the API can serve',
    description: '503 while the database does not answer or a migration is missing.',
    access: 'public',
    success: { status: 200, description: 'It can', schema: z.object({ status: z.literal('ready') }) },
    problems: ['unavailable', 'timeout'],
  },
  async (c) => {
    const version = await schemaVersion(c.var.db);
    if (!version || version < SCHEMA_VERSION) throw unavailable('The database lacks a migration.');
    return plain({ status: 'ready' });
  },
);
