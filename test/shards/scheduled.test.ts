import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { examine } from '../../dev/doctor/examine.ts';
import type { Finding } from '../../dev/doctor/finding.ts';
import { migrateAll, ownersOf } from '../../dev/local/migrate-all.ts';
import type { WebhookMessage } from '../../src/config/bindings.ts';
import { purge } from '../../src/scheduled/purge.ts';
import { postByFetch } from '../../src/webhooks/post.ts';
import { depth, handleMessage, sweep } from '../../src/webhooks/queue.ts';
import { useReceiver } from '../support/receiver.ts';
import { moveWhole } from '../support/shards.ts';
import { useShardedApi } from './world.ts';

/* What works for all tenants, in three databases: the purge, deliveries to webhooks, migrations and the doctor. */

const sent: WebhookMessage[] = [];
const queue = { send: async (message: WebhookMessage) => void sent.push(message) };
const api = useShardedApi({ DEVELOPMENT: 'true', WEBHOOK_QUEUE: queue });
const admin = (shard: string) =>
  api.shards.get(shard)?.admin as NonNullable<ReturnType<typeof api.shards.get>>['admin'];

/** What is logged until the test ends, which nobody else reads. */
function logged(): string[] {
  const lines: string[] = [];
  for (const stream of ['log', 'warn', 'error'] as const) {
    const spy = vi.spyOn(console, stream).mockImplementation((line) => void lines.push(String(line)));
    onTestFinished(() => spy.mockRestore());
  }
  return lines;
}

test('the purge goes on in the others where one is down, and says which that is', async () => {
  const lines = logged();
  for (const shard of ['a', 'b', 'c']) {
    await admin(shard).query(`with t as (insert into tenants (name) values ('Trash') returning id)
      insert into projects (tenant_id, name, deleted_at, trash_id)
      select id, 'old', now() - interval '31 days', uuidv7() from t`);
  }
  await api.without('b', async () => {
    await expect(purge(api.bindings)).rejects.toThrow();
  });
  const failed = lines.filter((line) => line.includes('purge_failed')).map((line) => JSON.parse(line).shard);
  expect(new Set(failed)).toEqual(new Set(['b']));
  const left = async (shard: string) => (await admin(shard).query('select from projects')).rowCount;
  expect(await Promise.all(['a', 'b', 'c'].map(left))).toEqual([0, 1, 0]);
  expect(await purge(api.bindings)).toMatchObject({ projects: 1 });
});

test('a deleted tenant waits for one that is down, which is said to be it and is asked for it once; the rest of it is gone', async () => {
  const lines = logged();
  const failed = () => lines.splice(0).flatMap((line) => (/purge_failed/.test(line) ? JSON.parse(line).shard : []));
  const purgeWithout = () => api.without('b', () => expect(purge(api.bindings, undefined, 0)).rejects.toThrow());
  await purgeWithout();
  const before = failed();
  const tenants = [await api.create('a'), await api.create('c'), await api.create('c')];
  for (const tenant of tenants) {
    await api.call('/api/v1/tags', { method: 'POST', body: { name: 'tag' }, tenant });
    await moveWhole(api.shards, tenant, 'b');
    await moveWhole(api.shards, tenant, tenant === tenants[2] ? 'c' : 'a');
    await api.call(`/api/v1/tenants/${tenant}`, { method: 'PATCH', body: { status: 'suspended' } });
    expect((await api.call(`/api/v1/tenants/${tenant}`, { method: 'DELETE' })).status).toBe(202);
  }
  const left = async (shard: string, table = 'tenants', id = 'id') =>
    (await admin(shard).query(`select from ${table} where ${id} = any ($1)`, [tenants])).rowCount;
  await purgeWithout();
  // The first of the two in a finds b down.
  expect(failed()).toEqual([...before, 'b']);
  expect([await left('a'), await left('b'), await left('c')]).toEqual([2, 3, 1]);
  expect([await left('a', 'tags', 'tenant_id'), await left('c', 'tags', 'tenant_id')]).toEqual([0, 0]);
  expect(await purge(api.bindings)).toMatchObject({ tenants: 3 });
  expect([await left('a'), await left('b'), await left('c')]).toEqual([0, 0, 0]);
  expect(await left('a', 'tenant_directory')).toBe(0);
});

test.each([
  [0, ['a', 'b', 'c']],
  [1, ['b', 'c', 'a']],
  [3, ['a', 'b', 'c']],
])('the purge of hour %i comes to %j, so that what is cut off each time begins elsewhere', async (hour, order) => {
  const lines = logged();
  const purgeThen = () => expect(purge(api.bindings, undefined, (hour + 0.5) * 3_600_000)).rejects.toThrow();
  await api.without('a', () => api.without('b', () => api.without('c', purgeThen)));
  const failed = lines.flatMap((line) => (/purge_failed/.test(line) ? JSON.parse(line).shard : []));
  expect([...new Set(failed)]).toEqual(order);
});

describe('webhooks', () => {
  let tenant: string;
  const receiver = useReceiver();
  const options = { post: postByFetch, maxDelaySeconds: 900 };
  const posted = () => receiver.take().map(({ json }) => json.data.resource.name);

  beforeAll(async () => {
    tenant = await api.create('b');
    const body = { url: receiver.url, events: ['*'] };
    expect((await api.call('/api/v1/webhooks', { method: 'POST', body, tenant })).status).toBe(201);
  });

  const change = (name: string) => api.call('/api/v1/tags', { method: 'POST', body: { name }, tenant });

  test('who changes something says in which database, and what is told of another finds nothing', async () => {
    sent.length = 0;
    await change('one');
    await vi.waitFor(() => expect(sent).toEqual([{ tenant_id: tenant, shard: 'b' }]), 10_000);
    await handleMessage(api.bindings, { tenant_id: tenant, shard: 'c' }, options);
    expect(posted()).toEqual([]);
    await handleMessage(api.bindings, sent[0] as WebhookMessage, options);
    expect(posted()).toEqual(['one']);
    // As the release before tells it.
    await change('two');
    await handleMessage(api.bindings, { tenant_id: tenant }, options);
    expect(posted()).toEqual(['two']);
  });

  test('the search finds what is due in each database that is up', async () => {
    const lines = logged();
    await change('three');
    sent.length = 0;
    await api.without('c', async () => {
      await expect(sweep(api.bindings, options)).rejects.toThrow();
    });
    expect(sent).toEqual([{ tenant_id: tenant, shard: 'b' }]);
    expect(lines.filter((line) => line.includes('"shard":"c"') && line.includes('webhooks_failed'))).toHaveLength(1);
  });

  test('what is due is counted in each database that is up, and which are not is logged', async () => {
    const lines = logged();
    const failed = () =>
      lines.splice(0).flatMap((line) => (/webhooks_failed/.test(line) ? JSON.parse(line).shard : []));
    const all = await depth(api.bindings);
    expect([all.due, failed()]).toEqual([1, []]);
    const rest = await api.without('c', () => depth(api.bindings));
    expect([rest.due, failed()]).toEqual([1, ['c']]);
    expect((await api.without('b', () => depth(api.bindings))).due).toBe(0);
    expect(failed()).toEqual(['b']);
    const none = api.without('a', () => api.without('b', () => api.without('c', () => depth(api.bindings))));
    await expect(none).rejects.toThrow();
    expect(failed().sort()).toEqual(['a', 'b', 'c']);
  });

  test('what is due while a tenant is moved, and what is to be tried again, is delivered from its new home', async () => {
    const passOn = () => handleMessage(api.bindings, sent.shift() as WebhookMessage, options);
    const soon = () => (sent[0]?.due ?? 0) - Date.now();
    receiver.answer = (_, response) => response.writeHead(500).end();
    await handleMessage(api.bindings, { tenant_id: tenant, shard: 'b' }, options);
    expect(posted()).toEqual(['three']);
    // To be tried again in 5 s and, if that comes to nothing, in 5 minutes.
    const retry = { ...sent.at(-1), due: 0 } as WebhookMessage;
    await change('four');
    sent.length = 0;
    await moveWhole(api.shards, tenant, 'c', async (doing) => {
      if (!/^(Copying|Arriving)/.test(doing)) return;
      sent.push({ tenant_id: tenant, shard: doing.startsWith('Copying') ? 'b' : 'c' });
      await passOn();
      expect(sent).toEqual([
        { tenant_id: tenant, shard: doing.startsWith('Copying') ? 'b' : 'c', due: expect.any(Number) },
      ]);
      expect(soon()).toBeLessThan(20_000);
      sent.length = 0;
    });

    receiver.answer = (_, response) => response.end();
    sent.push(retry);
    await passOn();
    expect([posted(), sent]).toEqual([[], [{ tenant_id: tenant, shard: 'c' }]]);
    await handleMessage(api.bindings, sent.shift() as WebhookMessage, { ...options, ahead: 6000 });
    expect([posted().sort(), sent]).toEqual([['four', 'three'], []]);
    // A message of one that has come back follows it, and one of a tenant that is nowhere ends.
    await moveWhole(api.shards, tenant, 'b');
    sent.push({ tenant_id: tenant, shard: 'c' });
    await passOn();
    expect(sent).toEqual([{ tenant_id: tenant, shard: 'b' }]);
    sent.length = 0;
    await handleMessage(api.bindings, { tenant_id: randomUUID(), shard: 'b' }, options);
    expect([posted(), sent]).toEqual([[], []]);
  });
});

describe('migrations', () => {
  const owner = (shard: string) => {
    const { port } = admin(shard);
    const { pathname } = new URL(api.shards.get(shard)?.url ?? '');
    return Object.assign(new URL(inject('adminUrl')), { port, pathname }).href;
  };

  test('go on in the others where one fails, and say which', async () => {
    logged();
    const nowhere = 'postgres://nobody:secret@127.0.0.1:1/none';
    // The first of these is there, and so cannot be applied.
    await admin('b').query(`delete from schema_migrations where version >= '20261130200000'`);
    const written: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      const spy = vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
      onTestFinished(() => spy.mockRestore());
    }
    const failed = await migrateAll(
      ownersOf({ OWNER_SHARDS: JSON.stringify({ a: owner('a'), x: nowhere, b: owner('b'), c: owner('c') }) }),
    );
    expect(failed).toEqual(['x', 'b']);
    expect(written.join('')).toMatch(/a: 0 migrations applied[\s\S]*✗ x: [\s\S]*✗ b: [\s\S]*c: 0 migrations applied/);
    expect(written.join('')).not.toContain('secret');
    const { json } = await api.call('/ready');
    expect(json.detail).toBe('b: The database lacks a migration.');
  });

  test.each([
    [{}, undefined, 'Neither OWNER_SHARDS nor DATABASE_URL'],
    [{ OWNER_SHARDS: '{' }, undefined, 'OWNER_SHARDS must be JSON'],
    [{ OWNER_SHARDS: '{"a":"postgres://x/y"}' }, 'b', 'OWNER_SHARDS has no b'],
    [{ DATABASE_URL: 'postgres://x/y' }, 'b', '--only goes with OWNER_SHARDS'],
  ])('%o, --only %s', (environment, only, message) => {
    expect(() => ownersOf(environment, only)).toThrow(message);
  });
});

test('the doctor looks at each, and at what goes together', async () => {
  const here = (shard: string, url = '') => url.replace(/@[^/]+/, `@127.0.0.1:${admin(shard).port}`);
  const [a, b] = ['a', 'b'].map((shard) => here(shard, api.shards.get(shard)?.url));
  const janitor = here('b', api.shards.get('b')?.janitorUrl);
  const environment = {
    PORT: '21290',
    JWT_SECRET: randomUUID().repeat(2),
    SHARDS: JSON.stringify({ a, b }),
    SHARDS_BY_HASH: 'a,x',
    JANITOR_SHARDS: JSON.stringify({ b: janitor }),
  };
  const findings: Finding[] = [];
  for await (const finding of examine('start', environment)) findings.push(finding);
  const texts = (is: Finding['is']) => findings.filter((one) => one.is === is).map(({ text }) => text);
  expect(texts('good')).toEqual(expect.arrayContaining([expect.stringMatching(/^SHARDS a: all \d+ migrations$/)]));
  expect(texts('wrong')).toEqual([
    expect.stringMatching(/^SHARDS b: \d+ of \d+ migrations are missing/),
    'JANITOR_SHARDS lacks a',
    'JANITOR_SHARDS begins with b',
    'SHARDS_BY_HASH has x, which SHARDS has not',
  ]);
});

test('the doctor says which of several databases are not on Cloudflare', async () => {
  const url = (host: string) => `postgres://x:y@${host}/onetrip`;
  const environment = {
    JWT_SECRET: randomUUID().repeat(2),
    SHARDS: JSON.stringify({ a: url('127.0.0.1:1'), b: url('127.0.0.2:1') }),
  };
  const notes: string[] = [];
  for await (const { is, text } of examine('deploy', environment)) if (is === 'note') notes.push(text);
  expect(notes.filter((text) => text.includes('Neon'))).toEqual([
    "SHARDS a: 127.0.0.1 is not Neon's",
    "SHARDS b: 127.0.0.2 is not Neon's",
  ]);
});
