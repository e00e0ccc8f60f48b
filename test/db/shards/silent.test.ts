import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { forgetAllHomes, knownHome, noteHome } from '../../../src/db/shards/known-homes.ts';
import { ask, lost, unknown } from './inquiry.ts';

/* A database that takes what is sent, and never answers, keeps the tenants of others waiting for 3 s, and once. */

beforeEach(() => {
  forgetAllHomes();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What comes of it within so much time (ms), and what is done at once then. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | 'nothing yet'> {
  let result: T | 'nothing yet' = 'nothing yet';
  work.then((value) => {
    result = value;
  });
  await vi.advanceTimersByTimeAsync(ms);
  await new Promise(setImmediate);
  return result;
}

test.each([
  ['the first database, whose directory nobody can ask', 'a', undefined],
  ['another one', 'b', 'c'],
])('a read of a tenant whose id gives %s is answered by its home', async (_, byId, directory) => {
  const tenantId = randomUUID();
  const answers = { a: unknown(), b: unknown(), c: 'home', [byId]: 'silent' } as const;
  expect(await within(3000, ask(answers, { tenantId, byId, directory }))).toMatchObject({ outcome: 'answer of c' });
  // From then on at once.
  expect(await within(0, ask(answers, { tenantId, byId, directory }))).toMatchObject({ asked: ['c'] });
});

test('a write is sent to nobody else; sent again, it is where the tenant is', async () => {
  const tenantId = randomUUID();
  const answers = { a: 'silent', b: 'home', c: unknown() } as const;
  const first = await within(3000, ask(answers, { tenantId, isRead: false }));
  expect(first).toMatchObject({ outcome: lost, asked: ['a', 'b?', 'c?'] });
  expect(await within(0, ask(answers, { tenantId, isRead: false }))).toMatchObject({ asked: ['b'] });
});

test('a silent directory, and silent others, keep nobody from the home', async () => {
  const answers = { a: 'silent', b: unknown(), c: 'silent', d: 'home' } as const;
  const directory = new Promise<never>(() => {});
  expect(await within(6000, ask(answers, { byId: 'b', directory }))).toMatchObject({ outcome: 'answer of d' });
});

test('a home that takes long is waited for: no other one is it', async () => {
  const tenantId = randomUUID();
  const work = ask({ a: 'slow', b: unknown() }, { tenantId });
  expect(await within(4000, work)).toBe('nothing yet');
  expect(await within(1000, work)).toMatchObject({ outcome: 'answer of a', asked: ['a', 'b?'] });
  // Where it is known to be, nobody else is asked.
  expect(knownHome(tenantId)).toBe('a');
  expect(await within(5000, ask({ a: 'slow', b: unknown() }, { tenantId }))).toMatchObject({ asked: ['a'] });
});

test('a replica that does not have yet what has moved there says so, and is not believed more than what is known', async () => {
  const moved = { a: unknown('b'), b: unknown() };
  expect(await ask(moved, { mayLag: true })).toMatchObject({ outcome: { kind: 'unavailable' } });
  expect(await ask(moved)).toMatchObject({ outcome: { code: 'forbidden' } });
  const tenantId = randomUUID();
  noteHome(tenantId, 'b');
  const lagging = { a: 'home', b: unknown() } as const;
  expect(await ask(lagging, { tenantId, mayLag: true })).toMatchObject({ outcome: 'answer of a' });
  expect(knownHome(tenantId)).toBe('b');
});
