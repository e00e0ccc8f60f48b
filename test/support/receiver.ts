import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll } from 'vitest';

/* A receiver of webhooks on this machine, which verifies what it gets with the library of Standard Webhooks. */

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects, and fails where that is not there
type Any = any;

/** A delivery as it has come in. */
export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
  json: Any;
}

export interface Receiver {
  url: string;
  /** What has come in since it was last taken, in that order. */
  take(): Received[];
  /** Verifies a delivery. @throws WebhookVerificationError where none of its signatures is made with the secret */
  verify(secret: string, received: Received): Any;
  /** How it answers from now on. */
  answer: (request: Received, response: ServerResponse, incoming: IncomingMessage) => void;
}

/** Listens while the tests of a file run. */
export function useReceiver(): Receiver {
  let received: Received[] = [];
  const receiver: Receiver = {
    url: '',
    take: () => received.splice(0),
    verify: (secret, { headers, body }) => new Webhook(secret).verify(body, headers),
    answer: (_, response) => response.end('ok'),
  };
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const headers = incoming.headers as Record<string, string>;
    const request = { path: incoming.url ?? '', headers, body, json: JSON.parse(body) };
    received.push(request);
    receiver.answer(request, response, incoming);
  });
  beforeAll(async () => {
    received = [];
    await once(server.listen(0, '127.0.0.1'), 'listening');
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return receiver;
}
