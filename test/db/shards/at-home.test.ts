import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { DatabaseError, type DatabaseFailure } from '../../../src/db/client/errors.ts';
import { forgetAllHomes, knownHome, MAX_KNOWN, noteHome } from '../../../src/db/shards/known-homes.ts';
import { type Answer, arriving, ask, down, lost, unknown } from './inquiry.ts';

/* Where a batch goes, whatever databases answer. That they answer so: test/db/placement.test.ts and test/shards. */

/** Swallows what is logged. */
function silence(): void {
  const spy = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => spy.mockRestore());
}

beforeEach(forgetAllHomes);

describe('a tenant', () => {
  test('that is where its id says takes one round trip', async () => {
    expect(await ask({ a: 'home', b: unknown() })).toMatchObject({ outcome: 'answer of a', asked: ['a'] });
  });

  test('that has moved takes one more, and from then on one', async () => {
    const tenantId = randomUUID();
    const answers: Record<string, Answer> = { a: unknown('b'), b: 'home' };
    expect(await ask(answers, { tenantId })).toMatchObject({ outcome: 'answer of b', asked: ['a', 'b'] });
    expect(await ask(answers, { tenantId })).toMatchObject({ outcome: 'answer of b', asked: ['b'] });
    const movedOn: Record<string, Answer> = { a: unknown('b'), b: unknown('c'), c: 'home' };
    expect(await ask(movedOn, { tenantId })).toMatchObject({ outcome: 'answer of c', asked: ['b', 'c'] });
  });

  test('that moved in circles is found', async () => {
    const tenantId = randomUUID();
    noteHome(tenantId, 'b');
    expect(await ask({ a: 'home', b: unknown('c'), c: unknown('a') }, { tenantId })).toMatchObject({
      outcome: 'answer of a',
      asked: ['b', 'c', 'a'],
    });
  });

  test('of which its database knows nothing any more is looked for by its id, which finds the directory beside', async () => {
    const tenantId = randomUUID();
    noteHome(tenantId, 'b');
    expect(await ask({ a: unknown('c'), b: unknown(), c: 'home' }, { tenantId })).toMatchObject({
      outcome: 'answer of c',
      asked: ['b', 'a', 'c'],
    });
  });

  test('whose id gives a database without the directory is looked up there', async () => {
    const answers: Record<string, Answer> = { a: unknown(), b: unknown(), c: 'home' };
    expect(await ask(answers, { byId: 'b', directory: 'c' })).toMatchObject({
      outcome: 'answer of c',
      asked: ['b', 'directory', 'c'],
    });
  });

  test('that nobody has is unknown, in one round trip', async () => {
    expect(await ask({ a: unknown(), b: 'home' })).toMatchObject({ outcome: unknown(), asked: ['a'] });
    expect(await ask({ a: unknown(), b: unknown(), c: 'home' }, { byId: 'b' })).toMatchObject({
      outcome: unknown(),
      asked: ['b', 'directory'],
    });
  });

  test('that is arriving, and no longer where it was, is unavailable', async () => {
    const { outcome } = await ask({ a: unknown('b'), b: arriving });
    expect(outcome).toMatchObject({ code: 'unavailable' });
  });

  test('whose home refuses what it asks is refused: nobody else is asked', async () => {
    const refused: DatabaseFailure = { kind: 'rejected', code: 'not_found', detail: 'no such project' };
    for (const failure of [refused, { kind: 'timeout' }, { kind: 'unexpected' }] as const) {
      expect(await ask({ a: failure, b: 'home' })).toMatchObject({ outcome: failure, asked: ['a'] });
    }
  });
});

describe('with a copy of the directory', () => {
  test('a tenant is asked for where that says, at once; one that is known is not looked up', async () => {
    const tenantId = randomUUID();
    const answers: Record<string, Answer> = { a: unknown(), b: 'home' };
    const found = { outcome: 'answer of b', put: [] };
    expect(await ask(answers, { tenantId, cache: 'b' })).toEqual({ ...found, asked: ['cache', 'b'] });
    expect(await ask(answers, { tenantId, cache: 'b' })).toEqual({ ...found, asked: ['b'] });
  });

  test('one that has no entry is found, and gets one where its id alone does not say it', async () => {
    expect(await ask({ a: unknown('b'), b: 'home' }, { cache: null })).toEqual({
      outcome: 'answer of b',
      asked: ['cache', 'a', 'b'],
      put: ['b'],
    });
    expect(await ask({ a: unknown(), b: unknown(), c: 'home' }, { byId: 'b', directory: 'c', cache: null })).toEqual({
      outcome: 'answer of c',
      asked: ['cache', 'b', 'directory', 'c'],
      put: ['c'],
    });
    expect(await ask({ a: 'home', b: unknown() }, { cache: null })).toMatchObject({ asked: ['cache', 'a'], put: [] });
    expect(await ask({ a: unknown(), b: 'home' }, { cache: null })).toMatchObject({ outcome: unknown(), put: [] });
  });

  test.each([
    ['where the tenant was', 'b'],
    ['a database that is no more', 'removed'],
    ['nonsense', '__proto__'],
  ])('an entry of %s misleads nobody, and is written anew', async (_, cache) => {
    const answers: Record<string, Answer> = { a: unknown('c'), b: unknown('c'), c: 'home' };
    expect(await ask(answers, { cache })).toMatchObject({ outcome: 'answer of c', put: ['c'] });
    expect(await ask({ ...answers, a: 'home', b: unknown('a') }, { cache })).toMatchObject({
      outcome: 'answer of a',
      put: ['a'],
    });
  });

  test('what a replica says is not written into it', async () => {
    expect(await ask({ a: unknown('b'), b: 'home' }, { cache: null, mayLag: true })).toMatchObject({
      outcome: 'answer of b',
      put: [],
    });
  });

  test('that fails, or does not answer, all are found as without it', async () => {
    silence();
    for (const cache of [new Error('KV GET failed: 500'), new Promise<never>(() => {})]) {
      const [home, moved, nowhere] = await Promise.all([
        ask({ a: 'home', b: unknown() }, { cache }),
        ask({ a: unknown('b'), b: 'home' }, { cache }),
        ask({ a: unknown(), b: 'home' }, { cache }),
      ]);
      expect([home.outcome, moved.outcome, nowhere.outcome]).toEqual(['answer of a', 'answer of b', unknown()]);
    }
  });
});

describe('while a database is down', () => {
  test('its own tenants are told so, and no others', async () => {
    expect(await ask({ a: 'home', b: down, c: unknown() })).toMatchObject({ outcome: 'answer of a' });
    const tenantId = randomUUID();
    noteHome(tenantId, 'b');
    expect(await ask({ a: unknown('b'), b: down, c: unknown() }, { tenantId })).toMatchObject({
      outcome: down,
      asked: ['b', 'a'],
    });
  });

  test.each([
    ['reads', true],
    ['writes', false],
  ])('the directory in it, %s of tenants that are where their ids say need nobody else', async (_, isRead) => {
    const answers: Record<string, Answer> = { a: down, b: 'home', c: unknown() };
    expect(await ask(answers, { byId: 'b', isRead })).toMatchObject({ outcome: 'answer of b', asked: ['b'] });
    expect(await ask({ ...answers, a: lost }, { byId: 'b', isRead })).toMatchObject({
      outcome: 'answer of b',
      asked: ['b'],
    });
  });

  test.each([
    ['reads', true],
    ['writes', false],
  ])('the directory in it, %s of all others find their home, and are sent to no other database', async (_, isRead) => {
    const answers: Record<string, Answer> = { a: down, b: unknown(), c: unknown(), d: 'home' };
    const { outcome, asked } = await ask(answers, { isRead });
    expect(outcome).toBe('answer of d');
    expect([asked[0], asked.slice(1, -1).sort(), asked.at(-1)]).toEqual(['a', ['b?', 'c?', 'd?'], 'd']);
    const byOther = await ask({ ...answers, a: lost }, { byId: 'b', directory: new DatabaseError(lost), isRead });
    expect(byOther.outcome).toBe('answer of d');
    expect(byOther.asked.slice(0, 2)).toEqual(['b', 'directory']);
  });

  test('a tenant that its home refuses is told so by its home', async () => {
    const suspended: DatabaseFailure = { kind: 'rejected', code: 'forbidden', detail: 'suspended' };
    expect(await ask({ a: down, b: unknown(), c: suspended })).toMatchObject({ outcome: suspended });
  });

  test('what cannot be told of a tenant is not told: neither that it is unknown, nor who fails beside', async () => {
    for (const failure of [down, lost, { kind: 'timeout' }, { kind: 'unavailable' }] as const) {
      const answers: Record<string, Answer> = { a: unknown(), b: unknown(), c: unknown() };
      const directory = new DatabaseError(failure);
      expect(await ask(answers, { byId: 'b', directory }), failure.kind).toMatchObject({ outcome: failure });
      expect(await ask({ ...answers, a: down, c: failure }), failure.kind).toMatchObject({ outcome: down });
      const found = await ask({ a: down, b: failure, c: 'home' });
      expect(found.outcome, failure.kind).toBe('answer of c');
    }
  });

  test('the others are not asked again for every request of a tenant that none of them has', async () => {
    const tenantId = randomUUID();
    const answers: Record<string, Answer> = { a: down, b: unknown(), c: unknown() };
    expect(await ask(answers, { tenantId })).toMatchObject({ outcome: down });
    expect(await ask(answers, { tenantId })).toMatchObject({ outcome: down, asked: ['a'] });
  });

  test('a write whose response was lost is sent to nobody else; sent again, it is where the tenant is', async () => {
    const tenantId = randomUUID();
    const answers: Record<string, Answer> = { a: lost, b: 'home', c: unknown() };
    const first = await ask(answers, { tenantId, isRead: false });
    expect(first.outcome).toEqual(lost);
    expect(first.asked.sort()).toEqual(['a', 'b?', 'c?']);
    expect(await ask(answers, { tenantId, isRead: false })).toMatchObject({ outcome: 'answer of b', asked: ['b'] });
    // Of a tenant whose home is known, nothing is to be learned.
    expect(await ask({ ...answers, b: lost }, { tenantId, isRead: false })).toMatchObject({
      outcome: lost,
      asked: ['b'],
    });
    expect(knownHome(tenantId)).toBe('b');
    expect(await ask(answers, { isRead: true })).toMatchObject({ outcome: 'answer of b' });
  });
});

test('as many homes are noted as there is room for, the newest', () => {
  const ids = Array.from({ length: MAX_KNOWN + 10 }, () => randomUUID());
  for (const id of ids) noteHome(id, 'b');
  expect(knownHome(ids[9] ?? '')).toBeUndefined();
  expect(knownHome(ids[10] ?? '')).toBe('b');
});
