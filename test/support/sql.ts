import { neonConfig } from '@neondatabase/serverless';
import { type ClientBase, escapeLiteral } from 'pg';
import { FUNCTION_SETTINGS, queryFunctions } from '../../dev/build/query-functions.ts';

export interface Statement {
  query: string;
  params: unknown[];
}

/**
 * Every statement of every batch that a piece of work sends to the database. Requests go out as they are; only a copy
 * is kept.
 */
export async function recordStatements(work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  const original = neonConfig.fetchFunction;
  neonConfig.fetchFunction = (url: string, init: RequestInit) => {
    statements.push(...(JSON.parse(String(init.body)) as { queries: Statement[] }).queries);
    return original(url, init);
  };
  try {
    await work();
  } finally {
    neonConfig.fetchFunction = original;
  }
  return statements;
}

/** The query that a statement runs, where it calls a function that a query is kept as. */
export function insideFunction({ query, params }: Statement): Statement {
  const called = queryFunctions.find(({ fullName }) => query.includes(fullName));
  return { query: called?.body ?? query, params };
}

/**
 * The plan with which a statement runs in a tenant's batch, as EXPLAIN tells it: the one for any values. EXPLAIN alone would
 * plan for the values at hand, so the statement is prepared, and the execution explained.
 * @param client in a transaction that `set_tenant_context()` has entered
 * @param options of EXPLAIN, besides ANALYZE
 */
export async function explainGeneric(client: ClientBase, statement: Statement, options = '') {
  const { query, params } = insideFunction(statement);
  for (const [setting, to] of query === statement.query ? [] : Object.entries(FUNCTION_SETTINGS)) {
    await client.query('select set_config($1, $2, true)', [setting, to]);
  }
  await client.query(`prepare explained as ${query}`);
  try {
    const values = params.map((value) => literalOf(value)).join(', ');
    const { rows } = await client.query(
      `explain (analyze, format json${options}) execute explained${values ? `(${values})` : ''}`,
    );
    return rows[0]['QUERY PLAN'][0].Plan;
  } finally {
    await client.query('deallocate explained');
  }
}

/** A parameter as Neon's driver sends it, which is text or null, as a literal. */
function literalOf(value: unknown): string {
  return value === null ? 'null' : escapeLiteral(String(value));
}

/** The same as SQL to read, with parameters as placeholders, and with the queries inside of functions. */
export async function recordSql(work: () => Promise<unknown>): Promise<string> {
  const statements = (await recordStatements(work)).map(insideFunction);
  return `${statements.map(({ query }) => `${layOut(query)};`).join('\n\n')}\n`;
}

/** A line for each clause, so that a change of one shows as one in a diff. */
function layOut(statement: string): string {
  return statement
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(
      / (with|select|from|where|and|inner join|left join|order by|limit|offset|insert|update|set|values|on conflict|returning|union all) /g,
      '\n$1 ',
    );
}

/** Takes the tenant predicates out of every statement on its way. Returns what puts them back. */
export function stripPredicates(): () => void {
  const original = neonConfig.fetchFunction;
  neonConfig.fetchFunction = (url: string, init: RequestInit) => {
    const predicate = /((\\"|\b)\w+(\\"|\b)\.)?(\\"|\b)tenant_id(\\"|\b) = (\$\d+)/g;
    // A query that is kept as a function is sent as it is inside, for its predicates are there.
    const { queries } = JSON.parse(String(init.body)) as { queries: Statement[] };
    const body = JSON.stringify({ queries: queries.map((one) => ({ ...one, ...insideFunction(one) })) });
    return original(url, { ...init, body: body.replaceAll(predicate, '$6::uuid is not null') });
  };
  return () => {
    neonConfig.fetchFunction = original;
  };
}
