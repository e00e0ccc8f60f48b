import { expect, inject, test } from 'vitest';
import { useApi } from '../support/api.ts';
import { useReceiver } from '../support/receiver.ts';
import { makeWebhook } from './webhooks/webhook-world.ts';

/*
 * In Cloudflare's runtime, by its queue: what a Worker changes, the Worker delivers. The same of the server on Node and of
 * Lambda is in test/platform.
 */

const api = useApi({ delivers: true, bindings: { DEVELOPMENT: 'true' } });
const receiver = useReceiver();

test.runIf(inject('tier') === 'workerd')('the queue carries changes out, and failed ones again', async () => {
  const tenant = await api.tenant();
  const { secret } = await makeWebhook(tenant, { url: receiver.url, events: ['tag.*'] });
  const names: string[] = [];
  const arrived = () => {
    for (const received of receiver.take()) names.push(receiver.verify(secret, received).data.resource.name);
    return names;
  };
  receiver.answer = (_, response) => response.writeHead(302, { Location: `${receiver.url}/elsewhere` }).end();
  await tenant.post('/api/v1/tags', { name: 'first' });
  await expect.poll(arrived, { timeout: 5000 }).toEqual(['first']);
  receiver.answer = (_, response) => response.end('ok');
  await tenant.post('/api/v1/tags', { name: 'second' });
  await expect.poll(arrived, { timeout: 5000 }).toEqual(['first', 'second']);
  // By a message that waited for five seconds.
  await expect.poll(arrived, { timeout: 12_000 }).toEqual(['first', 'second', 'first']);
});
