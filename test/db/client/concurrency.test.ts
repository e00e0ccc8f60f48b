import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LEASE_MS, MAX_RUNNING, MAX_WAIT_MS, MAX_WAITING, runWhenFree } from '../../../src/db/client/concurrency.ts';
import { problemOf } from '../../../src/http/response/problem-of.ts';

/* The bound on what one tenant may have under way, with a clock that the test moves. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const never = new AbortController().signal;

/** Work that a test ends. */
class Work {
  readonly done: Promise<string>;
  begun = false;
  end = (): void => {};
  fail = (): void => {};

  constructor(tenant: string, { signal = never, isSecond = false } = {}) {
    this.done = runWhenFree(
      tenant,
      { signal, isSecond },
      () =>
        new Promise<string>((resolve, reject) => {
          this.begun = true;
          this.end = () => resolve('done');
          this.fail = () => reject(new Error('failed'));
        }),
    );
    this.done.catch(() => {});
  }
}

const start = (tenant: string, count: number) => Array.from({ length: count }, () => new Work(tenant));
const begun = (works: Work[]) => works.filter((work) => work.begun).length;
const refused = { failure: { kind: 'too_many_batches' } };

/** Ends what is left, so that the next test finds nobody. */
async function finish(...works: Work[]): Promise<void> {
  for (let i = 0; i < works.length + 2; i++) {
    for (const work of works) work.end();
    await vi.advanceTimersByTimeAsync(50);
  }
  await Promise.allSettled(works.map(({ done }) => done));
}

test('a tenant has so many under way and no more; another tenant is not in its way', async () => {
  const works = start('a', MAX_RUNNING + 2);
  expect(begun(works)).toBe(MAX_RUNNING);
  const other = new Work('b');
  expect(other.begun).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  expect(begun(works)).toBe(MAX_RUNNING);
  works[0]?.end();
  await vi.advanceTimersByTimeAsync(100);
  expect(begun(works)).toBe(MAX_RUNNING + 1);
  await finish(...works, other);
  expect(await Promise.all(works.map(({ done }) => done))).toEqual(works.map(() => 'done'));
});

test('first come, first served: nobody who comes later passes those who wait', async () => {
  const works = start('f', MAX_RUNNING + 20);
  const order: number[] = [];
  for (const [n, work] of works.entries()) void work.done.then(() => order.push(n));
  for (let next = 0; next < 20; next++) {
    works[next]?.end();
    await vi.advanceTimersByTimeAsync(0);
    // One comes at the very moment in which a place has come free.
    works.push(new Work('f'));
    expect(works.at(-1)?.begun).toBe(false);
    await vi.advanceTimersByTimeAsync(30);
    expect(works.findIndex((work) => !work.begun)).toBe(MAX_RUNNING + next + 1);
    expect(begun(works)).toBe(MAX_RUNNING + next + 1);
  }
  await finish(...works);
});

test('a request that has had its turn goes on, and counts', async () => {
  const works = start('g', MAX_RUNNING + 1);
  const second = new Work('g', { isSecond: true });
  expect(second.begun).toBe(true);
  works[0]?.end();
  await vi.advanceTimersByTimeAsync(100);
  expect(begun(works)).toBe(MAX_RUNNING);
  second.end();
  await vi.advanceTimersByTimeAsync(100);
  expect(begun(works)).toBe(MAX_RUNNING + 1);
  await finish(...works);
});

test('the queue is short: who finds it full is told at once when to come again', async () => {
  const works = start('a', MAX_RUNNING + MAX_WAITING);
  const error = await new Work('a').done.catch((error) => error);
  expect(error).toMatchObject(refused);
  expect(problemOf(error)).toMatchObject({
    status: 429,
    code: 'rate_limited',
    options: {
      headers: {
        'Retry-After': '1',
        RateLimit: '"concurrency";r=0;t=1',
        'RateLimit-Policy': `"concurrency";q=${MAX_RUNNING};qu="concurrent-requests"`,
      },
    },
  });
  expect(new Work('b').begun).toBe(true);
  await finish(...works);
  expect(new Work('a').begun).toBe(true);
});

test('nobody waits for long', async () => {
  const [waiting, ...works] = start('c', MAX_RUNNING + 1).reverse();
  const outcome = expect(waiting?.done).rejects.toMatchObject(refused);
  await vi.advanceTimersByTimeAsync(MAX_WAIT_MS - 100);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(vi.getTimerCount()).toBe(0);
  await outcome;
  expect(waiting?.begun).toBe(false);
  await finish(...works);
});

test('who fails gives the place back, and so does who gives up waiting', async () => {
  const works = start('d', MAX_RUNNING);
  const gone = new AbortController();
  const waiting = Array.from({ length: MAX_WAITING }, () => new Work('d', { signal: gone.signal }));
  gone.abort();
  await vi.advanceTimersByTimeAsync(50);
  for (const { done } of waiting) await expect(done).rejects.toMatchObject({ failure: { kind: 'timeout' } });
  const next = start('d', MAX_WAITING);
  for (const work of works) work.fail();
  for (const { done } of works) await expect(done).rejects.toThrow('failed');
  await vi.advanceTimersByTimeAsync(50);
  expect(begun(next)).toBe(MAX_RUNNING);
  await finish(...next);
});

test('a place that is never given back is free again after a while', async () => {
  const lost = start('e', MAX_RUNNING);
  await vi.advanceTimersByTimeAsync(LEASE_MS.running - 1);
  const late = new Work('e');
  expect(late.begun).toBe(false);
  await vi.advanceTimersByTimeAsync(50);
  expect(late.begun).toBe(true);
  // Those that end after all take no place from others.
  await finish(...lost);
  const more = start('e', MAX_RUNNING);
  expect(begun(more)).toBe(MAX_RUNNING - 1);
  await finish(late, ...more);
});
