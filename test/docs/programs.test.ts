import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { root } from '../../dev/build/bundle.ts';
import { useDatabase } from '../support/database.ts';
import { blocksOf, runSteps } from './blocks.ts';

/**
 * The commands of docs/deploying.md that need psql or Docker, as they stand there, on machines that have these.
 * @module-tag release
 */

// Images are fetched and built.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 120_000 });

const has = (...command: [string, ...string[]]) => spawnSync(command[0], command.slice(1)).status === 0;
const withPsql = test.skipIf(!has('psql', '--version'));
const withDocker = test.skipIf(!has('docker', 'compose', 'version') || !has('docker', 'info'));

const database = useDatabase({ ownCluster: true });
let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'onetrip-programs-'));
  // Copies, because Docker does not follow links out of what it is given.
  for (const name of ['db', 'docs', 'src', 'dev', 'compose.yaml', 'Dockerfile', '.dockerignore'])
    await cp(join(root, name), join(cwd, name), { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc', '.ci'])
    await cp(join(root, name), join(cwd, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(cwd, 'node_modules'));
});
afterAll(() => rm(cwd, { recursive: true }));

/** Runs, one after the other in one shell, the blocks of commands that have these parts in them. */
async function runBlocks(parts: string[], env: Record<string, string>, replace: [string, string][] = []) {
  const blocks = (await blocksOf('docs/deploying.md')).filter(({ language }) => language === 'sh');
  const steps = parts.map((part) => {
    const found = blocks.filter(({ text }) => text.includes(part));
    expect(found, part).toHaveLength(1);
    return { at: '', commands: `set -e\n${found[0]?.text}`, shown: '' };
  });
  return runSteps(steps, { env, replace, cwd });
}

withPsql('the roles that psql makes can log in, own nothing, and take a new password', async () => {
  const { host, port, user, password } = database.admin;
  const DATABASE_URL = `postgres://${user}:${password ?? ''}@${host}:${port}/${database.name}`;
  const print = 'echo "$WORKER_PASSWORD $JANITOR_PASSWORD"';
  const block = (await blocksOf('docs/deploying.md')).find(({ text }) => text.startsWith('export WORKER_PASSWORD'));
  for (const _ of ['first', 'again']) {
    const steps = [{ at: '', commands: `set -e\n${block?.text}\n${print}\n`, shown: '' }];
    const [output = ''] = await runSteps(steps, { env: { DATABASE_URL }, replace: [], cwd });
    const [, worker, cleaner] = /^([0-9a-f]{48}) ([0-9a-f]{48})$/m.exec(output) ?? [];
    for (const [role, secret, group] of [
      ['onetrip_worker', worker, 'onetrip_app'],
      ['onetrip_cleaner', cleaner, 'onetrip_janitor'],
    ] as const) {
      const client = new pg.Client({ host, port, user: role, password: secret as string, database: database.name });
      await client.connect();
      const { rows } = await client.query(
        `select pg_has_role(current_user, '${group}', 'member') as is_member, rolsuper or rolbypassrls as bypasses,
          exists (select from pg_class where relowner = pg_roles.oid) as owns
        from pg_roles where rolname = current_user`,
      );
      await client.end();
      expect(rows).toEqual([{ is_member: true, bypasses: false, owns: false }]);
    }
  }
});

withDocker('the composition starts, is updated, dumped and restored', async () => {
  const env = { COMPOSE_PROJECT_NAME: `onetrip-test-${randomUUID().slice(0, 8)}`, PORT: String(await freePort()) };
  onTestFinished(() => {
    spawnSync('docker', ['compose', 'down', '--volumes', '--rmi', 'local'], { cwd, env: { ...process.env, ...env } });
  });
  const origin = `http://localhost:${env.PORT}`;
  const replace: [string, string][] = [['http://localhost:8787', origin]];
  const [started, updated, restored] = await runBlocks(
    ['docker compose up --detach --build', 'docker compose run --rm roles', 'pg_restore'],
    env,
    replace,
  );
  expect(started).toContain(`${origin} serves.`);
  expect(updated, updated).not.toMatch(/\berror\b/i);
  expect(restored?.trim(), restored).toBe('');
  expect((await fetch(`${origin}/ready`)).status).toBe(200);
  const rows = spawnSync(
    'docker',
    [
      'compose',
      'exec',
      '-T',
      'database',
      'psql',
      '-Atc',
      'select count(*) from schema_migrations',
      '-U',
      'postgres',
      'restored',
    ],
    { cwd, env: { ...process.env, ...env }, encoding: 'utf8' },
  );
  expect(Number(rows.stdout)).toBeGreaterThan(80);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
