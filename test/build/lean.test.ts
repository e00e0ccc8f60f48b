import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as driver from '@neondatabase/serverless';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { root } from '../../dev/build/bundle.ts';
import { leanKysely } from '../../dev/build/lean-kysely.ts';
import { leanDriver, leanNeon } from '../../dev/build/lean-neon.ts';
import { useDatabase } from '../support/database.ts';

/* What the build leaves out of the packages must be nothing that we use; and it must notice when a package has changed. */

const database = useDatabase();
const directory = await mkdtemp(join(tmpdir(), 'onetrip-lean-'));
afterAll(() => rm(directory, { recursive: true }));

const source = await readFile(fileURLToPath(import.meta.resolve('@neondatabase/serverless')), 'utf8');

/** Bundles a module as the Workers are, and loads it. */
async function load(contents: string) {
  const outfile = join(directory, `${Math.random().toString(36).slice(2)}.mjs`);
  const { metafile } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    outfile,
    metafile: true,
    logLevel: 'silent',
    plugins: [leanNeon, leanKysely],
  });
  return { module: await import(pathToFileURL(outfile).href), bytes: Object.values(metafile.outputs)[0]?.bytes ?? 0 };
}

const STATEMENTS: [string, unknown[]][] = [
  [`select 1 as i, 2::bigint as b, 1.5::float8 as f, 2.50::numeric as n, true as t, null as nothing, 'x' as s`, []],
  [
    `select '{"a": [1, null]}'::json as j, '{"b": 2}'::jsonb as jb, array[1, 2] as ints, array['a,b', null] as texts`,
    [],
  ],
  [`select '2026-03-01T09:30:00.123Z'::timestamptz as at, '2026-03-01'::date as day, '1 day'::interval as i`, []],
  [
    'select $1::text as a, $2::int as b, $3::jsonb as c, $4::text[] as d, $5::bool as e',
    ['x', 7, { y: 1 }, ['p', 'q'], false],
  ],
  ['select $1::timestamptz as at, $2::text as nothing', [new Date(0), null]],
  ['select generate_series(1, 3) as n', []],
  ['select 1 where false', []],
];

test('the lean driver does what the whole one does', async () => {
  const { module: lean, bytes } = await load(`export { neon, neonConfig } from '@neondatabase/serverless';`);
  expect(bytes).toBeLessThan(40_000);
  expect(Object.keys(lean).sort()).toEqual(['neon', 'neonConfig']);

  const answers = await Promise.all(
    [driver, lean as typeof driver].map(async ({ neon, neonConfig }) => {
      neonConfig.fetchEndpoint = database.endpoint.url;
      const sql = neon(database.url, { fullResults: true, disableWarningInBrowsers: true });
      const results = await sql.transaction(
        STATEMENTS.map(([text, parameters]) => sql.query(text, parameters)),
        { isolationLevel: 'ReadCommitted', readOnly: true },
      );
      const { code, severity, message, constraint } = await sql
        .transaction([sql`select 1 / 0`])
        .catch((error) => error);
      neonConfig.fetchEndpoint = 'http://127.0.0.1:1/sql';
      const lost = await sql.query('select 1').catch((error) => error.message);
      return {
        results: results.map(({ rows, fields, command, rowCount }) => ({ rows, fields, command, rowCount })),
        error: { code, severity, message, constraint },
        lost,
      };
    }),
  );
  expect(answers[0]?.results).toHaveLength(STATEMENTS.length);
  expect(answers[0]?.error).toMatchObject({ code: '22012', severity: 'ERROR' });
  expect(answers[0]?.lost).toMatch(/^Error connecting to database/);
  expect(answers[1]).toEqual(answers[0]);
});

test.each<[string, (source: string) => string]>([
  ['the wrapper of modules', (text) => text.replace('try{return e||r(', 'try{return e??r(')],
  ['its end', (text) => text.replace('"getAuthToken"', '"authToken"')],
  ['a module', (text) => text.replace('"EventEmitter"', '"Emitter"')],
  ['its exports', (text) => text.replace('ys as neon,', 'ys as sql,')],
])('a driver that is made otherwise fails the build: %s', async (_, change) => {
  expect(change(source)).not.toBe(source);
  await expect(leanDriver(change(source))).rejects.toThrow(/not made as expected.*dev\/build\/lean-neon\.ts/);
});

test('Kysely compiles queries, and what is left out of it says so', async () => {
  const { module } = await load(`
    import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
    export const db = new Kysely({ dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    } });`);
  expect(module.db.selectFrom('tags').selectAll().compile().sql).toBe('select * from "tags"');
  expect(() => module.db.schema).toThrow('SchemaModule of Kysely is left out of this build');
  expect(() => module.db.introspection).toThrow('PostgresIntrospector of Kysely is left out of this build');
  expect(() => module.db.withSchema('public')).toThrow('WithSchemaPlugin of Kysely is left out of this build');
});

test('a Kysely that is made otherwise fails the build', async () => {
  const other = join(directory, 'node_modules', 'kysely', 'dist');
  await mkdir(other, { recursive: true });
  await writeFile(join(other, 'index.js'), 'export class Kysely {}');
  const entry = join(directory, 'entry.js');
  await writeFile(entry, `import { Kysely } from './node_modules/kysely/dist/index.js'; console.log(Kysely);`);
  await expect(
    build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      logLevel: 'silent',
      plugins: [leanKysely],
    }),
  ).rejects.toThrow(/Kysely has no schema\/schema-module\.js/);
});
