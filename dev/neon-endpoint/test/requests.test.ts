/** The local Neon endpoint: bodies and parameters, and how much may go in and come out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reply, type Support, startSupport } from './support.ts';

const MAX_REQUEST = 200_000;
const MAX_RESPONSE = 10_000;

let support: Support;

beforeAll(async () => {
  support = await startSupport({ maxRequestBytes: MAX_REQUEST, maxResponseBytes: MAX_RESPONSE });
  await support.admin.query('CREATE TABLE counted (n int)');
});

afterAll(() => support?.stop());

describe('parameters', () => {
  test.each([
    ['null', null, null],
    ['true', true, 'true'],
    ['false', false, 'false'],
    ['a number', 1.5, '1.5'],
    ['a string', 'a "b" \\ é\n', 'a "b" \\ é\n'],
    ['an empty string', '', ''],
    ['an object', { a: [1, null, 'x"'] }, '{"a":[1,null,"x\\""]}'],
    ['an empty array', [], '{}'],
    ['an array', [1, true, null, 'NULL', 'a "b" \\'], '{1,true,NULL,"NULL","a \\"b\\" \\\\"}'],
    [
      'nested arrays',
      [
        [1, 2],
        [null, 'x'],
      ],
      '{{1,2},{NULL,"x"}}',
    ],
    ['an array of objects', [{ a: 'b' }], '{"{\\"a\\":\\"b\\"}"}'],
  ])('%s is sent as its text', async (_, param, text) => {
    expect(await support.value('SELECT $1::text', [param])).toBe(text);
  });

  test('an array is one for PostgreSQL', async () => {
    expect(
      await support.value("SELECT $1::text[] = ARRAY['a,b', '{', NULL, E'\\\\']", [['a,b', '{', null, '\\']]),
    ).toBe(true);
  });

  test('numbers keep all of their digits, wherever they are', async () => {
    const params = '[12345678901234567890, {"n": 1.10}, [9007199254740993]]';
    const { json } = await support.send(`{"query": "SELECT $1::text, $2::text, $3::text", "params": ${params}}`, {
      'Neon-Array-Mode': 'true',
    });
    expect(json.rows).toEqual([['12345678901234567890', '{"n":1.10}', '{9007199254740993}']]);
  });

  test('too many or too few are an error of the database', async () => {
    const replies = [
      await support.send({ query: 'SELECT $1::int' }),
      await support.send({ query: 'SELECT 1', params: [1] }),
    ];
    expect(replies.map(({ status, json }) => [status, json.code])).toEqual([
      [400, '08P01'],
      [400, '08P01'],
    ]);
  });
});

describe('bodies', () => {
  test('members that are not known are ignored, and so is the content type', async () => {
    const body = { query: 'SELECT 1 AS a', params: [], queries: 5, more: {}, arrayMode: null };
    for (const type of ['text/plain;charset=UTF-8', 'application/json', 'image/png']) {
      expect((await support.send(body, { 'Content-Type': type })).json.rows).toEqual([{ a: 1 }]);
    }
  });

  test('a single query is tried before a batch', async () => {
    const both = await support.send({ query: 'SELECT 1 AS a', queries: [{ query: 'SELECT 2' }] });
    expect(both.json.rows).toEqual([{ a: 1 }]);
    const batch = await support.send({ query: 5, queries: [{ query: 'SELECT 2 AS a' }] });
    expect(batch.json.results[0].rows).toEqual([{ a: 2 }]);
  });

  test.each([
    ['no JSON', '{"query":'],
    ['nothing', ''],
    ['a byte order mark', '\ufeff{"query":"SELECT 1"}'],
    ['a null', 'null'],
    ['a string', '"SELECT 1"'],
    ['neither query nor queries', '{}'],
    ['a query that is no string', '{"query": 1}'],
    ['params that are no array', '{"query": "SELECT 1", "params": {}}'],
    ['params that are null', '{"query": "SELECT 1", "params": null}'],
    ['an arrayMode that is no boolean', '{"query": "SELECT 1", "arrayMode": "true"}'],
    ['a batch with something else in it', '{"queries": [{"query": "SELECT 1"}, {}]}'],
  ])('%s is 400', async (_, body) => {
    const reply = await support.send(body);
    const message = expect.stringMatching(/^could not parse the HTTP request body: ./);
    expect([reply.status, reply.json]).toEqual([400, expect.objectContaining({ message, code: '' })]);
  });

  test('bytes that are not UTF-8 are 400', async () => {
    const headers = { 'Neon-Connection-String': support.connectionString };
    const body = Buffer.from('{"query":"SELECT \'\xff\'"}', 'latin1');
    expect((await fetch(support.endpoint.url, { method: 'POST', headers, body })).status).toBe(400);
  });
});

describe('limits', () => {
  const post = async (size: number, chunked = false): Promise<number> => {
    const body = JSON.stringify({ query: 'SELECT 1', more: '' });
    const padded = body.replace('""', `"${'x'.repeat(size - body.length)}"`);
    const headers = { 'Neon-Connection-String': support.connectionString };
    const init = chunked ? { body: new Blob([padded]).stream(), duplex: 'half' as const } : { body: padded };
    const response = await fetch(support.endpoint.url, { method: 'POST', headers, ...init });
    if (response.status === 413) {
      const message = `request is too large (max is ${MAX_REQUEST} bytes)`;
      expect(await response.json()).toMatchObject({ message, code: '' });
    }
    return response.status;
  };

  test('a request may have so many bytes and no more', async () => {
    expect(await post(MAX_REQUEST)).toBe(200);
    expect(await post(MAX_REQUEST + 1)).toBe(413);
    expect(await post(20 * MAX_REQUEST)).toBe(413);
    expect(await post(MAX_REQUEST + 1, true)).toBe(413);
  });

  const tooLarge = ({ status, json }: Reply) =>
    status === 507 && json.message === `response is too large (max is ${MAX_RESPONSE} bytes)` && json.code === '';

  test('a response that is too long before its last row is 507', async () => {
    const rows = (n: number) => support.send({ query: `SELECT repeat('é', 499) AS a FROM generate_series(1, ${n})` });
    expect((await rows(10)).status).toBe(200);
    expect(tooLarge(await rows(11))).toBe(true);
  });

  test('one long row passes', async () => {
    expect((await support.send({ query: "SELECT repeat('x', 50000) AS a" })).json.rows[0].a.length).toBe(50_000);
  });

  test('a batch has one limit for all, and is rolled back beyond it', async () => {
    const insert = { query: "INSERT INTO counted VALUES (1) RETURNING repeat('x', 6000)" };
    expect((await support.send({ queries: [insert] })).status).toBe(200);
    expect(tooLarge(await support.send({ queries: [insert, insert, insert] }))).toBe(true);
    expect(await support.value('DELETE FROM counted RETURNING n')).toBe(1);
  });

  test('an endless response is cut off', async () => {
    const query = "SELECT repeat('x', 1000), generate_series(1, 1000000000)";
    expect(tooLarge(await support.send({ query }))).toBe(true);
    expect(await support.value('SELECT 1')).toBe(1);
  });
});
