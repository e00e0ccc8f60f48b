import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, inject, test, vi } from 'vitest';
import { startPostgres } from '../../dev/postgres.ts';
import { alive, cleanUp, commandLine, type Dev, emptyDirectory, freePort, startDev } from './dev-support.ts';

afterAll(cleanUp);

vi.setConfig({ testTimeout: 120_000 });

/** Embedded PostgreSQL in a directory, on a free port. */
async function start(directory: string, env: Record<string, string> = {}): Promise<Dev> {
  return startDev({ PORT: String(await freePort()), ONETRIP_DATA_DIR: directory, ...env }).ready();
}

async function stop(dev: Dev, signal: NodeJS.Signals, to?: 'group'): Promise<void> {
  const pids = dev.descendants();
  if (process.platform === 'linux') expect(pids.length).toBeGreaterThan(5);
  dev.signal(signal, to);
  // A second time while it is stopping: that must not leave anything behind.
  setTimeout(() => dev.signal(signal, to), 30);
  expect(await dev.ended).toBe(0);
  expect(alive(pids)).toEqual([]);
  expect(dev.errors).toBe('');
}

const projectNames = async (dev: Dev) =>
  (await dev.call('/api/v1/projects')).json.data.map(({ name }: { name: string }) => name).sort();

test('a first start, a second one that keeps the data, and two side by side', async () => {
  const directory = await emptyDirectory();
  const first = await start(directory);
  const { url } = first.curl;
  expect(first.output.split('\n')).toContain(`Ready on ${new URL(url).origin}`);
  expect(url).toMatch(/^http:\/\/localhost:\d+\/api\/v1\/projects\?include=tasks$/);

  const { status, json } = await first.call(url);
  expect(status).toBe(200);
  const [{ name, tasks, task_count }] = json.data;
  expect(name).toBe('Website Redesign');
  expect(tasks).toHaveLength(task_count);
  const ids = tasks.map(({ id }: { id: string }) => id);
  const subtasks = tasks.filter(({ parent_id }: { parent_id: string | null }) => ids.includes(parent_id));
  expect(subtasks.length).toBeGreaterThan(1);
  expect(tasks.some(({ tags }: { tags: unknown[] }) => tags.length > 1)).toBe(true);

  // The scheduled purge has a role of its own.
  expect((await fetch(new URL('/cdn-cgi/local/scheduled', url))).status).toBe(200);
  await vi.waitFor(() => expect(first.output).toContain('"event":"purged"'));

  // An answer before the body has arrived must not be lost on the way, nor become a proxy's 500.
  const body = 'x'.repeat(3_000_000);
  for (let i = 0; i < 5; i++) {
    expect((await first.call('/api/v1/projects', { method: 'POST', body })).status).toBe(413);
    expect((await first.call('/api/v1/nowhere', { method: 'POST', body })).status).toBe(404);
    expect((await first.call('/api/v1/projects?x=1', { method: 'POST', body })).status).toBe(400);
  }

  const created = await first.call('/api/v1/projects', { method: 'POST', body: JSON.stringify({ name: 'Mine' }) });
  expect(created.status).toBe(201);
  for (const file of ['worker.env', 'worker-role.json', 'janitor-role.json']) {
    expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
  }
  await stop(first, 'SIGINT', 'group');

  const [again, other] = await Promise.all([start(directory), start(await emptyDirectory())]);
  expect(await projectNames(again)).toEqual(['Mine', 'Website Redesign']);
  expect(await projectNames(other)).toEqual(['Website Redesign']);
  await Promise.all([stop(again, 'SIGTERM'), stop(other, 'SIGHUP', 'group')]);
});

test('a PostgreSQL of the developer’s own, by roles that may do little', async () => {
  const postgres = await startPostgres({ dataDir: await emptyDirectory(), durable: false });
  try {
    const url = new URL(postgres.adminUrl);
    url.pathname = '/their own';
    const dataDir = await emptyDirectory();
    const dev = await start(dataDir, { DATABASE_URL: url.href });
    expect((await dev.call(dev.curl.url)).status).toBe(200);
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);

    const admin = new pg.Client({ connectionString: postgres.adminUrl });
    await admin.connect();
    const { rows } = await admin.query(`
      select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty,
        array(select roleid::regrole::text from pg_auth_members where member = r.oid) as member_of
      from pg_roles as r where rolcanlogin and rolname like 'onetrip_dev%' order by member_of`);
    await admin.end();
    expect(rows).toEqual([
      { mighty: false, member_of: ['onetrip_app'] },
      { mighty: false, member_of: ['onetrip_janitor'] },
    ]);
    await stop(dev, 'SIGTERM');
  } finally {
    await postgres.stop();
  }
});

test.runIf(process.platform === 'linux')(
  'wrangler ends by accident, and then this process: nothing is left',
  async () => {
    const directory = await emptyDirectory();
    const dev = await start(directory);
    const pids = dev.descendants();
    const [wrangler] = pids.filter((pid) => commandLine(pid).includes('wrangler.js'));
    process.kill(wrangler ?? 0, 'SIGKILL');
    expect(await dev.ended).toBe(1);
    expect(dev.errors).toBe('wrangler dev has ended by itself (SIGKILL).\n');
    expect(alive(pids)).toEqual([]);

    const killed = await start(directory);
    const orphans = killed.descendants();
    killed.signal('SIGKILL');
    await vi.waitFor(() => expect(alive(orphans)).toEqual([]), { timeout: 10_000 });
  },
);

test('what cannot work is said in one line, before anything is started', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const port = String((taken.address() as { port: number }).port);
  const server = new URL(inject('adminUrl'));
  server.password = 'wrong-password';
  const cases: [string, Record<string, string>][] = [
    [`PORT ${port} is in use`, { PORT: port }],
    ['PORT is "http"', { PORT: 'http' }],
    ['PORT is "0"', { PORT: '0' }],
    ['PORT is "65536"', { PORT: '65536' }],
    ['CORS_ORIGINS must be', { CORS_ORIGINS: 'https://a.example.com/path' }],
    ['RATE_LIMIT must be', { RATE_LIMIT: 'abc' }],
    ['JWT_MAX_AGE must be', { JWT_MAX_AGE: '400' }],
    ['JWT_SECRET has 31 bytes', { JWT_SECRET: 'x'.repeat(31) }],
    ['JWT_SECRET has 10 bytes', { JWT_SECRET: 'top-secret' }],
    ['JWKS_URL is set', { JWKS_URL: 'https://id.example.com/top-secret' }],
    ['DATABASE_URL must look like', { DATABASE_URL: 'mysql://user:top-secret@localhost/db' }],
    ['DATABASE_URL names no database', { DATABASE_URL: 'postgres://user:top-secret@localhost' }],
    ['ECONNREFUSED', { DATABASE_URL: 'postgres://user:top-secret@127.0.0.1:1/db' }],
    ['password authentication failed', { DATABASE_URL: server.href }],
  ];
  const free = String(await freePort());
  try {
    for (const [message, env] of cases) {
      const directory = join(await emptyDirectory(), 'data');
      const dev = startDev({ PORT: free, ONETRIP_DATA_DIR: directory, ...env });
      expect(await dev.ended, message).toBe(1);
      expect(dev.errors).toMatch(/^[^\n]+\n$/);
      expect(dev.errors).toContain(message);
      expect(dev.errors).not.toMatch(/top-secret|wrong-password/);
      expect(dev.output).toBe('');
      expect(existsSync(directory)).toBe(false);
    }
  } finally {
    taken.close();
  }
});
