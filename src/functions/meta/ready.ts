import * as z from 'zod';
import { readiness } from '../../db/queries/meta/readiness.ts';
import { SCHEMA_VERSION } from '../../db/schema-version.ts';
import { publicEndpoint } from '../../http/endpoint/public-endpoint.ts';
import { configOf, openDatabase } from '../../http/open-database.ts';
import { okResponse } from '../../http/response/responses.ts';
import { unavailable } from '../../problem.ts';

/*
 * Whether the database answers, has every migration that this code was built for, and holds this deployment's role to
 * row-level security: with a role that could bypass it, a mistake in one query would show one tenant to another.
 */

export default publicEndpoint(
  {
    operationId: 'ready',
    method: 'get',
    path: '/ready',
    summary: 'Whether the API can serve',
    description:
      '503 while the database does not answer, a migration is missing, or the role of this deployment could bypass row-level security.',
    access: 'public',
    success: {
      status: 200,
      description: 'The API can serve',
      schema: z
        .object({ status: z.literal('ready').meta({ description: 'Always `ready`.' }) })
        .meta({ id: 'Readiness', description: 'That the API can serve.' }),
    },
    problems: ['unavailable', 'timeout'],
  },
  async (c) => {
    const found = await readiness(openDatabase(c, await configOf(c), { operationId: 'ready' }));
    if (!found?.schemaVersion || found.schemaVersion < SCHEMA_VERSION) {
      throw unavailable('The database lacks a migration.');
    }
    if (found.bypassesRowSecurity)
      throw unavailable('The database role of this deployment is not the one it should have.');
    return okResponse({ status: 'ready' });
  },
);
