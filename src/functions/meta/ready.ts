import * as z from 'zod';
import type { Database } from '../../db/client/database.ts';
import { DatabaseError } from '../../db/client/errors.ts';
import { readiness } from '../../db/queries/meta/readiness.ts';
import { SCHEMA_VERSION } from '../../db/schema-version.ts';
import { mapConcurrently } from '../../db/shards/map-concurrently.ts';
import { publicEndpoint } from '../../http/endpoint/public-endpoint.ts';
import { configOf, openDatabase } from '../../http/open-database.ts';
import { problemOf } from '../../http/response/problem-of.ts';
import { okResponse } from '../../http/response/responses.ts';
import { Problem, unavailable } from '../../problem.ts';

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
      '503 while the database does not answer, a migration is missing, or the role of this deployment could bypass row-level security. Of several databases `detail` names the first that is not ready.',
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
    const db = openDatabase(c, await configOf(c), { operationId: 'ready' });
    if (!db.shards) await checkReady(db);
    else {
      const names = [...db.shards.databases.keys()];
      const faults = await mapConcurrently(names, (name) =>
        checkReady(db.at(name)).catch((error) => ({ fault: naming(name, error) })),
      );
      const first = faults.find((outcome) => outcome !== undefined);
      if (first) throw first.fault;
    }
    return okResponse({ status: 'ready' });
  },
);

/** @throws Problem `unavailable`, or DatabaseError */
async function checkReady(db: Database): Promise<void> {
  const found = await readiness(db);
  if (!found?.schemaVersion || found.schemaVersion < SCHEMA_VERSION) {
    throw unavailable('The database lacks a migration.');
  }
  if (found.bypassesRowSecurity)
    throw unavailable('The database role of this deployment is not the one it should have.');
}

/** The problem with the name of the database in it. */
function naming(name: string, error: unknown): unknown {
  const problem = error instanceof DatabaseError ? problemOf(error) : error;
  if (!(problem instanceof Problem)) return error;
  return new Problem(problem.code, `${name}: ${problem.message}`, problem.options);
}
