import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { neonDriver } from '../../../src/db/client/drivers/neon.ts';
import { pgDriver } from '../../../src/db/client/drivers/pg.ts';
import { useDatabase } from '../../support/database.ts';
import { failure, startTap, superuserUrl } from './pg-support.ts';

/* How src/db/client/drivers/pg.ts tells a sharding proxy whose rows a batch is about. */

const database = useDatabase();
const shardingKey = 'pgdog.sharding_key';

/** A driver for such a proxy, for which PostgreSQL itself stands here: to it the setting means nothing. */
async function proxied() {
  const tap = await startTap(database.admin.port);
  const driver = pgDriver({ url: superuserUrl(database, tap.port), shardingKey });
  const run = (sql: string, tenantId: string | undefined, readOnly = false) =>
    driver.batch([{ sql, parameters: [] }], { readOnly, tenantId, signal: AbortSignal.timeout(10_000) });
  return { tap, run };
}

const CURRENT = `select current_setting('pgdog.sharding_key', true) as key`;

test('by a statement of its own, right after BEGIN and in the same write, which is not kept prepared', async () => {
  const { tap, run } = await proxied();
  const [one, other] = [randomUUID(), randomUUID()];
  expect(await run(CURRENT, one, true)).toEqual([[{ key: one }]]);
  tap.writes.length = 0;
  tap.bytes.length = 0;
  // The rows of what was asked alone come back.
  expect(await run(CURRENT, other, true)).toEqual([[{ key: other }]]);
  expect(tap.writes).toEqual(['BDEPBDEBDESQ']);
  expect(tap.bytes.join()).toContain(`\0set local pgdog.sharding_key to '${other}'\0`);
  expect(tap.bytes.join()).not.toContain(one);
});

test('of a write and of a dry run too, and of what is sent once more because a statement had become useless', async () => {
  const { tap, run } = await proxied();
  const id = randomUUID();
  await run('create table keyed (a int)', id);
  await run('table keyed', id);
  await database.admin.query('alter table keyed add column b int');
  tap.bytes.length = 0;
  expect(await run('table keyed', id)).toEqual([[]]);
  expect(tap.bytes.filter((sent) => sent.includes(`to '${id}'`))).toHaveLength(2);
});

test.each([
  ['no tenant', undefined],
  ['what is no id', `00000000-0000-0000-0000-000000000000'; drop table tasks; --`],
  ['an id with more after it', `00000000-0000-0000-0000-000000000000\n`],
])('a batch of %s is not sent', async (_, tenantId) => {
  const { tap, run } = await proxied();
  await run('select 1', randomUUID());
  tap.writes.length = 0;
  expect(await failure(run('select 1', tenantId))).toMatchObject({
    message: expect.stringContaining('without a tenant'),
  });
  expect(tap.writes).toEqual([]);
});

test('Neon’s driver, which cannot tell it, refuses to be opened for such a proxy', () => {
  expect(() => neonDriver({ url: 'postgres://a:b@localhost/c', shardingKey })).toThrow(
    'SHARDING_KEY is for Node and Lambda',
  );
});
