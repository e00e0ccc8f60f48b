import { expect, test, vi } from 'vitest';
import { nodePost } from '../../../src/platform/node/post.ts';
import { WEBHOOK_KEYS } from '../../support/api.ts';
import { useDatabase } from '../../support/database.ts';
import { freePort } from '../../support/free-port.ts';
import { COURIER_ROLE } from '../../support/global-setup.ts';
import { useReceiver } from '../../support/receiver.ts';
import { environmentOf, metricsOf, serverFor, tenantOf } from './support.ts';

/* The server on Node delivers in its own process. */

vi.setConfig({ testTimeout: 60_000 });

const database = useDatabase();
const receiver = useReceiver();

const environment = (metricsPort: number) => ({
  ...environmentOf(database),
  COURIER_DATABASE_URL: `postgres://${COURIER_ROLE}:courier@127.0.0.1:${database.admin.port}/${database.name}`,
  WEBHOOK_KEYS,
  DEVELOPMENT: 'true',
  METRICS_PORT: String(metricsPort),
});

test('delivers at once, again after a failure, and what a server that was killed has left behind', async () => {
  const metricsPort = await freePort();
  const server = await serverFor(environment(metricsPort));
  const call = await tenantOf(database, server);
  const post = async (path: string, body: unknown) =>
    (await call(path, { method: 'POST', body: JSON.stringify(body) })).json();
  const { secret } = await post('/api/v1/webhooks', { url: receiver.url, events: ['tag.*'] });

  receiver.answer = (_, response) => response.writeHead(500).end();
  await post('/api/v1/tags', { name: 'first' });
  const arrived: string[] = [];
  const take = () => {
    for (const received of receiver.take()) arrived.push(receiver.verify(secret, received).data.resource.name);
    return arrived;
  };
  await expect.poll(take, { timeout: 20_000 }).toEqual(['first']);
  receiver.answer = (_, response) => response.end();
  // By its own alarm, five seconds later.
  await expect.poll(take, { timeout: 20_000 }).toEqual(['first', 'first']);
  await expect
    .poll(async () => [...(await metricsOf(metricsPort))].filter(([name]) => name.includes('webhook')))
    .toEqual(
      expect.arrayContaining([
        ['onetrip_webhook_attempts_total{result="arrived"}', 1],
        ['onetrip_webhook_attempts_total{result="failed"}', 1],
        ['onetrip_webhook_deliveries_due', expect.any(Number)],
      ]),
    );

  // Killed while the receiver has the delivery, and has not answered yet.
  receiver.answer = () => {};
  await post('/api/v1/tags', { name: 'second' });
  await expect.poll(take, { timeout: 20_000 }).toEqual(['first', 'first', 'second']);
  await server.end('SIGKILL');
  receiver.answer = (_, response) => response.end();
  // As if the minute were over in which nobody else may try it.
  await database.admin.query(`update webhook_deliveries set next_attempt_at = now() where status = 'pending'`);
  await serverFor(environment(await freePort()));
  await expect.poll(take, { timeout: 20_000 }).toEqual(['first', 'first', 'second', 'second']);
  const statuses = () =>
    database.admin.query('select distinct status from webhook_deliveries').then(({ rows }) => rows);
  await expect.poll(statuses, { timeout: 20_000 }).toEqual([{ status: 'delivered' }]);
});

test('goes to no address of this machine or its network, whatever name leads there', async () => {
  const { port } = new URL(receiver.url);
  const send = (host: string, isLocal: boolean) =>
    nodePost(isLocal)({ url: `http://${host}:${port}/`, headers: {}, body: '{}' }, AbortSignal.timeout(2000));
  await expect(send('localhost', false)).rejects.toMatchObject({ name: 'NotPublicError' });
  expect(receiver.take()).toEqual([]);
  await expect(send('localhost', true)).resolves.toMatchObject({ status: 200 });
  expect(receiver.take()).toHaveLength(1);
});

test.each([[['127.0.0.1']], [['::1']], [['10.0.0.1', '8.8.8.8']], [['8.8.8.8', '127.0.0.1']]])(
  'goes to no public name that has the addresses %j',
  async (addresses) => {
    const asked: string[] = [];
    const post = nodePost(false, (name, _, callback) => {
      asked.push(name);
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    });
    const url = `http://hooks.example.com:${new URL(receiver.url).port}/`;
    const sent = post({ url, headers: {}, body: '{}' }, AbortSignal.timeout(2000));
    await expect(sent).rejects.toMatchObject({ name: 'NotPublicError' });
    expect(asked).toEqual(['hooks.example.com']);
    expect(receiver.take()).toEqual([]);
  },
);
