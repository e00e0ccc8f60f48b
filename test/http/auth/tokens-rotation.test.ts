import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DEFAULT_CLAIM_NAMES } from '../../../src/config/claim-names.ts';
import { verifyToken } from '../../../src/http/auth/tokens.ts';
import { signed } from '../../support/jws.ts';
import { startKeyServer } from '../../support/key-server.ts';

/* Keys that come and go, over minutes and hours: the clock of this process is set forward, the key server is real. */

const MINUTE = 60_000;
const keyServer = await startKeyServer();
afterAll(() => keyServer.stop());

const pairs = new Map(['old', 'new'].map((kid) => [kid, generateKeyPairSync('ec', { namedCurve: 'P-256' })]));
const jwk = (kid: string) => ({ ...pairs.get(kid)?.publicKey.export({ format: 'jwk' }), kid });

let path = '';
let url = '';
let count = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'error').mockImplementation(() => {});
  path = `/${++count}`;
  publish('old');
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function publish(...kids: string[]): void {
  url = keyServer.serve(path, { keys: kids.map(jwk) });
}

function goDown(): void {
  keyServer.serve(path, (response) => response.destroy());
}

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** 200, or the status of the refusal, for a token that this key signs now. */
async function verify(kid = 'old', header: object = { alg: 'ES256', kid }): Promise<number> {
  const exp = Math.floor(Date.now() / 1000) + 60;
  const key = pairs.get(kid)?.privateKey ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const token = signed(header, { tenant_id: '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b', exp }, key);
  return verifyToken(token, { keys: { jwksUrl: url }, maxAgeSeconds: 60, claimNames: DEFAULT_CLAIM_NAMES }).then(
    () => 200,
    ({ status }) => status,
  );
}

const asked = () => keyServer.asked(path);

test('a new key is fetched when it is first seen, at most once in 30 s', async () => {
  expect(await verify()).toBe(200);
  publish('old', 'new');
  expect(await verify('new')).toBe(401);
  expect(asked()).toBe(1);
  pass(30_000);
  expect(await verify('new')).toBe(200);
  expect(await verify('new')).toBe(200);
  expect(await verify('old')).toBe(200);
  expect(asked()).toBe(2);
});

test('an hour of unknown kids is a fetch every 30 s, and no more', async () => {
  expect(await verify()).toBe(200);
  for (let second = 0; second < 3600; second += 5) {
    pass(5000);
    expect(await verify('made-up')).toBe(401);
  }
  expect(asked()).toBe(121);
});

test('an hour of good tokens is a fetch every 10 min', async () => {
  for (let minute = 0; minute < 60; minute++) {
    expect(await verify()).toBe(200);
    pass(MINUTE);
  }
  expect(asked()).toBe(6);
});

test('a key that was taken away is refused after 10 min, or as soon as the keys are fetched for another', async () => {
  expect(await verify()).toBe(200);
  publish('new');
  pass(10 * MINUTE - 1);
  expect(await verify()).toBe(200);
  expect(asked()).toBe(1);
  pass(1);
  expect(await verify()).toBe(401);
  expect(asked()).toBe(2);

  publish('old', 'new');
  pass(30_000);
  expect(await verify()).toBe(200);
  publish('new');
  pass(30_000);
  expect(await verify('made-up')).toBe(401);
  expect(await verify()).toBe(401);
  expect(asked()).toBe(4);
});

test('while the key server is down its last keys are good for an hour, and what they do not have is 503', async () => {
  expect(await verify()).toBe(200);
  goDown();
  pass(10 * MINUTE);
  expect(await verify()).toBe(200);
  expect(asked()).toBe(2);
  expect(await verify()).toBe(200);
  expect(await verify('new')).toBe(503);
  expect(asked()).toBe(2);
  pass(5000);
  expect(await verify('new')).toBe(503);
  expect(asked()).toBe(3);
  pass(50 * MINUTE - 5001);
  expect(await verify()).toBe(200);
  pass(1);
  expect(await verify()).toBe(503);
});

test('a key server that comes back is believed at once: what it took away meanwhile is refused', async () => {
  expect(await verify()).toBe(200);
  goDown();
  pass(20 * MINUTE);
  expect(await verify()).toBe(200);
  publish('new');
  expect(await verify()).toBe(200);
  pass(5000);
  expect(await verify()).toBe(401);
  expect(await verify('new')).toBe(200);
  expect(asked()).toBe(3);
});

test('ten minutes of tokens while it is down are a fetch every 5 s, and no more', async () => {
  goDown();
  for (let second = 0; second < 600; second++) {
    expect(await verify()).toBe(503);
    pass(1000);
  }
  expect(asked()).toBe(120);
});

test('a set without keys is an answer: 401 for all', async () => {
  publish();
  expect(await verify()).toBe(401);
  expect(await verify('old', { alg: 'ES256' })).toBe(401);
  expect(asked()).toBe(1);
});

test('a server that never answers keeps nobody waiting, however many ask and one after the other', async () => {
  vi.useRealTimers();
  url = keyServer.serve(path, () => {});
  const waits: number[] = [];
  const calls = Array.from({ length: 12 }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, i * 500));
    const start = Date.now();
    expect(await verify()).toBe(503);
    waits.push(Date.now() - start);
  });
  await Promise.all(calls);
  expect(Math.max(...waits)).toBeLessThan(7000);
  expect(asked()).toBeLessThan(9);
});
