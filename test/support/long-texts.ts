import { setTimeout as sleep } from 'node:timers/promises';
import type { TestApi } from './api.ts';

/**
 * How many pages PostgreSQL reads, while the API does some work, of the long values of a table, which it stores apart.
 * A session tells the statistics of its pages at most once a second, and all of them when it ends: so before each count
 * the idle sessions of the API are ended (it opens others when it needs them) and ours tells what it has. Autovacuum reads
 * the long values too, and whenever it likes: so it is turned off for the table, and waited for where it already runs.
 */
export async function longTextsRead(
  { database: { admin } }: TestApi,
  table: string,
  work: () => Promise<unknown>,
): Promise<number> {
  const sum = async () => {
    await admin.query('select pg_stat_force_next_flush()');
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
  const autovacuumRuns = async () => {
    const { rowCount } = await admin.query(
      `select from pg_stat_activity where datname = current_database() and backend_type = 'autovacuum worker'`,
    );
    return rowCount !== 0;
  };
  await admin.query(`alter table ${table} set (autovacuum_enabled = off, toast.autovacuum_enabled = off)`);
  while (await autovacuumRuns()) await sleep(100);
  const before = await sum();
  await work();
  return (await sum()) - before;
}
