/** The local Neon endpoint, asked by the driver that asks Neon. */
import { neon, neonConfig } from '@neondatabase/serverless';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Support, startSupport } from './support.ts';

let support: Support;
let sql: ReturnType<typeof neon<false, false>>;

beforeAll(async () => {
  support = await startSupport();
  neonConfig.fetchEndpoint = () => support.endpoint.url;
  sql = neon(support.connectionString);
  await sql`CREATE TABLE notes (id int PRIMARY KEY, body text NOT NULL, data jsonb, tags text[])`;
});

afterAll(() => support?.stop());

test('a single query with parameters of the driver gives typed rows', async () => {
  const moment = new Date('2026-02-03T04:05:06.789Z');
  const rows = await sql`
    SELECT ${1}::int AS int, ${true}::bool AS bool, ${'a"b\\c\n'} AS text, ${null}::text AS nothing,
      ${{ a: [1, null] }}::jsonb AS data, ${['x', 'y,"z"', null]}::text[] AS tags, ${moment}::timestamptz AS moment,
      ${Buffer.from([0, 255])}::bytea AS bytes, ${'9007199254740993'}::int8 AS big`;
  expect(rows).toEqual([
    {
      int: 1,
      bool: true,
      text: 'a"b\\c\n',
      nothing: null,
      data: { a: [1, null] },
      tags: ['x', 'y,"z"', null],
      moment,
      bytes: Buffer.from([0, 255]),
      big: '9007199254740993',
    },
  ]);
});

test('full results and array mode tell all that the driver promises', async () => {
  const result = await sql.query('SELECT 1 AS a, 2 AS a', [], { fullResults: true, arrayMode: true });
  expect(result).toMatchObject({ command: 'SELECT', rowCount: 1, rowAsArray: true, rows: [[1, 2]] });
  expect(result.fields[0]).toEqual({
    name: 'a',
    dataTypeID: 23,
    tableID: 0,
    columnID: 0,
    dataTypeSize: 4,
    dataTypeModifier: -1,
    format: 'text',
  });
});

test('a transaction is one request, with its level and mode', async () => {
  const before = support.endpoint.requests;
  const results = await sql.transaction(
    [
      sql`SELECT current_setting('transaction_isolation') AS setting`,
      sql`SELECT current_setting('transaction_read_only') AS setting`,
      sql`SELECT current_setting('transaction_deferrable') AS setting`,
    ],
    { isolationLevel: 'Serializable', readOnly: true, deferrable: true },
  );
  expect(results.flat()).toEqual([{ setting: 'serializable' }, { setting: 'on' }, { setting: 'on' }]);
  expect(support.endpoint.requests).toBe(before + 1);
});

test('a transaction that fails leaves nothing', async () => {
  const attempt = sql.transaction([
    sql`INSERT INTO notes (id, body) VALUES (1, 'first')`,
    sql`INSERT INTO notes (id, body) VALUES (1, 'again')`,
  ]);
  await expect(attempt).rejects.toMatchObject({ name: 'NeonDbError', code: '23505' });
  expect(await sql`SELECT * FROM notes`).toEqual([]);
});

test('a transaction that only reads cannot write', async () => {
  const attempt = sql.transaction([sql`INSERT INTO notes (id, body) VALUES (2, 'x')`], { readOnly: true });
  await expect(attempt).rejects.toMatchObject({ code: '25006' });
});

test('what a transaction writes is there', async () => {
  await sql.transaction([
    sql`INSERT INTO notes (id, body, data, tags) VALUES (3, 'c', ${{ k: 'v' }}, ${['t']})`,
    sql`UPDATE notes SET body = body || 'd' WHERE id = 3`,
  ]);
  expect(await sql`SELECT * FROM notes WHERE id = 3`).toEqual([{ id: 3, body: 'cd', data: { k: 'v' }, tags: ['t'] }]);
});

test('an error has the fields of the database', async () => {
  await expect(sql`INSERT INTO notes (id, body) VALUES (4, NULL)`).rejects.toMatchObject({
    name: 'NeonDbError',
    message: 'null value in column "body" of relation "notes" violates not-null constraint',
    severity: 'ERROR',
    code: '23502',
    detail: 'Failing row contains (4, null, null, null).',
    schema: 'public',
    table: 'notes',
    column: 'body',
    file: 'execMain.c',
    line: expect.stringMatching(/^\d+$/),
    routine: expect.any(String),
  });
  await expect(sql.query('SELEC 1')).rejects.toMatchObject({ code: '42601', position: '1', detail: undefined });
});
