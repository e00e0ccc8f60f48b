/** The local Neon endpoint: how results and errors become JSON. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Support, startSupport } from './support.ts';

let support: Support;

beforeAll(async () => {
  support = await startSupport();
  await support.admin.query(`
    CREATE TYPE mood AS ENUM ('fine', 'so so');
    CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
    CREATE TABLE counted (n int)`);
});

afterAll(() => support?.stop());

describe('results', () => {
  const query = 'SELECT 1 AS a, NULL AS b, true AS c';
  const raw = { 'Neon-Raw-Text-Output': 'true' };
  const arrays = { 'Neon-Array-Mode': 'true' };

  test.each([
    ['native objects', {}, [{ a: 1, b: null, c: true }], false],
    ['native arrays', arrays, [[1, null, true]], true],
    ['text objects', raw, [{ a: '1', b: null, c: 't' }], false],
    ['text arrays', { ...raw, ...arrays }, [['1', null, 't']], true],
    [
      'native objects if the flags are not exactly true',
      { 'Neon-Raw-Text-Output': '1', 'Neon-Array-Mode': 'TRUE' },
      [{ a: 1, b: null, c: true }],
      false,
    ],
  ])('are %s', async (_, headers, rows, rowAsArray) => {
    expect((await support.send({ query }, headers)).json).toMatchObject({ rows, rowAsArray });
  });

  test('a statement decides for itself about arrays', async () => {
    const queries = [{ query, arrayMode: true }, { query }, { query, arrayMode: false }];
    const modes = async (headers: Record<string, string>) =>
      (await support.send({ queries }, headers)).json.results.map(
        (result: { rowAsArray: boolean }) => result.rowAsArray,
      );
    expect(await modes({})).toEqual([true, false, false]);
    expect(await modes(arrays)).toEqual([true, true, false]);
  });

  test('have the columns of PostgreSQL', async () => {
    const { json } = await support.send({ query: 'SELECT n, n::numeric(5,2) AS m FROM counted' });
    const { rows } = await support.admin.query("SELECT 'counted'::regclass::oid AS oid");
    expect(json).toEqual({
      fields: [
        {
          name: 'n',
          dataTypeID: 23,
          tableID: rows[0].oid,
          columnID: 1,
          dataTypeSize: 4,
          dataTypeModifier: -1,
          format: 'text',
        },
        {
          name: 'm',
          dataTypeID: 1700,
          tableID: 0,
          columnID: 0,
          dataTypeSize: -1,
          dataTypeModifier: 327_686,
          format: 'text',
        },
      ],
      rows: [],
      command: 'SELECT',
      rowCount: 0,
      rowAsArray: false,
    });
  });

  test.each([
    ['INSERT INTO counted VALUES (1), (2), (3)', 'INSERT', 3],
    ['UPDATE counted SET n = n + 1 WHERE n > 1', 'UPDATE', 2],
    ['DELETE FROM counted RETURNING n', 'DELETE', 3],
    ['CREATE TABLE other (a int)', 'CREATE', null],
    ['DROP TABLE other', 'DROP', null],
    ["SET work_mem = '2MB'", 'SET', null],
    ['', '', null],
  ])('of «%s» tell its command and count', async (statement, command, rowCount) => {
    expect((await support.send({ query: statement })).json).toMatchObject({ command, rowCount });
  });

  test.each([
    ['true', true],
    ['false', false],
    ["'-7'::int2", -7],
    ['2147483647', 2_147_483_647],
    ['9007199254740993::int8', '9007199254740993'],
    ['1.10::numeric', '1.10'],
    ['0.1::float4', 0.1],
    ['1e300::float8', 1e300],
    ["'-0'::float8", -0],
    ["'NaN'::float8", 'NaN'],
    ["'-Infinity'::float4", '-Infinity'],
    ["'2026-02-03 04:05:06.7+01'::timestamptz", '2026-02-03 03:05:06.7+00'],
    ["'2026-02-03'::date", '2026-02-03'],
    ["'\\x00ff'::bytea", '\\x00ff'],
    [`'{"a": [1, null, "é"], "__proto__": 1}'::json`, JSON.parse('{"a": [1, null, "é"], "__proto__": 1}')],
    [`'null'::jsonb`, null],
    ['50::percent', 50],
    ["'so so'::mood", 'so so'],
    ["'{}'::int[]", []],
    ["'{1,NULL,3}'::int[]", [1, null, 3]],
    [
      "'{{1,2},{3,4}}'::int2[]",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["'[0:1]={1,2}'::int[]", [1, 2]],
    ["'{1,2}'::int8[]", ['1', '2']],
    ["'{t,f}'::bool[]", [true, false]],
    ["'{1.5,NaN}'::float8[]", [1.5, 'NaN']],
    [
      `ARRAY['a', NULL, 'NULL', '', 'b,"c"\\', '{', ' x ', E'l\\nm', 'a=b']`,
      ['a', null, 'NULL', '', 'b,"c"\\', '{', ' x ', 'l\nm', 'a=b'],
    ],
    [`ARRAY['{"a": "x,y"}', '[1]']::jsonb[]`, [{ a: 'x,y' }, [1]]],
    ["ARRAY['so so', 'fine']::mood[]", ['so so', 'fine']],
    ["'1 2'::int2vector", '1 2'],
  ])('have %s in native JSON', async (expression, expected) => {
    expect(await support.value(`SELECT ${expression}`)).toEqual(expected);
  });

  test('have json as it is, to the letter', async () => {
    const json = '{"b": 1.0, "a": 12345678901234567890, "a": 2}';
    const response = await fetch(support.endpoint.url, {
      method: 'POST',
      headers: { 'Neon-Connection-String': support.connectionString },
      body: JSON.stringify({ query: 'SELECT $1::json AS j', params: [json] }),
    });
    expect(await response.text()).toContain(`"rows":[{"j":${json}}]`);
  });
});

describe('errors', () => {
  const members = [
    ...['message', 'code', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'severity', 'where'],
    ...['table', 'column', 'schema', 'dataType', 'constraint', 'file', 'line', 'routine'],
  ];

  test('of the database have all that it tells, and null for the rest', async () => {
    const { status, json } = await support.send({ query: 'SELECT missing FROM counted' });
    expect(status).toBe(400);
    expect(Object.keys(json).sort()).toEqual(members.sort());
    expect(json).toMatchObject({
      message: 'column "missing" does not exist',
      code: '42703',
      severity: 'ERROR',
      position: '8',
      detail: null,
      internalPosition: null,
      routine: 'errorMissingColumn',
    });
  });

  test('inside a function tell where', async () => {
    const query = "DO $$ BEGIN EXECUTE 'SELECT missing'; END $$";
    expect((await support.send({ query })).json).toMatchObject({
      internalPosition: '8',
      internalQuery: 'SELECT missing',
      position: null,
      where: expect.stringContaining('PL/pgSQL'),
    });
  });

  test('that SQL raises keep their code, detail and hint', async () => {
    const query = "DO $$ BEGIN RAISE 'no' USING ERRCODE = '40001', DETAIL = '{\"a\":1}', HINT = 'h'; END $$";
    const { status, json } = await support.send({ queries: [{ query }] });
    expect([status, json]).toEqual([
      400,
      expect.objectContaining({ message: 'no', code: '40001', detail: '{"a":1}', hint: 'h' }),
    ]);
  });

  test('of the endpoint have the same members', async () => {
    const { json } = await support.send('{}');
    expect(Object.keys(json).sort()).toEqual(members.sort());
    const { message: _, ...others } = json;
    const empty = Object.fromEntries(members.filter((name) => name !== 'message').map((name) => [name, null]));
    expect(others).toEqual({ ...empty, code: '', severity: '' });
  });
});
