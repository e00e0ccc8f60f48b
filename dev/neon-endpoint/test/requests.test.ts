/** The local Neon endpoint: bodies and parameters, and how much may go in and come out. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
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

  // What serde_json 1.0.125 makes of them; the last of them in an object and in an array.
  test.each([
    ['9007199254740993', '9007199254740993'],
    ['18446744073709551615', '18446744073709551615'],
    ['18446744073709551616', '1.8446744073709552e19'],
    ['-9223372036854775809', '-9.223372036854776e18'],
    ['1e2', '100.0'],
    ['-0', '-0.0'],
    ['1.10', '1.1'],
    ['1e15', '1000000000000000.0'],
    ['1e16', '1e16'],
    ['0.00001', '0.00001'],
    ['0.0000012', '1.2e-6'],
    ['5e-324', '5e-324'],
    ['{"n": 1e2}', '{"n":100.0}'],
    ['[1e2]', '{100.0}'],
  ])('%s is a number of 64 bits, sent as %s', async (param, text) => {
    const { json } = await support.send(`{"query": "SELECT $1::text AS t", "params": [${param}]}`);
    expect(json.rows).toEqual([{ t: text }]);
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
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

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
    ['a query that stands twice', '{"query": "SELECT 1", "qu\\u0065ry": "SELECT 1"}'],
    ['params that stand twice in a batch', '{"queries": [{"query": "SELECT 1", "params": [], "params": []}]}'],
    ['a batch that stands twice', '{"queries": [{"query": "SELECT 1"}], "queries": []}'],
    ['half of a surrogate pair', '{"query": "SELECT 1", "params": ["\\ud83d"]}'],
    ['the other half in a name', '{"query": "SELECT 1", "\\ude00": 1}'],
    ['a number beyond a double', '{"query": "SELECT 1", "params": [1e400]}'],
    ['what is nested 128 deep', `{"query": "SELECT 1", "more": ${nested(127)}}`],
  ])('%s is 400', async (_, body) => {
    const reply = await support.send(body);
    const message = expect.stringMatching(/^could not parse the HTTP request body: ./);
    expect([reply.status, reply.json]).toEqual([400, expect.objectContaining({ message, code: '' })]);
  });

  test.each([
    ['a member that is not known and stands twice', '{"query": "SELECT 1 AS a", "more": 1, "more": 2}'],
    ['one of a parameter', '{"query": "SELECT 1 AS a WHERE $1::text > \'\'", "params": [{"query": 1, "query": 2}]}'],
    ['a surrogate pair', '{"query": "SELECT 1 AS a", "more": "\\ud83d\\ude00 \\\\ud83d"}'],
    ['what is nested 127 deep', `{"query": "SELECT 1 AS a", "more": ${nested(126)}}`],
  ])('%s is no fault', async (_, body) => {
    expect((await support.send(body)).json.rows).toEqual([{ a: 1 }]);
  });

  test('a query that stands twice leaves the batch beside it', async () => {
    const body = '{"query": "SELECT 1", "query": "SELECT 2", "queries": [{"query": "SELECT 3 AS a"}]}';
    expect((await support.send(body)).json.results[0].rows).toEqual([{ a: 3 }]);
  });

  test('bytes that are not UTF-8 are 400', async () => {
    const headers = { 'Neon-Connection-String': support.connectionString };
    const body = Buffer.from('{"query":"SELECT \'\xff\'"}', 'latin1');
    expect((await fetch(support.endpoint.url, { method: 'POST', headers, body })).status).toBe(400);
  });
});

describe('limits', () => {
  interface Sending {
    /** What `Content-Length` says; without it the body comes in chunks. */
    length?: number;
    /** What is sent before there is an answer. The body has no end then. */
    bytes: number;
  }

  /** @returns the status, the answer's `Connection`, and what the answer says */
  async function post({ length, bytes }: Sending): Promise<[number | undefined, string | undefined, string]> {
    const headers = { 'Neon-Connection-String': support.connectionString };
    const sending = request(support.endpoint.url, {
      method: 'POST',
      headers: { ...headers, ...(length !== undefined && { 'Content-Length': length }) },
    });
    // What is not read when the connection is closed has it reset.
    sending.on('error', () => {});
    const start = '{"query":"SELECT 1","more":"';
    sending.write(`${start}${'x'.repeat(bytes - start.length - 2)}"}`);
    if (length === undefined ? bytes <= MAX_REQUEST : bytes >= length) sending.end();
    const [response] = (await once(sending, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    return [response.statusCode, response.headers.connection, text];
  }

  const message = `request is too large (max is ${MAX_REQUEST} bytes)`;

  test.each<[string, Sending]>([
    ['of a length that is known', { length: MAX_REQUEST, bytes: MAX_REQUEST }],
    ['in chunks', { bytes: MAX_REQUEST }],
  ])('a request %s may have so many bytes', async (_, sending) => {
    expect((await post(sending))[0]).toBe(200);
  });

  // Nobody reads to the end what is refused.
  test.each<[string, Sending]>([
    ['says that it has more, before any of them', { length: MAX_REQUEST + 1, bytes: 100 }],
    ['has more, in chunks', { bytes: MAX_REQUEST + 1 }],
  ])('a request that %s is refused at once, and its connection closed', async (_, sending) => {
    const [status, connection, text] = await post(sending);
    expect([status, connection]).toEqual([413, 'close']);
    expect(JSON.parse(text)).toMatchObject({ message, code: '' });
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
