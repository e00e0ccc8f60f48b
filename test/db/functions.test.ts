import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { failure, makeWorld, problemOf, rolledBack, transaction, useWorker, value } from './sessions.ts';

/* The small functions that statements are made of. */

const database = useDatabase();
const worker = useWorker(database);

const ask = <T>(sql: string, ...parameters: unknown[]) => value<T>(database.admin, sql, parameters);

const fails = (sql: string, ...parameters: unknown[]) =>
  rolledBack(database.admin, (admin) => failure(admin, sql, parameters));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('raise_unless()', () => {
  const problem = { code: 'conflict', detail: 'The task lies in the trash.', members: { current_version: 3 } };

  test('does nothing where the condition is true', async () => {
    expect(await ask('select raise_unless(true, $1)', JSON.stringify(problem))).toBe('');
  });

  test.each(['false', 'null'])('raises the problem where it is %s', async (condition) => {
    const error = await fails(`select raise_unless(${condition}, $1)`, JSON.stringify(problem));
    expect(problemOf(error)).toEqual(problem);
    expect(error.message).toBe('conflict');
  });
});

describe('retry_unless()', () => {
  test('does nothing where the condition is true', async () => {
    expect(await ask('select retry_unless(true)')).toBe('');
  });

  test.each(['false', 'null'])('asks for another run where it is %s', async (condition) => {
    expect(await fails(`select retry_unless(${condition})`)).toMatchObject({ code: '40001' });
  });
});

describe('within_limit()', () => {
  test('lets 8 MiB through, and not an octet more', async () => {
    const length = (octets: string) => `select octet_length(within_limit(${octets}, '?limit'))`;
    expect(await ask(length(`repeat('é', 4194304)`))).toBe(8_388_608);
    expect(problemOf(await fails(length(`repeat('é', 4194304) || 'e'`)))).toEqual({
      code: 'unprocessable',
      detail: 'The answer would exceed 8 MiB; lower ?limit.',
      errors: [{ pointer: '?limit', code: 'answer_too_large', message: expect.any(String) }],
    });
  });

  test('lets nothing through as nothing', async () => {
    expect(await ask(`select within_limit(null, '?limit')`)).toBeNull();
  });
});

describe('rfc3339()', () => {
  test.each([
    ['2026-01-02 03:04:05+00', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04:05.1+00', '2026-01-02T03:04:05.100Z'],
    ['2026-01-02 03:04:05.006+02', '2026-01-02T01:04:05.006Z'],
    ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31 23:59:59.999+00', '9999-12-31T23:59:59.999Z'],
  ])('shows %s as %s', async (moment, text) => {
    expect(await ask('select rfc3339($1)', moment)).toBe(text);
  });

  test('is what JavaScript shows, in whatever zone the session is', async () => {
    await rolledBack(database.admin, async (admin) => {
      await admin.query(`set local timezone = 'Asia/Kolkata'`);
      const dates = fc.array(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      );
      await fc.assert(
        fc.asyncProperty(dates, async (moments) => {
          const texts = moments.map((moment) => moment.toISOString());
          const shown = await ask('select array(select rfc3339(t::timestamptz) from unnest($1::text[]) as t)', texts);
          expect(shown).toEqual(texts);
        }),
        { numRuns: 20 },
      );
    });
  });
});

describe('etag_of()', () => {
  test('is the version and a digest of the body, or the digest alone', async () => {
    const digest = sha256('{"é": 1}').slice(0, 32);
    expect(await ask('select etag_of(7, $1)', '{"é": 1}')).toBe(`7.${digest}`);
    expect(await ask('select etag_of(null, $1)', '{"é": 1}')).toBe(digest);
  });
});

describe('make_cursor()', () => {
  test('is the sort values and a checksum over them and the context, in characters that a URL takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(fc.string({ unit: 'grapheme' }))), fc.string(), async (keys, around) => {
        const context = around.replaceAll('\0', '');
        const sent = JSON.stringify(keys);
        const cursor = await ask<string>('select make_cursor($1, $2)', context, sent);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+\.[0-9a-f]{16}$/);
        const [payload = '', checksum] = cursor.split('.');
        expect(Buffer.from(payload, 'base64url').toString()).toBe(sent);
        expect(checksum).toBe(sha256(`${payload}.${context}`).slice(0, 16));
      }),
      { numRuns: 50 },
    );
  });

  test('holds values longer than a line of base64', async () => {
    const sent = JSON.stringify(['😀'.repeat(255)]);
    const cursor = await ask<string>('select make_cursor($1, $2)', 'tenant', sent);
    expect(Buffer.from(cursor.split('.')[0] ?? '', 'base64url').toString()).toBe(sent);
  });
});

describe('merge_patch()', () => {
  const merge = (target: unknown, patch: unknown) =>
    ask('select merge_patch($1, $2)', JSON.stringify(target), JSON.stringify(patch));

  // RFC 7396, appendix A.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j and %j is %j', async (target, patch, result) => {
    expect(await merge(target, patch)).toEqual(result);
  });

  /** The pseudocode of RFC 7396, section 2. */
  function merged(target: unknown, patch: unknown): unknown {
    if (!isObject(patch)) return patch;
    const result = isObject(target) ? { ...target } : {};
    for (const [key, member] of Object.entries(patch)) {
      if (member === null) delete result[key];
      else result[key] = merged(result[key], member);
    }
    return result;
  }

  function isObject(json: unknown): json is Record<string, unknown> {
    return typeof json === 'object' && json !== null && !Array.isArray(json);
  }

  test('is what the RFC says, for any two values', async () => {
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom<unknown>(null, null, true, 1, '', 'é'),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', ''), tie('json')),
        fc.array(tie('json'), { maxLength: 2 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(json, json, async (target, patch) => {
        expect(await merge(target, patch)).toEqual(merged(target, patch));
      }),
      { numRuns: 300 },
    );
  });
});

describe('claim_idempotency_key()', () => {
  const CLAIM = 'select claim_idempotency_key($1, $2)';

  test('takes a free key, once', async () => {
    const { tenant } = await makeWorld(database.admin);
    await worker.inTenant(tenant, (client) => client.query(CLAIM, ['key-2', 'hash-2']));
    await worker.inTenant(tenant, async (client) => {
      expect((await failure(client, CLAIM, ['key-2', 'hash-2'])).code).toBe('OT001');
      expect(problemOf(await failure(client, CLAIM, ['key-2', 'another']))).toMatchObject({ code: 'unprocessable' });
    });
  });

  test('takes a key anew that has expired, without its answer', async () => {
    const { tenant } = await makeWorld(database.admin);
    await database.admin.query(
      `update idempotency_keys set expires_at = now() - interval '1 second', status = 200, body = '{}' where tenant_id = $1`,
      [tenant],
    );
    await worker.inTenant(tenant, (client) => client.query(CLAIM, ['key-1', 'another']));
    const { rows } = await database.admin.query(
      `select request_hash, status, body, expires_at > now() + interval '23 hours' as fresh
       from idempotency_keys where tenant_id = $1`,
      [tenant],
    );
    expect(rows).toEqual([{ request_hash: 'another', status: null, body: null, fresh: true }]);
  });

  test('waits for the first request, and answers when that takes too long', async () => {
    const { tenant } = await makeWorld(database.admin);
    await transaction(database.admin, async (admin) => {
      await admin.query(`select set_config('app.tenant_id', $1, true)`, [tenant]);
      await admin.query(CLAIM, ['key-2', 'hash-2']);
      await worker.inTenant(tenant, async (client) => {
        await client.query(`set local lock_timeout = '50ms'`);
        expect(problemOf(await failure(client, CLAIM, ['key-2', 'hash-2']))).toMatchObject({ code: 'conflict' });
      });
    });
  });

  test('is per tenant', async () => {
    const { tenant } = await makeWorld(database.admin);
    const { tenant: other } = await makeWorld(database.admin);
    await worker.inTenant(tenant, (client) => client.query(CLAIM, ['key-2', 'hash-2']));
    await worker.inTenant(other, (client) => client.query(CLAIM, ['key-2', 'another']));
  });
});
