import { createHash } from 'node:crypto';
import { Database } from '../../src/db/client/database.ts';
import { changesAfterFunction, changesFromBeginFunction } from '../../src/db/queries/changes/list-changes.ts';
import { firstProjectsFunction } from '../../src/db/queries/projects/list-projects.ts';
import { getProjectFunction } from '../../src/db/queries/projects/project-with-tasks.ts';
import type { QueryFunction } from '../../src/db/sql/query-function.ts';

/*
 * The functions that queries are kept as, in SQL: what Kysely compiles, with the values as the function's parameters. The
 * name of a function ends in a digest of what it says. So the release before goes on calling its own functions, and one
 * that a migration has made cannot differ from its source unnoticed.
 */

/**
 * What PostgreSQL is told for the plan of a function. It is a plan for any values, so the limit of a page is not known in it;
 * without bitmap scans, rows come in the order of their index, and a scan ends at the limit instead of sorting all.
 */
export const FUNCTION_SETTINGS = { plan_cache_mode: 'force_generic_plan', enable_bitmapscan: 'off' };

const DEFINITIONS = [
  getProjectFunction,
  firstProjectsFunction,
  changesAfterFunction,
  changesFromBeginFunction,
] as unknown as QueryFunction[];

export interface QueryFunctionSql {
  /** As src knows it. */
  name: string;
  /** In the database. */
  fullName: string;
  /** The query in it. */
  body: string;
  create: string;
  drop: string;
}

/** A value that the caller gives, while the query is built. */
class Parameter {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

export const queryFunctions: QueryFunctionSql[] = DEFINITIONS.map(toSql);

function toSql({ name, parameters, columns, query }: QueryFunction): QueryFunctionSql {
  const types = ['uuid', ...Object.values(parameters)].join(', ');
  const named = ['tenant uuid', ...Object.entries(parameters).map((parameter) => parameter.join(' '))].join(', ');
  const tenantId = new Parameter(1) as unknown as string;
  const db = new Database({ url: 'postgres://none@none/none' }, { tenantId, requestId: '', operationId: name });
  const values = Object.fromEntries(Object.keys(parameters).map((parameter, n) => [parameter, new Parameter(n + 2)]));
  const compiled = query(db, values as never).compile();
  let places = 0;
  const body = compiled.sql.replaceAll(/\$(\d+)/g, (_, number: string) => {
    places++;
    const value = compiled.parameters[Number(number) - 1];
    return value instanceof Parameter ? `$${value.number}` : literal(value);
  });
  if (places !== compiled.parameters.length) throw new Error(`${name}: a literal looks like a parameter.`);
  const signature = (called: string) => `function ${called}(${types})`;
  const returned = columns.map((column) => `"${column}" text`).join(', ');
  const settings = Object.entries(FUNCTION_SETTINGS).map(([setting, to]) => `set ${setting} = ${to}`);
  // A function with settings does not become part of the query that calls it.
  const definition = (called: string) => `create function ${called}(${named}) returns table (${returned})
language sql stable rows 1 ${settings.join(' ')}
begin atomic
${body};
end;`;
  const fullName = `${name}_${createHash('sha256').update(definition(name)).digest('hex').slice(0, 8)}`;
  return {
    name,
    fullName,
    body,
    create: `${definition(fullName)}
revoke execute on ${signature(fullName)} from public;
grant execute on ${signature(fullName)} to onetrip_app;`,
    drop: `drop ${signature(fullName)};`,
  };
}

/** A constant of the query, as SQL spells it. */
function literal(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw new Error(`A query that is kept as a function holds ${JSON.stringify(value)}.`);
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes('\n') ? `e${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}` : quoted;
}

/** A migration that makes functions. */
export function migrationOf(functions: QueryFunctionSql[]): string {
  const limits = `set local lock_timeout = '2s';\nset local statement_timeout = '30s';`;
  return `-- migrate:up

${limits}

-- Written by \`npm run generate\`: queries of src/db/queries, kept as functions, so that their plans are kept as well.
${functions.map(({ create }) => create).join('\n\n')}

-- migrate:down

${limits}

${functions.map(({ drop }) => drop).join('\n')}
`;
}
