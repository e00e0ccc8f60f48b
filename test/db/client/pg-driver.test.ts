import { getEventListeners } from 'node:events';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../../../src/db/client/drivers/driver.ts';
import { neonDriver } from '../../../src/db/client/drivers/neon.ts';
import { pgDriver } from '../../../src/db/client/drivers/pg.ts';
import { sqlState, toDatabaseError } from '../../../src/db/client/errors.ts';
import { problemOf } from '../../../src/http/response/problem-of.ts';
import { Problem } from '../../../src/problem.ts';
import { useDatabase } from '../../support/database.ts';
import { failure, pgSession, type Session, type Sql, sessionOf, superuserUrl } from './pg-support.ts';

/* Batches over PostgreSQL's own protocol: what goes in and out, and what they leave behind. Neon's driver does alike. */

const database = useDatabase({
  prepare: async (admin) => {
    await admin.query(
      'create table notes (id int primary key, text text constraint notes_text check (text <> $$bad$$))',
    );
  },
});
let pg: Session;
let neon: Session;

beforeAll(() => {
  pg = pgSession(database);
  neon = sessionOf(
    neonDriver({ url: superuserUrl(database).replace(/127.0.0.1:\d+/, 'localhost'), endpoint: database.endpoint.url }),
  );
});

const notes = async () => (await database.admin.query('select id, text from notes order by id')).rows;

describe('values', () => {
  const id = '01976d5c-0000-7000-8000-000000000001';
  const text = 'quotes \' " $1, back\\slashes, {braces}, comma, \u{1F600}, e\u0301, tab\t, line\nbreak\r\n';

  test.each<[string, string, unknown, unknown]>([
    ['text', 'text', text, text],
    ['an empty text', 'text', '', ''],
    ['null', 'text', null, null],
    ['an integer', 'int', 2 ** 31 - 1, 2 ** 31 - 1],
    ['a bigint, which is text', 'bigint', '9223372036854775807', '9223372036854775807'],
    ['a double', 'float8', 0.1, 0.1],
    ['a boolean', 'boolean', false, false],
    ['a uuid', 'uuid', id, id],
    ['json', 'jsonb', JSON.stringify({ a: [1, null, text] }), { a: [1, null, text] }],
    ['json of an object', 'jsonb', { a: [1, text] }, { a: [1, text] }],
    ['a timestamp', 'timestamptz', '2026-01-02T03:04:05.678Z', new Date('2026-01-02T03:04:05.678Z')],
    ['a Date', 'timestamptz', new Date(1e12), new Date(1e12)],
    ['an empty array', 'text[]', [], []],
    [
      'an array',
      'text[]',
      ['a', '', 'null', 'NULL', null, '{}', 'a,b', 'a"b'],
      ['a', '', 'null', 'NULL', null, '{}', 'a,b', 'a"b'],
    ],
    ['an array of uuids', 'uuid[]', [id, id], [id, id]],
    ['an array of numbers', 'int[]', [1, -2], [1, -2]],
  ])('%s', async (_, type, parameter, expected) => {
    const statement: Sql = [`select $1::${type} as value`, parameter];
    expect(await pg.read(statement)).toEqual([[{ value: expected }]]);
    expect(await neon.read(statement)).toEqual([[{ value: expected }]]);
  });

  test('arrays keep backslashes and line breaks', async () => {
    const parameter = [text, 'C:\\new', '\\', '\n'];
    expect(await pg.read(['select $1::text[] as value', parameter])).toEqual([[{ value: parameter }]]);
  });

  test('one that has no text fails before anything is sent, and nothing else of its batch happens', async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    await expect(
      pg.run(
        "insert into notes values (90, 'x')",
        ['select $1::jsonb', circular],
        "insert into notes values (91, 'x')",
      ),
    ).rejects.toThrow(TypeError);
    expect(await notes()).toEqual([]);
  });

  test('the rows of each statement come in order, also of none and of many', async () => {
    const many = 'select n::int from generate_series(1, 5000) as n';
    const results = await pg.run('select 1 as a, 2 as b', 'select where false', many, ['select $1::int as c', 7]);
    expect(results.map(({ length }) => length)).toEqual([1, 0, 5000, 1]);
    expect(results[0]).toEqual([{ a: 1, b: 2 }]);
    expect(results[2]?.at(-1)).toEqual({ n: 5000 });
    expect(results[3]).toEqual([{ c: 7 }]);
    expect(await pg.run('select 1 as a', '', 'select 2 as b')).toEqual([[{ a: 1 }], [], [{ b: 2 }]]);
  });

  test('a batch of megabytes passes in both directions', async () => {
    const long = 'x'.repeat(3_000_000);
    const results = await pg.read(...Array.from({ length: 4 }, (): Sql => ['select $1::text as value', long]));
    expect(results.map(([row]) => String(row?.value).length)).toEqual([3e6, 3e6, 3e6, 3e6]);
  });
});

describe('a batch', () => {
  test('is one transaction, in READ COMMITTED', async () => {
    const state = "select pg_current_xact_id()::text as id, current_setting('transaction_isolation') as level";
    const [[first], , [last]] = (await pg.run(state, "insert into notes values (1, 'one')", state)) as [
      [{ id: string; level: string }],
      unknown,
      [{ id: string; level: string }],
    ];
    expect(first.level).toBe('read committed');
    expect(last.id).toBe(first.id);
    expect(await notes()).toEqual([{ id: 1, text: 'one' }]);
    await pg.run('delete from notes');
  });

  test('that is a dry run has all its results and leaves nothing, and the connection goes on', async () => {
    for (const session of [pg, neon]) {
      const insert: Sql = ['insert into notes values (1, $1) returning text', 'x'.repeat(8_000_000)];
      const [[first], [last]] = (await session.dryRun(insert, 'select count(*)::int as n from notes')) as [
        Row[],
        Row[],
      ];
      expect(String(first?.text)).toHaveLength(8_000_000);
      expect(last).toEqual({ n: 1 });
      expect(sqlState(await failure(session.dryRun("insert into notes values (1, 'bad')")))).toBe('23514');
      expect(await session.run('select count(*)::int as n from notes')).toEqual([[{ n: 0 }]]);
    }
    expect(await notes()).toEqual([]);
  });

  test('that fails anywhere leaves nothing, and the connection goes on', async () => {
    const [[before]] = (await pg.read('select pg_backend_pid() as pid')) as [[{ pid: number }]];
    const good: Sql = "insert into notes values (2, 'two')";
    for (const bad of ["insert into notes values (3, 'bad')", 'select 1/0', 'nonsense', 'select * from nowhere']) {
      for (const batch of [
        [bad, good],
        [good, bad],
        [good, bad, good],
      ]) {
        expect(sqlState(await failure(pg.run(...batch))), bad).toMatch(/^(23514|22012|42601|42P01)$/);
        expect(await pg.read('select count(*)::int as n from notes')).toEqual([[{ n: 0 }]]);
      }
    }
    expect(await pg.read('select pg_backend_pid() as pid')).toEqual([[before]]);
  });

  test('whose commit fails leaves nothing', async () => {
    await database.admin.query(
      'create table late (id int, constraint late_id unique (id) deferrable initially deferred)',
    );
    const error = await failure(pg.run('insert into late values (1)', 'insert into late values (1)', 'select 1'));
    expect(error).toMatchObject({ code: '23505', severity: 'ERROR', constraint: 'late_id' });
    expect(await pg.read('select from late')).toEqual([[]]);
  });

  test('that may only read cannot write', async () => {
    for (const write of ["insert into notes values (4, 'four')", 'delete from notes', 'create table more ()']) {
      const [ours, theirs] = [await failure(pg.read(write)), await failure(neon.read(write))];
      expect(sqlState(ours)).toBe('25006');
      expect(sqlState(theirs)).toBe('25006');
    }
    expect(await pg.run("insert into notes values (4, 'four')", 'delete from notes')).toEqual([[], []]);
  });

  test('carries nothing over to the next', async () => {
    const enter: Sql = ["select set_config('onetrip.tenant', $1, true), set_config('role', 'onetrip_app', true)", 'x'];
    const state = `select pg_backend_pid() as pid, current_user::text as who,
      coalesce(current_setting('onetrip.tenant', true), '') as tenant`;
    const [, [within]] = (await pg.run(enter, state)) as [unknown, [{ pid: number; who: string; tenant: string }]];
    expect(within).toMatchObject({ who: 'onetrip_app', tenant: 'x' });
    const after = { pid: within.pid, who: 'postgres', tenant: '' };
    expect(await pg.run(state)).toEqual([[after]]);
    await failure(pg.run(enter, 'select 1/0'));
    expect(await pg.run(state)).toEqual([[after]]);
  });

  test('of a tenant leaves none behind, over the role of the API', async () => {
    const url = new URL(superuserUrl(database));
    Object.assign(url, { username: 'onetrip_worker', password: 'worker' });
    const worker = sessionOf(pgDriver({ url: url.href }));
    const { rows } = await database.admin.query("insert into tenants (name) values ('Acme') returning id");
    const enter: Sql = ['select set_tenant_context($1, $2, $3)', rows[0].id, 'ann', 'request-1'];
    const own = "insert into tags (tenant_id, name) select id, 'own' from tenants where id = $1";
    await worker.run(enter, [own, rows[0].id]);
    const [, seen] = await worker.read(enter, 'select name from tags');
    expect(seen).toEqual([{ name: 'own' }]);
    const stray = await worker.read('select name from tags').catch((error) => sqlState(error));
    expect(stray, 'rows without a tenant').not.toEqual([seen]);
  });
});

describe('errors', () => {
  const raised = `do $$ begin raise exception using errcode = 'OT000', message = 'x',
    detail = '{"code":"cycle","detail":"No."}'; end $$`;
  const broken = `do $$ begin raise unique_violation using constraint = 'tags_name_unique', detail = 'Key (x)'; end $$`;
  const limited = (setting: string): Sql => `select set_config('${setting}', '50ms', true)`;

  test.each<[string, Sql[], string, string]>([
    ['a broken constraint', ["insert into notes values (5, 'bad')"], '23514', 'internal'],
    ['a constraint that callers know', [broken], '23505', 'duplicate'],
    ['a problem of ours', [raised], 'OT000', 'cycle'],
    ['a value out of range', [['select $1::int', '99999999999']], '22003', 'invalid_request'],
    ['text that is no uuid', [['select $1::uuid', 'x']], '22P02', 'invalid_request'],
    ['a table that is missing', ['select * from nowhere'], '42P01', 'unavailable'],
    ['time that has run out', [limited('statement_timeout'), 'select pg_sleep(5)'], '57014', 'timeout'],
    ['a serialisation failure', ["do $$ begin raise sqlstate '40001'; end $$"], '40001', 'unavailable'],
    ['NUL in a text', [['select $1::text', 'a\0b']], '22021', 'invalid_request'],
  ])('%s means the same over both drivers', async (_, statements, code, problem) => {
    const [ours, theirs] = [await failure(pg.run(...statements)), await failure(neon.run(...statements))];
    const shape = ({ code, severity, detail, constraint }: Record<string, unknown>) => ({
      code,
      severity,
      detail: detail ?? null,
      constraint: constraint ?? null,
    });
    expect(String(sqlState(ours))).toMatch(new RegExp(`^(${code})$`));
    expect(shape(ours as never)).toEqual(shape(theirs as never));
    const [a, b] = [problemOf(toDatabaseError(ours)), problemOf(toDatabaseError(theirs))];
    expect(a).toBeInstanceOf(Problem);
    expect(a.code).toMatch(new RegExp(`^(${problem})$`));
    expect({ ...a, message: a.message }).toEqual({ ...b, message: b.message });
  });

  test('a wrong password, and a database that is not there, are outages', async () => {
    for (const change of [{ password: 'wrong' }, { pathname: '/nowhere' }]) {
      const url: URL = Object.assign(new URL(superuserUrl(database)), change);
      const error = await failure(sessionOf(pgDriver({ url: url.href })).run('select 1'));
      expect(sqlState(error)).toMatch(/^(28P01|3D000)$/);
      expect(problemOf(toDatabaseError(error)).code).toBe('unavailable');
    }
  });
});

describe('prepared statements', () => {
  const kept = async (session: Session) => {
    const [rows] = await session.read('select name, statement from pg_prepared_statements');
    return rows as { name: string; statement: string }[];
  };

  test('are prepared once, also where a batch has one twice', async () => {
    const session = pgSession(database);
    const statement: Sql = ['select $1::int + 1 as n', 1];
    for (let i = 0; i < 3; i++) expect(await session.read(statement, statement)).toEqual([[{ n: 2 }], [{ n: 2 }]]);
    const ours = (await kept(session)).filter(({ statement: text }) => text === statement[0]);
    expect(ours).toHaveLength(1);
    const [uses] = await session.read([
      'select (generic_plans + custom_plans)::int as n from pg_prepared_statements where statement = $1',
      statement[0],
    ]);
    expect(uses).toEqual([{ n: 6 }]);
  });

  test('that failed in a transaction can be prepared later', async () => {
    const session = pgSession(database);
    await failure(session.run('select 1/0', ['select $1::int * 3 as n', 2]));
    expect(await session.run(['select $1::int * 3 as n', 2])).toEqual([[{ n: 6 }]]);
    await failure(session.run('select * from not_yet'));
    await database.admin.query('create table not_yet ()');
    expect(await session.run('select * from not_yet')).toEqual([[]]);
  });

  test('are known to be prepared or not, whatever fails', async () => {
    const session = pgSession(database);
    const pid = async () => (await session.read('select pg_backend_pid() as pid'))[0];
    const before = await pid();
    const five = (value: unknown): Sql => ['select $1::int * 5 as n', value];
    const seven: Sql = ['select $1::int * 7 as n', 2];
    await failure(session.run(five('x')));
    await failure(session.run('select 1/0', seven));
    expect(await session.run(five(2), seven)).toEqual([[{ n: 10 }], [{ n: 14 }]]);
    // A mistake about it would have been made good by the retry without names, which ends the connection.
    expect(await pid()).toEqual(before);
    const names = (await kept(session)).map(({ statement }) => statement).filter((text) => text.includes('::int * '));
    expect(names.sort()).toEqual(['select $1::int * 5 as n', 'select $1::int * 7 as n']);
  });

  test('are at most so many, and more of them work all the same', async () => {
    const session = pgSession(database);
    for (let i = 0; i < 25; i++) {
      const batch = Array.from({ length: 10 }, (_, j): Sql => [`select $1::int as n${i}_${j}`, j]);
      const results = await session.read(...batch);
      expect(results.map(([row]) => Object.values(row ?? {})[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    const { length } = await kept(session);
    expect(length).toBeLessThanOrEqual(200);
    expect(length).toBeGreaterThan(190);
  });

  test('do not outlive a change of their tables', async () => {
    const session = pgSession(database);
    await database.admin.query('create table changing (a int); insert into changing values (1)');
    const batch: Sql[] = ['insert into changing select 2', 'select * from changing order by a'];
    expect((await session.run(...batch))[1]).toEqual([{ a: 1 }, { a: 2 }]);
    await database.admin.query("alter table changing add b text default 'new'");
    expect((await session.run(...batch))[1]).toHaveLength(3);
    expect((await session.run(...batch))[1]?.[0]).toEqual({ a: 1, b: 'new' });
    expect((await database.admin.query('select from changing')).rowCount, 'each insert once').toBe(4);
  });

  test('may be lost, or be there already, as behind a pooler', async () => {
    const session = pgSession(database);
    const statement: Sql = ['select $1::text as lost', 'x'];
    await session.read(statement);
    await session.run('deallocate all');
    expect(await session.read(statement)).toEqual([[{ lost: 'x' }]]);
    // Prepared again, it has the same name on every connection; here another statement has it.
    await session.read(statement);
    const name = (await kept(session)).find((found) => found.statement === statement[0])?.name;
    const other = pgSession(database);
    await other.run(`prepare "${name}" as select 'another'`);
    expect(await other.read(statement)).toEqual([[{ lost: 'x' }]]);
  });
});

test('a deadline far ahead holds nothing of a batch that has ended', async () => {
  const { signal } = new AbortController();
  const session = sessionOf(pg.driver, signal);
  await session.read('select 1');
  expect(await failure(session.read('select 1 / 0'))).toMatchObject({ code: '22012' });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
