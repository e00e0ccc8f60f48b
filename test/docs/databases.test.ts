import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { commandsWith, inlineWith } from './blocks.ts';
import { copyProject, runBlocks, runCommands, startBlocks } from './run-blocks.ts';

/**
 * The commands of the pages that migrate databases, make roles in them, serve from them, part their tables, and move tenants
 * between them, each in databases of its own.
 * @module-tag release
 */

// Each command is some processes, and the machine may have other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const withPsql = test.skipIf(spawnSync('psql', ['--version']).status !== 0);
const DEPLOYING = 'docs/deploying.md';

const cluster = useDatabase({ ownCluster: true });
let cwd: string;

beforeAll(async () => {
  cwd = await copyProject({ installed: true });
});
afterAll(() => rm(cwd, { recursive: true }));

/** A database without anything in it. @returns its URL, as the superuser */
async function emptyDatabase(name: string): Promise<string> {
  await cluster.admin.query(`create database ${name}`);
  return urlOf(name);
}

/** Without TLS, which the PostgreSQL of the tests does not have. */
function urlOf(name: string, login = `${cluster.admin.user}:${cluster.admin.password ?? ''}`): string {
  return `postgres://${login}@${cluster.admin.host}:${cluster.admin.port}/${name}?sslmode=disable`;
}

/** Asks a database one thing. */
async function ask<Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url.replace(/\?.*/, '') });
  await client.connect();
  return client
    .query<Row>(sql, values)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

/** What the pages have in place of a host, an owner, a database and TLS. */
const placeholders = (host: string, name: string): [string, string][] => [
  [host, `${cluster.admin.host}:${cluster.admin.port}`],
  ['OWNER:PASSWORD', `${cluster.admin.user}:${cluster.admin.password ?? ''}`],
  ['/onetrip?sslmode=require', `/${name}?sslmode=disable`],
];

/** Both roles log in with the passwords that stand in output, own nothing, and are members of their group alone. */
async function expectRoles(name: string, passwords: string): Promise<void> {
  const [, worker = '', cleaner = ''] = /^([0-9a-f]{48}) ([0-9a-f]{48})$/m.exec(passwords) ?? [];
  for (const [role, password, group] of [
    ['onetrip_worker', worker, 'onetrip_app'],
    ['onetrip_cleaner', cleaner, 'onetrip_janitor'],
  ] as const) {
    const rows = await ask(
      urlOf(name, `${role}:${password}`),
      `select pg_has_role(current_user, $1, 'member') as is_member, rolsuper or rolbypassrls as bypasses,
        exists (select from pg_class where relowner = pg_roles.oid) as owns
      from pg_roles where rolname = current_user`,
      [group],
    );
    expect(rows).toEqual([{ is_member: true, bypasses: false, owns: false }]);
  }
}

withPsql('a database at Neon is migrated and given its roles, which take a new password', async () => {
  await emptyDatabase('at_neon');
  const replace = placeholders('ep-HOST.neon.tech', 'at_neon');
  const address = "DATABASE_HOST='ep-HOST.neon.tech'";
  const print = 'echo "$WORKER_PASSWORD $JANITOR_PASSWORD"';
  const blocks = [address, 'npx dbmate --no-dump-schema up', 'export WORKER_PASSWORD'];
  const texts = await Promise.all(blocks.map((part) => commandsWith(DEPLOYING, part)));
  const [, migrated = '', , first = ''] = await runCommands([...texts, print], { cwd, replace });
  expect(migrated).toMatch(/^Applied: /m);
  await expectRoles('at_neon', first);
  const [, , again = ''] = await runCommands([texts[0] ?? '', texts[2] ?? '', print], { cwd, replace });
  expect(again).not.toBe(first);
  await expectRoles('at_neon', again);
});

withPsql('a server of one’s own starts from an empty database', async () => {
  await emptyDatabase('own');
  const PORT = String(await freePort());
  const output = await startBlocks(DEPLOYING, ["DATABASE_HOST='db.example.com'", 'npm start'], {
    cwd,
    env: { PORT, LISTEN_ADDRESS: '127.0.0.1' },
    replace: [...placeholders('db.example.com', 'own'), ['/onetrip?sslmode=verify-full', '/own']],
    until: /"event":"listening".*\n/,
  });
  expect(output).toContain('"ready":true');
  expect((await fetch(`http://127.0.0.1:${PORT}/ready`)).status).toBe(200);
});

withPsql('tables are parted', async () => {
  const url = urlOf(cluster.name);
  await runBlocks('docs/scaling.md', ['partition-tasks.sql'], { cwd, env: { OWNER_URL: url } });
  expect(await ask(url, `select count(*)::integer as parts from pg_partition_tree('tasks') where isleaf`)).toEqual([
    { parts: 16 },
  ]);
});

test('several databases are migrated, PgDog is told of them, and a tenant is moved between them', async () => {
  const [a, b] = [await emptyDatabase('shard_a'), await emptyDatabase('shard_b')];
  const owners: [string, string][] = [
    ['postgres://OWNER:PASSWORD@HOST_A/onetrip?sslmode=require', a],
    ['postgres://OWNER:PASSWORD@HOST_B/onetrip?sslmode=require', b],
  ];
  await runBlocks('docs/pgdog.md', ['export OWNER_SHARDS'], { cwd, replace: owners });
  const tenant = async () =>
    (await ask<{ id: string }>(a, 'insert into tenants (name) values ($1) returning id', [randomUUID()]))[0]?.id ?? '';
  const placed = async (id: string) =>
    Promise.all(
      [a, b].map(async (url) => (await ask(url, 'select placement from tenants where id = $1', [id]))[0]?.placement),
    );

  const config = join(cwd, 'pgdog');
  const workers = owners.map(([from], n): [string, string] => [
    from.replace('OWNER', 'onetrip_worker'),
    urlOf(n === 0 ? 'shard_a' : 'shard_b').replace('?sslmode=disable', ''),
  ]);
  await runBlocks('docs/pgdog.md', ['export SHARDS='], { cwd, replace: [...workers, ['/etc/pgdog', config]] });
  const toml = await readFile(join(config, 'pgdog.toml'), 'utf8');
  for (const part of ['shard_a', 'shard_b', 'webhook_deliveries', 'cross_shard_disabled']) expect(toml).toContain(part);

  const moved = await tenant();
  const [said] = await runBlocks('docs/moving-tenants.md', ['export OWNER_SHARDS'], {
    cwd,
    replace: [...owners, ['TENANT_ID', moved]],
  });
  expect(said).toContain('b is its home');
  expect(await placed(moved)).toEqual(['moved', 'home']);

  // As a command that was killed leaves it.
  const kept = await tenant();
  await ask(a, `update tenants set placement = 'moving' where id = $1`, [kept]);
  const env = { OWNER_SHARDS: JSON.stringify({ a, b }) };
  await runBlocks('docs/moving-tenants.md', ['npm run move-tenant'], { cwd, env, replace: [['TENANT_ID', kept]] });
  expect(await placed(kept)).toEqual(['home', undefined]);
});

test('a migration is begun, and taken back on a developer’s machine', async () => {
  const DATABASE_URL = await emptyDatabase('of_a_developer');
  const env = { DATABASE_URL };
  const [created = ''] = await runCommands([await inlineWith('CONTRIBUTING.md', 'npx dbmate new what_it_does')], {
    cwd,
    env,
  });
  const [, file = ''] = /(db\/migrations\/\d+_what_it_does\.sql)/.exec(created) ?? [];
  onTestFinished(() => rm(join(cwd, file)));
  expect(await readFile(join(cwd, file), 'utf8')).toContain('-- migrate:up');
  const rollback = await inlineWith(DEPLOYING, 'npx dbmate rollback');
  const [, back] = await runCommands(['npx dbmate --no-dump-schema up', `${rollback}`], { cwd, env });
  expect(back).toContain('what_it_does');
});
