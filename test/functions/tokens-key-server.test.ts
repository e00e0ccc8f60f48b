import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { serve, useApi } from '../support/api.ts';
import { signed } from '../support/jws.ts';
import { type Answer, startKeyServer } from '../support/key-server.ts';
import { claims, TENANT } from '../support/token-forgeries.ts';

/* A key server that fails, or that many ask at once. Each test has an isolate, or at least a URL, of its own. */

const api = useApi({
  prepare: (admin) => admin.query('insert into tenants (id, name) values ($1, $2)', [TENANT, 'Acme']).then(() => {}),
});
const keyServer = await startKeyServer();
afterAll(async () => {
  vi.restoreAllMocks();
  await keyServer.stop();
});

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEYS = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'ec' }] };
const token = (kid = 'ec') => signed({ alg: 'ES256', kid }, claims(), privateKey);

beforeEach(() => {
  for (const level of ['error', 'warn'] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(() => {
  vi.clearAllMocks();
});

/** The API with no keys yet, and a key server that answers like this until it is given another answer. */
async function start(answer: Answer, finished = onTestFinished) {
  const path = `/${randomUUID()}`;
  return {
    ...(await startAt(keyServer.serve(path, answer), finished)),
    asked: () => keyServer.asked(path),
    answer: (other: Answer) => keyServer.serve(path, other),
  };
}

/** @param finished of the test, which one that runs beside others must name */
async function startAt(JWKS_URL: string, finished = onTestFinished) {
  const served = await serve({ ...api.bindings, JWT_SECRET: '', JWKS_URL });
  finished(() => served.stop());
  const call = async (bearer = token(), init: RequestInit = {}) => {
    const headers = { Authorization: `Bearer ${bearer}` };
    const response = await served.send('http://onetrip.test/api/v1/tenant', { headers, ...init });
    return { status: response.status, retry: response.headers.get('Retry-After'), json: await response.json() };
  };
  return { call };
}

const statuses = async (calls: Promise<{ status: number }>[]) => [
  ...new Set((await Promise.all(calls)).map(({ status }) => status)),
];

/** While the first fetch is under way, a second one may begin after a second, which a busy machine can take. */
const ONE_OR_TWO = expect.toSatisfy((count: number) => count === 1 || count === 2);
const later = (ms: number) => (response: ServerResponse) => setTimeout(() => response.end(JSON.stringify(KEYS)), ms);

// In the split deployment each function is an isolate like the one Worker, and 30 of them start for each test.
// On Lambda, too, each function asks the key server by itself.
const inOneIsolate = !['split', 'lambda'].includes(inject('tier'));
/** An isolate for each takes a second in workerd. */
const tags = inject('tier') === 'workerd' ? ['release'] : [];

describe.runIf(inOneIsolate)('503, not the token’s fault:', { tags }, () => {
  let good = '';
  beforeAll(() => {
    good = keyServer.serve('/good', KEYS);
  });

  test.each<[string, Answer]>([
    ['500', (response) => response.writeHead(500).end(JSON.stringify(KEYS))],
    ['404', (response) => response.writeHead(404).end()],
    ['201', (response) => response.writeHead(201).end(JSON.stringify(KEYS))],
    ['a redirect', (response) => response.writeHead(302, { Location: good }).end()],
    ['HTML', '<!doctype html><title>Sign in</title>'],
    ['nothing', ''],
    ['JSON that breaks off', JSON.stringify(KEYS).slice(0, -2)],
    ['null', 'null'],
    ['a list', KEYS.keys],
    ['an object without keys', {}],
    ['keys that are no list', { keys: { ec: KEYS.keys[0] } }],
    ['keys that are no objects', { keys: ['ec'] }],
    ['a key that is no point of its curve', { keys: [{ ...KEYS.keys[0], x: 'AAAA', y: 'AAAA' }] }],
    ['a private key', { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'ec' }] }],
    ['a body that is too large', { ...KEYS, padding: 'x'.repeat(300_000) }],
    ['a body without end', endless],
    ['a connection that is closed', (response) => response.destroy()],
    ['a connection that is closed within the body', breakOff],
  ])('%s', async (_, answer) => {
    const { call, asked } = await start(answer);
    const before = api.database.endpoint.requests;
    for (let i = 0; i < 3; i++) {
      expect(await call()).toMatchObject({ status: 503, retry: '5', json: { code: 'unavailable' } });
    }
    expect(asked()).toBe(1);
    expect(api.database.endpoint.requests).toBe(before);
    expect(keyServer.asked('/good')).toBe(0);
  });

  test.each<[Record<string, unknown>, Answer]>([
    [{ error: 'SyntaxError' }, 'very-secret'],
    [{ error: 'Error', answered: 401 }, (r) => r.writeHead(401).end('very-secret')],
  ])('%o is in the log, without a word of token or answer', async (why, answer) => {
    const { call } = await start(answer);
    await call();
    const { host } = new URL(keyServer.serve('/', {}));
    const line = JSON.stringify({ level: 'error', event: 'key_server', ...why, host });
    await vi.waitFor(() => expect(console.error).toHaveBeenCalledWith(line), 10_000);
    expect(console.error).toHaveBeenCalledTimes(1);
  });
});

// Each waits for seconds, so they wait together.
describe.runIf(inOneIsolate).concurrent('503 after a while:', () => {
  test.for<[string, Answer]>([
    ['no answer', () => {}],
    ['an answer that stops within the body', (response) => response.writeHead(200).write('{"keys":[')],
    ['an answer that drips', drip],
  ])('%s, after 3 s', async ([, answer], { expect, onTestFinished }) => {
    const { call, asked } = await start(answer, onTestFinished);
    const begin = Date.now();
    expect(await call()).toMatchObject({ status: 503, retry: '5', json: { code: 'unavailable' } });
    expect(Date.now() - begin).toBeGreaterThan(2900);
    expect(Date.now() - begin).toBeLessThan(4500);
    // Who comes next does not wait again.
    expect((await call()).status).toBe(503);
    expect(Date.now() - begin).toBeLessThan(5000);
    expect(asked()).toBe(1);
  });

  test('nobody there; and again 200 when somebody is, within the time to wait', async ({ expect, onTestFinished }) => {
    const { call, answer } = await start((response) => response.destroy(), onTestFinished);
    expect(await call()).toMatchObject({ status: 503, retry: '5' });
    answer(KEYS);
    await sleep(5100);
    expect((await call()).status).toBe(200);
  });

  test('no server', async ({ expect, onTestFinished }) => {
    const { call } = await startAt('http://127.0.0.1:9/', onTestFinished);
    expect(await call()).toMatchObject({ status: 503, retry: '5' });
  });
});

describe.runIf(inOneIsolate)('one fetch,', () => {
  test('or none for a token that can never be valid: 401, whatever the key server does', async () => {
    const { call, asked } = await start((response) => response.destroy());
    for (const header of [{ alg: 'none' }, { alg: 'HS256' }, { alg: 'ES512' }, { alg: 'ES256', crit: ['x'], x: 1 }]) {
      expect((await call(signed(header, claims(), privateKey))).status).toBe(401);
    }
    expect((await call('a.b.c')).status).toBe(401);
    expect(asked()).toBe(0);
  });

  test('and then a key server that is down does not matter', async () => {
    const { call, asked, answer } = await start(KEYS);
    expect((await call()).status).toBe(200);
    answer((response) => response.destroy());
    expect((await call()).status).toBe(200);
    expect((await call(token('new'))).status).toBe(401);
    expect(asked()).toBe(1);
  });

  test('for 50 first requests at once', async () => {
    const { call, asked } = await start(later(300));
    expect(await statuses(Array.from({ length: 50 }, () => call()))).toEqual([200]);
    expect(asked()).toEqual(ONE_OR_TWO);
  });

  test('which fails, for 50 first requests at once', async () => {
    const { call, asked } = await start((response) => setTimeout(() => response.destroy(), 300));
    expect(await statuses(Array.from({ length: 50 }, () => call()))).toEqual([503]);
    expect(asked()).toEqual(ONE_OR_TWO);
  });

  test('for a flood of unknown kids, at first and later', async () => {
    const { call, asked } = await start(later(100));
    const flood = () => statuses(Array.from({ length: 100 }, (_, i) => call(token(`unknown-${i}`))));
    expect(await flood()).toEqual([401]);
    expect(await flood()).toEqual([401]);
    expect((await call()).status).toBe(200);
    expect(asked()).toEqual(ONE_OR_TWO);
  });

  test('or two, where the first request is aborted: it takes nobody along', async () => {
    const { call, asked } = await start(later(500));
    const gone = new AbortController();
    const first = call(token(), { signal: gone.signal }).catch(() => {});
    await sleep(100);
    const others = Array.from({ length: 10 }, () => call());
    gone.abort();
    expect(await statuses(others)).toEqual([200]);
    await first;
    expect(asked()).toEqual(ONE_OR_TWO);
  });
});

/** A mebibyte at a time, until the other side has enough. */
function endless(response: ServerResponse): void {
  const chunk = ' '.repeat(1_048_576);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

function breakOff(response: ServerResponse): void {
  response.writeHead(200).write('{"keys":[');
  setTimeout(() => response.destroy(), 50);
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 100);
  response.on('close', () => clearInterval(timer));
}
