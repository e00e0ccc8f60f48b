import { neonConfig } from '@neondatabase/serverless';

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

/** The same as SQL to read, with parameters as placeholders. */
export async function recordSql(work: () => Promise<unknown>): Promise<string> {
  const statements = await recordStatements(work);
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
