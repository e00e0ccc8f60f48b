import { beforeEach, describe, expect, test, vi } from 'vitest';
import { readCourierConfig } from '../../src/config/courier.ts';
import { nodePost } from '../../src/platform/node/post.ts';
import { deliverTenant, RETRY_SECONDS } from '../../src/webhooks/deliver.ts';
import { postByFetch } from '../../src/webhooks/post.ts';
import { makeWebhook } from '../functions/webhooks/webhook-world.ts';
import { type TestTenant, useApi } from '../support/api.ts';
import { useReceiver } from '../support/receiver.ts';

/* Delivering, with a receiver that does what receivers do, and a clock that is ahead of the database's. */

const api = useApi({ delivers: true, bindings: { DEVELOPMENT: 'true' } });
const receiver = useReceiver();

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects, and fails where that is not there
let hook: any;
let tenant: TestTenant;
/** How far the clock is ahead (ms). */
let ahead = 0;

const run = (options = {}) =>
  deliverTenant(readCourierConfig(api.bindings), tenant.id, {
    post: nodePost(true),
    ahead,
    timeoutMs: 5000,
    ...options,
  });
const pass = (seconds: number) => {
  ahead += seconds * 1000;
};
const newTag = async (name: string) => (await tenant.post('/api/v1/tags', { name })).json.id as string;
const rename = (id: string, name: string) => tenant.call(`/api/v1/tags/${id}`, { method: 'PATCH', body: { name } });
const patchHook = (body: unknown) => tenant.call(`/api/v1/webhooks/${hook.id}`, { method: 'PATCH', body });
const deliveries = async (query = '') =>
  (await tenant.get(`/api/v1/webhooks/${hook.id}/deliveries?limit=100${query}`)).json.data;
const webhook = async () => (await tenant.get(`/api/v1/webhooks/${hook.id}`)).json;
const names = () => receiver.take().map(({ json }) => json.data.resource.name ?? json.type);

beforeEach(async () => {
  ahead = 0;
  receiver.take();
  receiver.answer = (_, response) => response.end('ok');
  tenant = await api.tenant();
  hook = await makeWebhook(tenant, { url: `${receiver.url}/hook` });
});

test('signs as Standard Webhooks says, and notes what came of it', async () => {
  const id = await newTag('first');
  expect(await run()).toMatchObject({ arrived: 1, failed: 0, again: new Set() });
  const [received, ...more] = receiver.take();
  expect(more).toEqual([]);
  if (!received) throw new Error('nothing has arrived');
  expect(receiver.verify(hook.secret, received)).toMatchObject({ type: 'tag.created', data: { resource: { id } } });
  expect(() => receiver.verify(hook.secret, { ...received, body: `${received.body} ` })).toThrow();
  expect(received.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'Onetrip-Webhooks/1' });
  const [delivery] = await deliveries();
  expect(delivery).toMatchObject({
    ...{ id: received.headers['webhook-id'], event: 'tag.created', resource_id: id, attempt: 1, status: 'delivered' },
    ...{ http_status: 200, response: 'ok', error: null, next_attempt_at: null, ms: expect.any(Number) },
  });
  expect((await webhook()).last_delivery).toEqual({ at: expect.any(String), status: 'delivered' });
  expect(await run()).toMatchObject({ arrived: 0, failed: 0 });
});

test('after a rotation both secrets sign for a day, then the new one alone', async () => {
  const { json } = await tenant.call(`/api/v1/webhooks/${hook.id}/rotate-secret`, { method: 'POST' });
  expect(json.secret).not.toBe(hook.secret);
  await newTag('first');
  await run();
  const [both] = receiver.take();
  for (const secret of [hook.secret, json.secret]) expect(receiver.verify(secret, both as never)).toBeTruthy();
  await newTag('second');
  pass(24 * 3600 + 1);
  await run();
  const [one] = receiver.take();
  expect(receiver.verify(json.secret, one as never)).toBeTruthy();
  expect(() => receiver.verify(hook.secret, one as never)).toThrow();
});

describe('what is no 2xx is tried again, the same', () => {
  test.each([
    ['500', (_: unknown, response: import('node:http').ServerResponse) => response.writeHead(500).end('oh')],
    [
      'a redirect',
      (_: unknown, response: import('node:http').ServerResponse) => response.writeHead(302, { Location: '/' }).end(),
    ],
    ['a reset', (_: unknown, response: import('node:http').ServerResponse) => response.socket?.resetAndDestroy()],
    ['no answer', () => {}],
  ])('%s', async (name, answer) => {
    receiver.answer = answer as never;
    await newTag('first');
    // Time enough for whoever answers, also where the machine is busy.
    const timeoutMs = name === 'no answer' ? 300 : 5000;
    const again = new Set(name === 'no answer' ? [5, 0] : [5]);
    expect(await run({ timeoutMs })).toMatchObject({ arrived: 0, failed: 1, again, resting: [hook.id] });
    const [first, ...more] = receiver.take();
    // Not the place of the redirect either.
    expect(more).toEqual([]);
    const [failed] = await deliveries();
    expect(failed).toMatchObject({ status: 'failed', attempt: 1 });
    expect(failed.http_status === null ? failed.error : failed.http_status).toBeTruthy();
    receiver.answer = (_, response) => response.end();
    pass(4);
    expect((await run()).arrived).toBe(0);
    pass(1.1);
    expect((await run()).arrived).toBe(1);
    const [second] = receiver.take();
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  });

  test.each([
    ['Node', nodePost(true)],
    ['fetch', postByFetch],
  ])('an answer that has begun counts when its time is over, by %s', async (_, post) => {
    receiver.answer = (_, response) => response.writeHead(200).write('thanks');
    await newTag('first');
    expect((await run({ post, timeoutMs: 1000 })).arrived).toBe(1);
    expect((await deliveries())[0]).toMatchObject({ http_status: 200, response: 'thanks' });
  });

  test.each([
    ['Node', nodePost(true)],
    ['fetch', postByFetch],
  ])('an answer without end is cut off at 1 KiB, by %s', async (_, post) => {
    receiver.answer = (_, response) => {
      response.writeHead(200);
      const more = () => response.write('ä'.repeat(700)) && setTimeout(more, 5);
      more();
    };
    await newTag('first');
    expect((await run({ post, timeoutMs: 1000 })).arrived).toBe(1);
    const [{ response }] = await deliveries();
    expect(Buffer.byteLength(response)).toBe(1024);
  });
});

test('is tried by the table for three days, and then paused without loss until somebody resumes it', async () => {
  receiver.answer = (_, response) => response.writeHead(503).end('later');
  const id = await newTag('first');
  await rename(id, 'second');
  await run();
  const tried = [];
  for (const seconds of RETRY_SECONDS) {
    tried.push(...names());
    expect((await webhook()).status).toBe('active');
    pass(seconds - 1);
    expect((await run()).failed).toBe(0);
    pass(1.1);
    expect((await run()).failed).toBe(1);
  }
  expect([...tried, ...names()]).toEqual(Array(10).fill('first'));
  expect(await webhook()).toMatchObject({
    status: 'paused',
    paused_reason: '10 attempts at a delivery were in vain. The last one was answered 503.',
    version: 2,
    last_delivery: { status: 'failed' },
  });
  const { json: log } = await tenant.get('/api/v1/audit-log?resource_type=webhook&action=update');
  expect(log.data[0]).toMatchObject({ actor: 'webhooks', changes: { status: ['active', 'paused'] } });

  receiver.answer = (_, response) => response.end();
  await rename(id, 'third');
  pass(10 * 86_400);
  expect(await run()).toMatchObject({ arrived: 0, failed: 0 });
  expect((await patchHook({ status: 'active' })).json).toMatchObject({ status: 'active', paused_reason: null });
  expect((await run()).arrived).toBe(3);
  expect(names()).toEqual(['first', 'second', 'third']);
});

test('410 pauses it at once', async () => {
  receiver.answer = (_, response) => response.writeHead(410).end();
  await newTag('first');
  await run();
  expect(await webhook()).toMatchObject({ status: 'paused', paused_reason: 'The receiver has answered 410 Gone.' });
  receiver.answer = (_, response) => response.end();
  await newTag('second');
  await patchHook({ status: 'active' });
  expect((await run()).arrived).toBe(2);
});

test('changes of one resource arrive in their order, whichever is in vain; others do not wait for them', async () => {
  const [a, b] = [await newTag('a1'), await newTag('b1')];
  await rename(a, 'a2');
  await rename(b, 'b2');
  await rename(a, 'a3');
  receiver.answer = ({ json }, response) => response.writeHead(json.data.resource.name === 'a1' ? 500 : 200).end();
  // The webhook rests in this run once something has failed.
  await run();
  expect(names().sort()).toEqual(['a1', 'b1']);
  await run();
  expect(names()).toEqual(['b2']);
  receiver.answer = (_, response) => response.end();
  pass(5.1);
  await run();
  expect(names()).toEqual(['a1', 'a2', 'a3']);
});

test('a receiver that hangs holds up no other webhook for longer than one answer', async () => {
  const slow = await makeWebhook(tenant, { url: `${receiver.url}/slow` });
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) await newTag(name);
  receiver.answer = ({ path }, response) => path === '/slow' || response.end();
  const start = performance.now();
  // The run ends there, so that another tenant has its turn; the next one leaves out what hangs.
  const first = await run({ timeoutMs: 1000 });
  expect(first).toMatchObject({ resting: [slow.id], again: new Set([5, 0]) });
  const second = await run({ except: first.resting });
  expect([first.arrived + second.arrived, second.failed, second.again]).toEqual([8, 0, new Set()]);
  expect(performance.now() - start).toBeLessThan(10_000);
  expect((await tenant.get(`/api/v1/webhooks/${slow.id}`)).json.last_delivery.status).toBe('failed');
});

test('a webhook whose answers are slow rests after each', async () => {
  for (const name of 'abcdefg') await newTag(name);
  receiver.answer = (_, response) => setTimeout(() => response.end(), 2100);
  expect(await run()).toMatchObject({ arrived: 5, failed: 0, again: new Set([1]), resting: [hook.id] });
});

test('a run ends after six rounds, and says that there may be more', async () => {
  for (let n = 0; n < 31; n++) await newTag(`tag ${n}`);
  expect(await run()).toMatchObject({ arrived: 30, again: new Set([0]), resting: [] });
  expect(await run()).toMatchObject({ arrived: 1, again: new Set() });
});

test('a delivery can be sent again, with the same id, and a webhook tested', async () => {
  await newTag('first');
  await run();
  const [first] = receiver.take();
  const [{ id }] = await deliveries();
  const again = await tenant.call(`/api/v1/webhooks/${hook.id}/deliveries/${id}/redeliver`, { method: 'POST' });
  expect(again).toMatchObject({ status: 202, json: { id, status: 'pending', attempt: 0 } });
  await run();
  expect(receiver.take()).toMatchObject([{ body: first?.body, headers: { 'webhook-id': id } }]);

  const { status, json } = await tenant.call(`/api/v1/webhooks/${hook.id}/test`, { method: 'POST' });
  expect([status, json.event]).toEqual([202, 'webhook.test']);
  await run();
  const [sent] = receiver.take();
  expect(receiver.verify(hook.secret, sent as never)).toMatchObject({
    type: 'webhook.test',
    data: { resource_type: 'webhook', resource: { id: hook.id, url: hook.url }, changes: {}, actor: 'tester' },
  });
});

test('a courier that is killed between delivery and its record has it delivered again, and nothing is lost', async () => {
  for (const name of ['a', 'b', 'c']) await newTag(name);
  // What has been sent never comes back to whoever sent it.
  const post = nodePost(true);
  const killed = run({
    post: async (...sent: Parameters<typeof post>) => post(...sent).then(() => new Promise(() => {})),
  });
  await expect.poll(() => receiver.take.length >= 0 && deliveries('&status=pending')).toHaveLength(3);
  await expect.poll(async () => (await deliveries())[0].attempt).toBe(1);
  void killed;
  pass(30);
  expect((await run()).arrived).toBe(0);
  pass(31);
  expect((await run()).arrived).toBe(3);
  const ids = receiver.take().map(({ headers }) => headers['webhook-id']);
  // Each has come twice, by which the receiver can tell.
  expect([ids.length, new Set(ids).size]).toEqual([6, 3]);
});

test('several couriers at once deliver each change once', async () => {
  for (let n = 0; n < 12; n++) await newTag(`tag ${n}`);
  const done = await Promise.all([run(), run(), run()]);
  expect(done.reduce((sum, { arrived }) => sum + arrived, 0)).toBe(12);
  expect(new Set(names()).size).toBe(12);
});

test('a suspended tenant’s deliveries wait', async () => {
  await newTag('first');
  await tenant.setStatus('suspended');
  expect((await run()).arrived).toBe(0);
  await tenant.setStatus('active');
  expect((await run()).arrived).toBe(1);
});

test('a secret that no key opens uses up no attempt, is in the log, and holds up no other webhook', async () => {
  const other = await makeWebhook(tenant, { url: `${receiver.url}/other` });
  const { rows } = await api.database.admin.query('select id, sealed from webhook_secrets where webhook_id = $1', [
    hook.id,
  ]);
  const seal = (sealed: string) =>
    api.database.admin.query('update webhook_secrets set sealed = $2 where id = $1', [rows[0].id, sealed]);
  await seal('lost.AAAA');
  await newTag('first');
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(await run()).toMatchObject({ arrived: 1, failed: 0, again: new Set([60]), resting: [hook.id] });
  expect(error.mock.calls.flat().join()).toContain(`"webhook_id":"${hook.id}"`);
  error.mockRestore();
  expect(receiver.take()).toMatchObject([{ path: '/other' }]);
  expect((await deliveries())[0]).toMatchObject({ status: 'pending', attempt: 0, error: null });
  await seal(rows[0].sealed);
  pass(61);
  expect((await run()).arrived).toBe(1);
  expect((await tenant.get(`/api/v1/webhooks/${other.id}`)).json.last_delivery.status).toBe('delivered');
});
