import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startProxy } from '../../dev/local/proxy.ts';

/* The proxy of `npm run dev`, before a server that stands where wrangler does. */

let respond: RequestListener;
let asked: IncomingMessage[] = [];
const target = createServer((incoming, outgoing) => {
  asked.push(incoming);
  respond(incoming, outgoing);
});
let proxy: Server;

const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  proxy = await startProxy(0, portOf(target));
});

beforeEach(() => {
  asked = [];
  respond = (_, outgoing) => outgoing.end('as it is');
});

afterAll(() => {
  for (const server of [proxy, target]) server.close().closeAllConnections();
});

/** Sends what fetch would not: any Host, any path, headers as they are. */
function send(options: { path?: string; method?: string; headers?: Record<string, string>; port?: number }) {
  return request({ host: '127.0.0.1', port: portOf(proxy), agent: false, ...options });
}

/** The whole response, once the whole request has been sent. */
async function ask(options: Parameters<typeof send>[0], body?: string | Buffer) {
  const sending = send(options).end(body);
  const responded = once(sending, 'response').then(async ([response]: IncomingMessage[]) => {
    const { statusCode: status, headers } = response as IncomingMessage;
    return { status, headers, text: await text(response as IncomingMessage) };
  });
  const [response] = await Promise.all([responded, once(sending, 'finish')]);
  return response;
}

test.each(['localhost', 'LocalHost:1', '127.0.0.1', '127.0.0.1:8787', '[::1]', '[::1]:8787'])(
  '%s is this machine',
  async (Host) => {
    expect(await ask({ headers: { Host } })).toMatchObject({ status: 200, text: 'as it is' });
    expect(asked[0]?.headers.host).toBe(Host);
  },
);

test.each([
  ...['evil.example', 'evil.example:8787', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.localhost'],
  ...['evil.example#localhost', 'evil.example@localhost', 'localhost@evil.example', 'localhost:80@evil.example'],
])('%j is not', async (Host) => {
  const headers = { Host, 'MF-Original-URL': 'http://localhost/health' };
  const response = await ask({ method: 'POST', headers }, 'x'.repeat(8_000_000));
  expect(response.status).toBe(400);
  expect(response.headers['content-type']).toBe('application/problem+json');
  const problem = JSON.parse(response.text);
  expect(problem).toMatchObject({ code: 'invalid_request', request_id: response.headers['x-request-id'] });
  expect(problem.detail).toBe('Host must be localhost, 127.0.0.1 or [::1].');
  expect(asked).toEqual([]);
});

test('nor is the host of a target that is a whole URL', async () => {
  expect(await ask({ path: 'http://evil.example/', headers: { Host: 'localhost' } })).toMatchObject({ status: 400 });
  expect(asked).toEqual([]);
});

test('a request goes on as it is, but for what wrangler would take for its own', async () => {
  let body: Promise<string> | undefined;
  respond = (incoming, outgoing) => {
    body = text(incoming);
    outgoing.writeHead(207, 'Some Status', [...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'], 'ETag', '"é"']);
    incoming.on('end', () => outgoing.end('{}'));
  };
  const headers = { 'If-Match': '"1.x"', 'MF-Original-URL': 'http://evil.example/', 'mf-op': 'GET' };
  const path = '/api//v1/%e4%F6/../x?a=%ff&a=+&b';
  const response = await ask({ method: 'PATCH', path, headers }, '{"name":"é"}');
  expect(response).toMatchObject({ status: 207, text: '{}', headers: { 'set-cookie': ['a=1', 'b=2'], etag: '"é"' } });
  const [incoming] = asked;
  expect([incoming?.method, incoming?.url, await body]).toEqual(['PATCH', path, '{"name":"é"}']);
  expect(incoming?.headers).toEqual({
    ...{ host: `127.0.0.1:${portOf(proxy)}`, 'if-match': '"1.x"', 'content-length': '13', connection: 'keep-alive' },
  });
});

test('a body in chunks goes on, one that nobody waits for is let go, and no body is none', async () => {
  const bodies: Promise<string>[] = [];
  respond = (incoming, outgoing) => {
    bodies.push(text(incoming));
    incoming.on('end', () => outgoing.end());
  };
  for (const method of ['POST', 'DELETE']) {
    const sending = send({ method, headers: { 'Transfer-Encoding': 'chunked' } });
    sending.write('one ');
    await sleep(20);
    const [response] = await once(sending.end('two'), 'response');
    expect(response.resume().statusCode).toBe(200);
  }
  for (const method of ['GET', 'POST', 'DELETE']) await ask({ method });
  expect(await Promise.all(bodies)).toEqual(['one two', 'one two', '', '', '']);

  respond = (incoming, outgoing) => {
    outgoing.writeHead(413).end('too large');
    incoming.resume();
  };
  expect(await ask({ method: 'POST' }, Buffer.alloc(8_000_000))).toMatchObject({ status: 413, text: 'too large' });
  // A connection that nobody reads from would end by a time-out of 5 s, and all would seem well.
}, 4000);

test('HEAD and 304 have no body', async () => {
  respond = (_, outgoing) => outgoing.writeHead(200, { 'Content-Length': 8 }).end();
  expect(await ask({ method: 'HEAD' })).toMatchObject({ status: 200, text: '', headers: { 'content-length': '8' } });
  respond = (_, outgoing) => outgoing.writeHead(304, { ETag: '"x"' }).end();
  expect(await ask({})).toMatchObject({ status: 304, text: '', headers: { etag: '"x"' } });
});

test('a response that breaks off is passed on as one, and a caller that goes away is not waited for', async () => {
  respond = (_, outgoing) => {
    outgoing.write('half');
    setTimeout(() => outgoing.destroy(), 50);
  };
  await expect(ask({})).rejects.toThrow('aborted');

  respond = () => {};
  const leaving = send({}).end();
  leaving.on('error', () => {});
  while (!asked[1]) await sleep(5);
  leaving.destroy();
  await once(asked[1].socket, 'close');
});

test('without anybody behind it, it says so', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const port = portOf(gone);
  gone.close();
  await once(gone, 'close');
  const lonely = await startProxy(0, port);
  try {
    const response = await ask({ method: 'POST', port: portOf(lonely) }, 'x'.repeat(8_000_000));
    expect([response.status, response.headers['retry-after']]).toEqual([503, '1']);
    expect(JSON.parse(response.text)).toMatchObject({ code: 'unavailable' });
  } finally {
    lonely.close();
  }
});
