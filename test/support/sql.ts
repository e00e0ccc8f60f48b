import { neonConfig } from '@neondatabase/serverless';

/**
 * The SQL that a piece of work sends: every statement of every batch, with its parameters as placeholders. Requests
 * go out as they are; only a copy is kept.
 */
export async function recordSql(work: () => Promise<unknown>): Promise<string> {
  const statements: string[] = [];
  const original = neonConfig.fetchFunction;
  neonConfig.fetchFunction = (url: string, init: RequestInit) => {
    const { queries } = JSON.parse(String(init.body)) as { queries: { query: string }[] };
    statements.push(...queries.map(({ query }) => query));
    return fetch(url, init);
  };
  try {
    await work();
  } finally {
    neonConfig.fetchFunction = original;
  }
  return `${statements.map((statement) => `${layOut(statement)};`).join('\n\n')}\n`;
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
