import { setTimeout as sleep } from 'node:timers/promises';
import type { TestApi, TestTenant } from './api.ts';

/**
 * How many pages PostgreSQL reads, while the API does some work, of the long values of a table, which it stores apart.
 * @param tenant one that asks for something small afterwards: a session tells of its reads a second later at the earliest,
 *   and only when it comes to rest
 */
export async function longTextsRead(
  { database: { admin } }: TestApi,
  tenant: TestTenant,
  table: string,
  work: () => Promise<unknown>,
): Promise<number> {
  const sum = async () => {
    await sleep(1100);
    await tenant.get('/api/v1/tenant');
    await admin.query('select pg_stat_force_next_flush()');
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
