import { neonConfig } from '@neondatabase/serverless';
import { queryFunctions } from '../../dev/build/query-functions.ts';

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
    return fetch(url, init);
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
