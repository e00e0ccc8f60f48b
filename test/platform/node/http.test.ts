import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Bindings } from '../../../src/config/bindings.ts';
import { app } from '../../../src/functions/index.ts';
import { type ApiServer, apiServer, TIMEOUTS } from '../../../src/platform/node/api-server.ts';
import { JWT_SECRET, signToken } from '../../support/api.ts';
import { rawSocket } from './support.ts';

/* What reaches the server and is no request as the API takes it: malformed, too large, or too slow. */

const bindings = { DATABASE_URL: 'postgres://x@127.0.0.1:9/y', JWT_SECRET, LOG_LEVEL: 'warn' } as Bindings;
const refusals: number[] = [];
const { Request, Response } = globalThis;
let api: ApiServer;
let port: number;

async function listening(timeouts: typeof TIMEOUTS): Promise<[ApiServer, number]> {
  const started = apiServer(
    (request) => app.fetch(request, bindings),
    (status) => refusals.push(status),
    timeouts,
  );
  started.server.listen(0, '127.0.0.1');
  await once(started.server, 'listening');
  return [started, (started.server.address() as AddressInfo).port];
}

beforeAll(async () => {
  [api, port] = await listening(TIMEOUTS);
});

afterAll(async () => {
  api.server.closeAllConnections();
  await api.close(0);
  // The adapter replaces them by its own, and other files share them.
  Object.defineProperty(globalThis, 'Request', { value: Request });
  Object.defineProperty(globalThis, 'Response', { value: Response });
});

/** Sends bytes as they are, and reads until the server ends the connection. */
async function say(text: string, to = port): Promise<{ status: number; head: string; body: string }> {
  const { socket, received, closed } = rawSocket(to);
  socket.write(text);
  await closed;
  const [head = '', body = ''] = received().split('\r\n\r\n', 2);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body };
}

const get = (target: string, headers = 'Host: x\r\n') =>
  say(`GET ${target} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);

describe('400, as a problem', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['a method of no known name', 'BREW /health HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a header without a name', 'GET /health HTTP/1.1\r\nHost: x\r\n: y\r\nConnection: close\r\n\r\n'],
    ['no Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a Host that is none', 'GET /health HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n'],
    ['a target that is no URL', 'GET health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [
      'both lengths, as in request smuggling',
      'POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('%s', async (_, text) => {
    refusals.length = 0;
    const { status, head, body } = await say(text);
    expect([status, refusals]).toEqual([400, [400]]);
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    expect(JSON.parse(body)).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

test('a head beyond 16 KiB is 431', async () => {
  expect(await get('/health', `Host: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n`)).toMatchObject({
    status: 431,
    body: '',
  });
});

test('bytes of a query reach the API as they are', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  for (const query of ['limit=%ff', 'limit=%ZZ', 'q=a\\b', "q='"]) {
    const token = await signToken({ role: 'admin', tenant_id: crypto.randomUUID() });
    const { status, body } = await get(`/api/v1/tags?${query}`, `Host: x\r\nX-Tenant-Token: ${token}\r\n`);
    // What is good goes on to the database, which is not there.
    expect([query, status]).toEqual([query, query.startsWith('q') ? 503 : 400]);
    expect(JSON.parse(body).status).toBe(status);
  }
  vi.restoreAllMocks();
});

test('HEAD has no body; OPTIONS and unknown paths are the app’s', async () => {
  const head = await say('HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect([head.status, head.body]).toEqual([200, '']);
  const options = await say('OPTIONS /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(options.head).toMatch(/^HTTP\/1.1 204 .*allow: GET, HEAD, OPTIONS/is);
  expect((await get('/nothing')).status).toBe(404);
});

test('a body that is too large, or breaks off, is no fault of the server', async () => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  const token = await signToken({ role: 'admin', tenant_id: crypto.randomUUID() });
  const begin = `POST /api/v1/tags HTTP/1.1\r\nHost: x\r\nX-Tenant-Token: ${token}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  const size = 1024 * 1024 + 1;
  const chunk = `${size.toString(16)}\r\n${' '.repeat(size)}\r\n0\r\n\r\n`;
  expect((await say(`${begin}Content-Length: ${size}\r\n\r\n${' '.repeat(size)}`)).status).toBe(413);
  expect((await say(`${begin}Transfer-Encoding: chunked\r\n\r\n${chunk}`)).status).toBe(413);
  const { socket, closed } = rawSocket(port);
  socket.write(`${begin}Content-Length: 100\r\n\r\n{"name":`);
  await vi.waitFor(() => expect(api.inFlight()).toBe(1), 10_000);
  socket.destroy();
  await closed;
  await vi.waitFor(() => expect(api.inFlight()).toBe(0), 10_000);
  expect(errors.mock.calls.filter(([line]) => !/"event":"database_error"/.test(line))).toEqual([]);
  errors.mockRestore();
});

describe.concurrent('slow clients', () => {
  const short = { ...TIMEOUTS, headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 100 };
  let impatient: ApiServer;
  let to: number;

  beforeAll(async () => {
    [impatient, to] = await listening({ ...short, timeout: 1000, keepAliveTimeout: 500 });
  });
  afterAll(() => impatient.close(0));

  test('a head that comes a byte at a time is 408', async () => {
    const { socket, received, closed } = rawSocket(to);
    const drip = setInterval(() => socket.write('X'), 50);
    socket.write('GET /health HTTP/1.1\r\n');
    await closed;
    clearInterval(drip);
    expect(received()).toMatch(/^HTTP\/1.1 408 /);
  });

  test('a body that comes a byte at a time ends with its connection', async () => {
    const { socket, closed } = rawSocket(to);
    const drip = setInterval(() => socket.write(' '), 50);
    const start = performance.now();
    socket.write('POST /api/v1/tags HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n');
    await closed;
    clearInterval(drip);
    // Before anything else would have ended it.
    expect(performance.now() - start).toBeLessThan(4000);
  });

  test('a connection without requests ends', async () => {
    const { socket, received, closed } = rawSocket(to);
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    const start = performance.now();
    await closed;
    expect(received()).toMatch(/^HTTP\/1.1 200 /);
    expect(performance.now() - start).toBeGreaterThan(400);
  });

  test('a client that does not read what it has asked for ends', async () => {
    const { socket, closed } = rawSocket(to);
    socket.pause();
    // More responses than the buffers on the way hold.
    const request = 'GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
    const start = performance.now();
    for (let n = 0; n < 60; n++) socket.write(request);
    while (impatient.inFlight() > 0 || performance.now() - start < 200) await sleep(50);
    expect(performance.now() - start).toBeGreaterThan(900);
    socket.resume();
    await closed;
  });
});
