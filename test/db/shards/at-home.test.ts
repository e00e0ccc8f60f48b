import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { DatabaseError, type DatabaseFailure } from '../../../src/db/client/errors.ts';
import { atHome } from '../../../src/db/shards/at-home.ts';
import { forgetAllHomes, knownHome, MAX_KNOWN, noteHome } from '../../../src/db/shards/known-homes.ts';
import type { Shards } from '../../../src/db/shards/shards.ts';

/* Where a batch goes, whatever databases answer. That they answer so: test/db/placement.test.ts and test/shards. */

type Answer = 'home' | DatabaseFailure;

const unknown = (shard: string | null = null): DatabaseFailure => ({
  kind: 'rejected',
  code: 'forbidden',
  detail: 'unknown',
  elsewhere: { shard },
});
const arriving: DatabaseFailure = {
  kind: 'rejected',
  code: 'unavailable',
  detail: 'arriving',
  elsewhere: { shard: null },
};
const down: DatabaseFailure = { kind: 'unavailable', outage: 'refused' };
const lost: DatabaseFailure = { kind: 'unavailable', outage: 'lost' };

const url = 'postgres://worker@db.example.com/onetrip';

/** Asks for a tenant whose id gives `a`. @returns what came of it, and what was asked in which order */
async function ask(
  answers: Record<string, Answer>,
  {
    directory,
    keyValues = false,
    isRead = true,
    tenantId = randomUUID(),
  }: { directory?: string | Error; keyValues?: boolean; isRead?: boolean; tenantId?: string } = {},
) {
  const asked: string[] = [];
  const shards: Shards = {
    databases: new Map(Object.keys(answers).map((name) => [name, { url }])),
    byHash: ['a'],
    forNew: ['a'],
    ...(keyValues ? { keyValues: { get: async () => null, put: async () => {}, delete: async () => {} } } : {}),
  };
  const outcome = await atHome({
    shards,
    tenantId,
    isRead,
    ask: async (shard) => {
      asked.push(shard);
      const answer = answers[shard] ?? unknown();
      if (answer !== 'home') throw new DatabaseError(answer);
      return `answer of ${shard}`;
    },
    lookUp: async () => {
      asked.push('directory');
      if (directory instanceof Error) throw directory;
      return directory;
    },
  }).catch((error: DatabaseError) => error.failure);
  return { outcome, asked };
}

beforeEach(forgetAllHomes);

describe('a tenant', () => {
  test('that is where its id says takes one round trip', async () => {
    expect(await ask({ a: 'home', b: unknown() })).toEqual({ outcome: 'answer of a', asked: ['a'] });
  });

  test('that has moved takes one more, and from then on one', async () => {
    const tenantId = randomUUID();
    const answers: Record<string, Answer> = { a: unknown('b'), b: 'home' };
    expect(await ask(answers, { tenantId })).toEqual({ outcome: 'answer of b', asked: ['a', 'b'] });
    expect(await ask(answers, { tenantId })).toEqual({ outcome: 'answer of b', asked: ['b'] });
    const movedOn: Record<string, Answer> = { a: unknown('b'), b: unknown('c'), c: 'home' };
    expect(await ask(movedOn, { tenantId })).toEqual({ outcome: 'answer of c', asked: ['b', 'c'] });
  });

  test('that moved in circles is found', async () => {
    const tenantId = randomUUID();
    noteHome(tenantId, 'b');
    expect(await ask({ a: 'home', b: unknown('c'), c: unknown('a') }, { tenantId })).toMatchObject({
      outcome: 'answer of a',
      asked: ['b', 'c', 'a'],
    });
  });

  test('of which its database knows nothing any more is looked up in the directory', async () => {
    const tenantId = randomUUID();
    noteHome(tenantId, 'b');
    expect(await ask({ a: unknown(), b: unknown(), c: 'home' }, { tenantId, directory: 'c' })).toEqual({
      outcome: 'answer of c',
      asked: ['b', 'directory', 'c'],
    });
  });

  test('that the directory has elsewhere is asked there at once, where the directory is no database', async () => {
    expect(await ask({ a: unknown(), b: 'home' }, { keyValues: true, directory: 'b' })).toEqual({
      outcome: 'answer of b',
      asked: ['directory', 'b'],
    });
  });

  test('that the directory has where it was is found', async () => {
    expect(await ask({ a: 'home', b: unknown() }, { keyValues: true, directory: 'b' })).toMatchObject({
      outcome: 'answer of a',
      asked: ['directory', 'b', 'a'],
    });
    expect(
      await ask({ a: 'home', b: unknown() }, { keyValues: true, directory: 'removed' }),
      'a database that is no more',
    ).toMatchObject({ outcome: 'answer of a' });
  });

  test('that nobody has is unknown, in one round trip', async () => {
    expect(await ask({ a: unknown(), b: 'home' })).toEqual({ outcome: unknown(), asked: ['a'] });
  });

  test('that is arriving, and no longer where it was, is unavailable', async () => {
    const { outcome } = await ask({ a: unknown('b'), b: arriving });
    expect(outcome).toMatchObject({ code: 'unavailable' });
  });

  test('whose home refuses what it asks is refused: nobody else is asked', async () => {
    const refused: DatabaseFailure = { kind: 'rejected', code: 'not_found', detail: 'no such project' };
    for (const failure of [refused, { kind: 'timeout' }, { kind: 'unexpected' }] as const) {
      expect(await ask({ a: failure, b: 'home' })).toEqual({ outcome: failure, asked: ['a'] });
    }
  });
});

describe('while a database is down', () => {
  test('its own tenants are told so, and no others', async () => {
    expect(await ask({ a: 'home', b: down, c: unknown() })).toMatchObject({ outcome: 'answer of a' });
    const tenantId = randomUUID();
    noteHome(tenantId, 'b');
    expect(await ask({ a: unknown(), b: down, c: unknown() }, { tenantId })).toMatchObject({
      outcome: down,
      asked: ['b', 'directory', 'a'],
    });
  });

  test('the directory in it too, all others are asked for a tenant that may be elsewhere', async () => {
    const { outcome, asked } = await ask({ a: down, b: unknown(), c: unknown(), d: 'home' });
    expect(outcome).toBe('answer of d');
    expect(asked[0]).toBe('a');
    expect(asked.slice(1).sort()).toEqual(['b', 'c', 'd']);
  });

  test('they are not asked again for every request of a tenant that none of them has', async () => {
    const tenantId = randomUUID();
    const answers: Record<string, Answer> = { a: down, b: unknown(), c: unknown() };
    expect(await ask(answers, { tenantId })).toMatchObject({ outcome: down });
    expect(await ask(answers, { tenantId })).toEqual({ outcome: down, asked: ['a'] });
  });

  test('a directory that cannot be asked is not missed by those whose id says where they are', async () => {
    const failed = new Error('KV is down');
    const home = await ask({ a: 'home', b: unknown() }, { keyValues: true, directory: failed });
    expect(home).toMatchObject({ outcome: 'answer of a', asked: ['directory', 'a'] });
    const elsewhere = await ask({ a: unknown(), b: unknown(), c: 'home' }, { keyValues: true, directory: failed });
    expect(elsewhere.outcome).toBe('answer of c');
    const nowhere = await ask({ a: unknown(), b: unknown() }, { keyValues: true, directory: failed });
    expect(nowhere.outcome).toMatchObject({ code: 'forbidden' });
  });

  test('a write whose response was lost is sent to nobody else', async () => {
    expect(await ask({ a: lost, b: 'home' }, { isRead: false, directory: 'b' })).toEqual({
      outcome: lost,
      asked: ['a'],
    });
    expect(await ask({ a: down, b: 'home' }, { isRead: false })).toMatchObject({ outcome: 'answer of b' });
    expect(await ask({ a: lost, b: 'home' }, { isRead: true })).toMatchObject({ outcome: 'answer of b' });
  });
});

test('as many homes are noted as there is room for, the newest', () => {
  const ids = Array.from({ length: MAX_KNOWN + 10 }, () => randomUUID());
  for (const id of ids) noteHome(id, 'b');
  expect(knownHome(ids[9] ?? '')).toBeUndefined();
  expect(knownHome(ids[10] ?? '')).toBe('b');
});
