import type { TestApi } from './api.ts';

/**
 * How many pages PostgreSQL reads, while the API does some work, of the long values of a table, which it stores apart.
 * A session tells the statistics of its reads late, and of all of them when it ends: so the idle sessions of the API are
 * ended before each count. It opens others when it needs them.
 */
export async function longTextsRead(
  { database: { admin } }: TestApi,
  table: string,
  work: () => Promise<unknown>,
): Promise<number> {
  const sum = async () => {
    await admin.query(
      `select pg_terminate_backend(pid, 10000) from pg_stat_activity
       where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    const { rows } = await admin.query(
      'select toast_blks_hit + toast_blks_read as pages from pg_statio_user_tables where relname = $1',
      [table],
    );
    return Number(rows[0].pages);
  };
  const before = await sum();
  await work();
  return (await sum()) - before;
}
