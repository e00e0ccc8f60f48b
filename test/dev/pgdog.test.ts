import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { pgdogFiles, shardedTables } from '../../dev/local/pgdog.ts';
import { addressOf, useDatabase } from '../support/database.ts';
import { bindingsOf, useShards } from '../support/shards.ts';

/* The configuration of PgDog, made from the catalogue. */

const database = useDatabase();
const shards = useShards(['a', 'b'], addressOf);

test('has every table that has a tenant’s rows, one to come among them, and no other', async () => {
  await database.admin.query(`
    create table planted (tenant_id uuid, id uuid, primary key (tenant_id, id));
    create table common (id uuid);`);
  const tables = await shardedTables(database.admin);
  const { rows } = await database.admin.query(
    `select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`,
  );
  const of = new Set(tables.map(({ table }) => table));
  expect(
    rows
      .map(({ name }) => name)
      .filter((name) => !of.has(name))
      .sort(),
  ).toEqual([...['common', 'schema_migrations', 'tenant_directory']]);
  expect(tables).toContainEqual({ table: 'planted', column: 'tenant_id' });
  expect(tables).toContainEqual({ table: 'tenants', column: 'id' });
});

test('quotes what needs it, and asks for TLS where a URL does', () => {
  const urls = new Map([
    ['a', 'postgres://w%22x:p%5C%22q@one.example.com/a?sslmode=require'],
    ['b', 'postgres://w:p@[::1]:5433/b'],
  ]);
  const files = pgdogFiles(urls, [{ table: 'tasks', column: 'tenant_id' }], { host: '0.0.0.0', port: 6000 });
  expect(files['pgdog.toml']).toMatchInlineSnapshot(`
    "[general]
    host = "0.0.0.0"
    port = 6000
    pooler_mode = "transaction"
    query_parser = "on"
    prepared_statements = "extended"
    cross_shard_disabled = true
    connect_timeout = 2000
    checkout_timeout = 3000
    tls_verify = "verify_full"

    # a
    [[databases]]
    name = "onetrip"
    shard = 0
    role = "primary"
    host = "one.example.com"
    port = 5432
    database_name = "a"
    user = "w\\"x"
    password = "p\\\\\\"q"

    # b
    [[databases]]
    name = "onetrip"
    shard = 1
    role = "primary"
    host = "::1"
    port = 5433
    database_name = "b"
    user = "w"
    password = "p"

    [[sharded_tables]]
    database = "onetrip"
    name = "tasks"
    column = "tenant_id"
    data_type = "uuid"
    "
  `);
  expect(files['users.toml']).toMatchInlineSnapshot(`
    "[[users]]
    name = "w\\"x"
    database = "onetrip"
    password = "p\\\\\\"q"
    "
  `);
});

test('npm run pgdog-config writes it for nobody else to read; not where the databases differ', async () => {
  const to = await mkdtemp(join(tmpdir(), 'onetrip-pgdog-'));
  onTestFinished(() => rm(to, { recursive: true }));
  const generate = () =>
    promisify(execFile)(process.execPath, ['dev/cli/pgdog-config.ts', '--to', to], {
      env: { ...process.env, SHARDS: bindingsOf(shards).SHARDS },
    });
  expect((await generate()).stdout).toContain('2 databases, ');
  const text = await readFile(join(to, 'pgdog.toml'), 'utf8');
  expect(text.match(/^\[\[sharded_tables\]\]$/gm)).toHaveLength((await shardedTables(database.admin)).length - 1);
  for (const file of ['pgdog.toml', 'users.toml']) expect((await stat(join(to, file))).mode & 0o777).toBe(0o600);
  await shards.get('b')?.admin.query('create table late (tenant_id uuid)');
  await expect(generate()).rejects.toMatchObject({ stderr: 'a and b have different tables: migrate both.\n' });
});
