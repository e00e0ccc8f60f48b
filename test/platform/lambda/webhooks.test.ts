import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import createTag from '../../../src/functions/tags/create-tag.ts';
import { deliveriesHandler } from '../../../src/platform/lambda/deliveries.ts';
import { lambdaHandler } from '../../../src/platform/lambda/handler.ts';
import { makeWebhook } from '../../functions/webhooks/webhook-world.ts';
import { useApi } from '../../support/api.ts';
import { httpEvent } from '../../support/lambda.ts';
import { useReceiver } from '../../support/receiver.ts';

/* On Lambda SQS carries changes out. It is stood in for here, by what its JSON protocol says of SendMessage. */

const api = useApi({ delivers: true, bindings: { DEVELOPMENT: 'true' } });
const receiver = useReceiver();
const sent: { headers: Record<string, unknown>; body: Record<string, unknown> }[] = [];
let queueUrl = '';

const sqs = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  // So that a function that did not wait would be over before.
  setTimeout(() => {
    sent.push({ headers: request.headers, body: JSON.parse(text) });
    response.setHeader('Content-Type', 'application/x-amz-json-1.0').end('{"MessageId":"1"}');
  }, 100);
});

beforeAll(async () => {
  await once(sqs.listen(0, '127.0.0.1'), 'listening');
  queueUrl = `http://127.0.0.1:${(sqs.address() as AddressInfo).port}/123456789012/onetrip`;
  process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  process.env.AWS_REGION = 'eu-central-1';
});
afterAll(() => {
  sqs.close();
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION']) delete process.env[name];
});

test('a function tells the queue before it ends, and another one delivers what the message is of', async () => {
  const tenant = await api.tenant();
  const { secret } = await makeWebhook(tenant, { url: receiver.url });
  const bindings = { ...api.bindings, WEBHOOK_QUEUE_URL: queueUrl };
  const url = 'https://api.example.com/api/v1/tags';
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${await tenant.token()}` };
  const init = { method: 'POST', headers, body: '{"name": "first"}' };
  const event = await httpEvent(new Request(url, init), url, init);
  expect((await lambdaHandler(createTag as never, bindings)(event)).statusCode).toBe(201);
  expect(sent).toHaveLength(1);
  const { headers: signed, body } = sent[0] as (typeof sent)[number];
  expect(body).toMatchObject({
    QueueUrl: queueUrl,
    MessageBody: JSON.stringify({ tenant_id: tenant.id }),
    DelaySeconds: 0,
  });
  expect(signed).toMatchObject({
    'x-amz-target': 'AmazonSQS.SendMessage',
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/sqs\/aws4_request/,
    ),
  });

  const deliver = deliveriesHandler(bindings);
  receiver.answer = (_, response) => response.writeHead(500).end();
  await deliver({ Records: [{ body: String(body.MessageBody) }] });
  expect(receiver.take()).toHaveLength(1);
  // The pause of five seconds, and one more.
  expect(sent[1]?.body).toMatchObject({ DelaySeconds: 6 });

  // What a message is lost for, the schedule finds.
  receiver.answer = (_, response) => response.end();
  await api.database.admin.query('update webhook_deliveries set next_attempt_at = now()');
  await deliver({});
  const lost = sent.at(-1)?.body.MessageBody;
  await deliver({ Records: [{ body: String(lost) }] });
  const [received] = receiver.take();
  expect(receiver.verify(secret, received as never)).toMatchObject({ type: 'tag.created' });
});
