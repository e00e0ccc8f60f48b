import pg from 'pg';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Bindings, WebhookMessage } from '../../src/config/bindings.ts';
import { postByFetch } from '../../src/webhooks/post.ts';
import { depth, handleMessage, sweep } from '../../src/webhooks/queue.ts';
import { makeDeliveries, makeWebhook } from '../functions/webhooks/webhook-world.ts';
import { type TestTenant, useApi } from '../support/api.ts';
import { useReceiver } from '../support/receiver.ts';
import { explainGeneric, recordStatements, type Statement } from '../support/sql.ts';

/* What a queue may do to its messages, and what is done about it. */

/** What has been sent to the queue, in place of a queue. */
const sent: (WebhookMessage & { delaySeconds?: number })[] = [];
const queue: Bindings['WEBHOOK_QUEUE'] = {
  send: async (message, options) => {
    sent.push({ ...message, ...options });
  },
};
const api = useApi({ delivers: true, bindings: { DEVELOPMENT: 'true', WEBHOOK_QUEUE: queue } });
const receiver = useReceiver();
const options = { post: postByFetch, timeoutMs: 5000, maxDelaySeconds: 900 };
const names = () => receiver.take().map(({ json }) => json.data.resource.name);
const handle = (message: WebhookMessage | undefined, more = {}) => {
  if (!message) throw new Error('There is no message.');
  return handleMessage(api.bindings, message, { ...options, ...more });
};

let tenant: TestTenant;
let webhook: { id: string };

beforeEach(async () => {
  await api.database.admin.query('delete from webhooks; delete from webhook_outbox');
  tenant = await api.tenant();
  webhook = await makeWebhook(tenant, { url: receiver.url });
  sent.length = 0;
  receiver.take();
  receiver.answer = (_, response) => response.end();
});

test('a change sends one message, which says whose it is and nothing else; what changes nothing sends none', async () => {
  await tenant.post('/api/v1/tags', { name: 'a' });
  expect(sent).toEqual([{ tenant_id: tenant.id }]);
  await tenant.get('/api/v1/tags');
  await tenant.post('/api/v1/tags', { name: 'a' });
  await (await api.tenant()).post('/api/v1/tags', { name: 'of a tenant without webhooks' });
  expect(sent).toHaveLength(1);
});

test('a message that comes twice, or late, delivers nothing twice', async () => {
  await tenant.post('/api/v1/tags', { name: 'a' });
  await Promise.all([handle(sent[0]), handle(sent[0])]);
  await handle(sent[0]);
  expect(names()).toEqual(['a']);
  // Whoever finds somebody else at the outbox has itself told once more, in a second.
  expect(sent.slice(1).map(({ delaySeconds }) => delaySeconds)).toEqual(sent.slice(1).map(() => 2));
});

test('what waits for another delivery costs a claim nothing, however much it is, and goes on in its order', async () => {
  const { admin } = api.database;
  const { json: tag } = await tenant.post('/api/v1/tags', { name: 'v1' });
  await admin.query(
    `insert into webhook_outbox (tenant_id, event, resource_type, resource_id, body, webhook_ids)
     select tenant_id, 'tag.updated', 'tag', resource_id, replace(body, '"v1"', '"v' || v || '"'), webhook_ids
     from webhook_outbox, generate_series(2, 2000) as made (v) where tenant_id = $1`,
    [tenant.id],
  );
  await makeDeliveries(api, tenant);
  receiver.answer = (_, response) => response.writeHead(500).end();
  await handle(sent[0]);
  await tenant.call(`/api/v1/tags/${tag.id}`, { method: 'PATCH', body: { name: 'last' } });
  await handle(sent[0]);
  expect((await depth(api.bindings)).due).toBe(0);

  // A webhook that is resumed, and the statistics of before.
  for (const status of ['paused', 'active']) {
    await tenant.call(`/api/v1/webhooks/${webhook.id}`, { method: 'PATCH', body: { status } });
  }
  receiver.answer = (_, response) => response.end();
  receiver.take();
  const statements = await recordStatements(() => handle(sent[0]));
  expect(names()).toEqual(['v1', 'v2', 'v3', 'v4', 'v5', 'v6']);
  const claim = statements.find(({ query }) => query.includes('"claimed"'));
  const url = new URL(api.bindings.COURIER_DATABASE_URL as string);
  url.host = `127.0.0.1:${admin.port}`;
  const courier = new pg.Client({ connectionString: url.href });
  await courier.connect();
  try {
    for (const analyze of ['', 'analyze webhook_deliveries']) {
      await admin.query(analyze);
      await courier.query('begin');
      await courier.query(`select set_courier_context('webhooks', 'r')`);
      const plan = await explainGeneric(courier, claim as Statement, ', buffers');
      await courier.query('rollback');
      expect(plan['Actual Rows']).toBe(1);
      const claimed = plan.Plans.find((part: Record<string, unknown>) => part['Subplan Name'] === 'CTE claimed');
      expect(claimed['Shared Hit Blocks'] + claimed['Shared Read Blocks']).toBeLessThan(100);
    }
  } finally {
    await courier.end();
  }
});

test('what never came a message for is found, once', async () => {
  const stray = await api.tenant();
  await makeWebhook(stray, { url: receiver.url });
  await stray.post('/api/v1/tags', { name: 'lost' });
  sent.length = 0;
  expect((await depth(api.bindings)).due).toBe(1);
  expect(await sweep(api.bindings, options)).toBe(1);
  expect(sent).toEqual([{ tenant_id: stray.id }]);
  await handle(sent[0]);
  expect(names()).toEqual(['lost']);
  expect(await sweep(api.bindings, options)).toBe(0);
  expect(await depth(api.bindings)).toEqual({ due: 0, oldest: 0 });
});

test('without a queue the search delivers itself', async () => {
  await tenant.post('/api/v1/tags', { name: 'a' });
  const { WEBHOOK_QUEUE: _, ...bindings } = api.bindings;
  await sweep(bindings, options);
  expect(names()).toEqual(['a']);
});

test('a queue that is down fails no request', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const send = vi.spyOn(queue as NonNullable<typeof queue>, 'send').mockRejectedValue(new Error('down'));
  expect((await tenant.post('/api/v1/tags', { name: 'a' })).status).toBe(201);
  await expect.poll(() => warn.mock.calls.flat().join()).toContain('webhook_queue_failed');
  send.mockRestore();
  warn.mockRestore();
});

test('what failed has a message that waits, in steps where the queue cannot wait so long', async () => {
  receiver.answer = (_, response) => response.writeHead(500).end();
  await tenant.post('/api/v1/tags', { name: 'a' });
  await handle(sent.shift());
  expect(sent.map(({ delaySeconds }) => delaySeconds)).toEqual([6]);
  await handle(sent.shift(), { ahead: 6000 });
  // Not yet: it was asked for 5 s later.
  expect(receiver.take()).toHaveLength(1);
  expect(sent).toHaveLength(1);
  // Nor half a second before.
  await handle({ tenant_id: tenant.id, due: Date.now() + 500 }, { ahead: 6000 });
  expect(sent.pop()?.delaySeconds).toBe(2);
  expect(sent).toMatchObject([{ tenant_id: tenant.id, due: expect.any(Number) }]);
  await handle({ tenant_id: tenant.id }, { ahead: 6000 });
  expect(sent.slice(1).map(({ delaySeconds }) => delaySeconds)).toEqual([301, 6]);

  const due = Date.now() + 7_200_000;
  sent.length = 0;
  await handle({ tenant_id: tenant.id, due });
  expect(sent).toEqual([{ tenant_id: tenant.id, due, delaySeconds: 900 }]);
});
