import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, inject, test, vi } from 'vitest';
import { readInputs } from '../../dev/cli/dev-inputs.ts';
import { startPostgres } from '../../dev/local/postgres.ts';
import { freePort } from '../support/free-port.ts';
import { alive, cleanUp, commandLine, type Dev, emptyDirectory, startDev, UNSET } from './dev-support.ts';

afterAll(cleanUp);

vi.setConfig({ testTimeout: 120_000 });

/** Embedded PostgreSQL in a directory, on a free port. */
async function start(directory: string, env: Record<string, string> = {}): Promise<Dev> {
  return startDev({ PORT: String(await freePort()), ONETRIP_DATA_DIR: directory, ...env }).ready();
}

async function stop(dev: Dev, signal: NodeJS.Signals, to?: 'group'): Promise<void> {
  const pids = dev.descendants();
  if (process.platform === 'linux') expect(pids.length).toBeGreaterThan(3);
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

  // An API key, too, which is good in place of the token.
  const [, key = ''] = /^An API key: +(ot_\w+)$/m.exec(first.output) ?? [];
  const withKey = async (dev: Dev, Authorization: string) => dev.ask('/api/v1/me', { Authorization });
  expect(await withKey(first, `Bearer ${key}`)).toMatchObject({
    status: 200,
    json: { credential: 'api_key', role: 'member', tenant: { name: 'Demo' } },
  });

  // A page whose name has been pointed at this machine (DNS rebinding) learns nothing, whatever headers it sends.
  for (const path of ['/health', '/docs', '/api/v1/openapi.json', '/nowhere', '/cdn-cgi/local/scheduled']) {
    const headers = { Host: `evil.example:${new URL(url).port}`, 'MF-Original-URL': `http://localhost${path}` };
    expect(await first.ask(path, headers)).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  }
  for (const Host of ['localhost', '127.0.0.1', `[::1]:${new URL(url).port}`]) {
    expect(await first.ask('/health', { Host })).toEqual({ status: 200, json: { status: 'ok' } });
  }

  // The scheduled purge has a role of its own.
  expect((await fetch(new URL('/cdn-cgi/local/scheduled', url))).status).toBe(200);
  await vi.waitFor(() => expect(first.output).toContain('"event":"purged"'), 10_000);

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

  const limited = { RATE_LIMIT: '20/60' };
  const [again, other] = await Promise.all([start(directory), start(await emptyDirectory(), limited)]);
  expect(await projectNames(again)).toEqual(['Mine', 'Website Redesign']);
  expect(await projectNames(other)).toEqual(['Website Redesign']);
  // The key of the start before is not good any more: they do not pile up.
  const { json: keys } = await again.call('/api/v1/api-keys');
  expect(keys.data.map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual([
    ['npm run dev', 'active'],
    ['npm run dev', 'revoked'],
  ]);
  expect((await withKey(again, `Bearer ${key}`)).status).toBe(401);
  // The limit is the one that was asked for, in whichever minutes the requests fall; the other has none.
  const statuses = async (dev: Dev) => {
    const found = new Set<number>();
    for (let n = 0; n < 42 && !found.has(429); n++) found.add((await dev.call('/api/v1/tenant')).status);
    return [...found];
  };
  expect(await statuses(other)).toContain(429);
  expect(await statuses(again)).toEqual([200]);
  await Promise.all([stop(again, 'SIGTERM'), stop(other, 'SIGHUP', 'group')]);
});

test('a PostgreSQL of the developer’s own, by roles that may do little; what crashes, and what is killed', {
  tags: ['release'],
}, async () => {
  const postgres = await startPostgres({ dataDir: await emptyDirectory(), durable: false });
  try {
    const url = new URL(postgres.adminUrl);
    url.pathname = '/their own';
    const directory = await emptyDirectory();
    const dev = await start(directory, { DATABASE_URL: url.href });
    expect((await dev.call(dev.curl.url)).status).toBe(200);
    expect(existsSync(join(directory, 'postgres'))).toBe(false);

    const admin = new pg.Client({ connectionString: postgres.adminUrl });
    await admin.connect();
    const { rows } = await admin.query(`
      select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty,
        array(select roleid::regrole::text from pg_auth_members where member = r.oid) as member_of
      from pg_roles as r where rolcanlogin and rolname like 'onetrip_dev%' order by member_of`);
    await admin.end();
    expect(rows).toEqual([
      { mighty: false, member_of: ['onetrip_app'] },
      { mighty: false, member_of: ['onetrip_courier'] },
      { mighty: false, member_of: ['onetrip_janitor'] },
    ]);
    if (process.platform === 'linux') await crash(dev);
    else await stop(dev, 'SIGTERM');
  } finally {
    await postgres.stop();
  }

  if (process.platform !== 'linux') return;
  const killed = await start(await emptyDirectory());
  const orphans = killed.descendants();
  killed.signal('SIGKILL');
  await vi.waitFor(() => expect(alive(orphans)).toEqual([]), { timeout: 10_000 });
});

/** workerd crashes, and comes back; wrangler ends by accident, and then this process. */
async function crash(dev: Dev): Promise<void> {
  const workerds = () => dev.descendants().filter((pid) => commandLine(pid).includes('workerd\0serve'));
  for (const pid of workerds()) {
    // An inspector would take any web page for a debugger.
    expect(commandLine(pid)).not.toMatch(/inspector|debug/);
    expect(commandLine(pid)).toMatch(/^([^=]|-addr=\w+=127\.0\.0\.1:|fd=)*$/);
  }
  // One takes the requests, the other one runs the Worker; each is started anew in its turn, whichever it was.
  for (const turn of [0, 0, 1]) {
    await vi.waitFor(() => expect(workerds()).toHaveLength(2), 10_000);
    const pid = workerds()[turn] as number;
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect((await dev.ask('/ready')).status).toBe(200), { timeout: 30_000 });
    expect(workerds()).not.toContain(pid);
  }
  for (let i = 0; i < 5; i++) expect((await dev.ask('/ready')).status).toBe(200);
  // Wrangler's talk of its own doings stays away.
  expect(dev.output).not.toMatch(/^(⎔|\[wrangler:info|\[custom build|Using|Your Worker|Binding|env\.)/m);

  const pids = dev.descendants();
  const [wrangler] = pids.filter((pid) => commandLine(pid).includes('wrangler-process.ts'));
  process.kill(wrangler ?? 0, 'SIGKILL');
  expect(await dev.ended).toBe(1);
  expect(dev.errors.split('\n').slice(-2)).toEqual(['wrangler dev has ended by itself (SIGKILL).', '']);
  expect(alive(pids)).toEqual([]);
}

test('what cannot work is said in one line, before anything is started', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const port = String((taken.address() as { port: number }).port);
  const server = new URL(inject('adminUrl'));
  server.password = 'wrong-password';
  const cases: [string, Record<string, string>][] = [
    [`PORT ${port} is in use`, { PORT: port }],
    ['JWT_SECRET has 10 bytes', { JWT_SECRET: 'top-secret' }],
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

test.each<[string, Record<string, string>]>([
  ['PORT is "http"', { PORT: 'http' }],
  ['PORT is "0"', { PORT: '0' }],
  ['PORT is "65536"', { PORT: '65536' }],
  ['CORS_ORIGINS must be', { CORS_ORIGINS: 'https://a.example.com/path' }],
  ['RATE_LIMIT must be', { RATE_LIMIT: 'abc' }],
  ['JWT_MAX_AGE must be', { JWT_MAX_AGE: '400' }],
  ['JWT_SECRET has 31 bytes', { JWT_SECRET: 'x'.repeat(31) }],
  ['JWKS_URL is set', { JWKS_URL: 'https://id.example.com/top-secret' }],
  ['DATABASE_URL must look like', { DATABASE_URL: 'mysql://user:top-secret@localhost/db' }],
  ['DATABASE_URL names no database', { DATABASE_URL: 'postgres://user:top-secret@localhost' }],
])('%s', async (message, env) => {
  for (const [name, value] of Object.entries({ ...UNSET, ...env })) vi.stubEnv(name, value);
  const failure = await readInputs().catch((error: Error) => error.message);
  vi.unstubAllEnvs();
  expect(failure).toMatch(/^[^\n]+$/);
  expect(failure).toContain(message);
  expect(failure).not.toContain('top-secret');
});
