import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { signToken } from '../support/api.ts';
import { freePort } from '../support/free-port.ts';
import { inlineWith } from './blocks.ts';
import { copyProject, runBlocks, runCommands } from './run-blocks.ts';

/**
 * The commands of docs/deploying.md that need Docker, as they stand there, on machines that have it.
 * @module-tag release
 */

// Images are fetched and built.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 120_000 });

const has = (...command: [string, ...string[]]) => spawnSync(command[0], command.slice(1)).status === 0;
const withDocker = test.skipIf(!has('docker', 'compose', 'version') || !has('docker', 'info'));

const PAGE = 'docs/deploying.md';
let cwd: string;

beforeAll(async () => {
  cwd = await copyProject({ installed: true });
});
afterAll(() => rm(cwd, { recursive: true }));

withDocker('the composition starts, is updated, dumped and restored', async () => {
  const env = { COMPOSE_PROJECT_NAME: `onetrip-test-${randomUUID().slice(0, 8)}`, PORT: String(await freePort()) };
  const compose = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync('docker', ['compose', ...args], {
      cwd,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    return stdout.trim();
  };
  onTestFinished(() => {
    compose('down', '--volumes', '--rmi', 'local');
  });
  const origin = `http://localhost:${env.PORT}`;
  const health = () =>
    compose('ps', '--format', '{{.Service}} {{.Health}}', 'database', 'server').split('\n').toSorted();

  const [started] = await runBlocks(PAGE, ['docker compose up --detach --build'], {
    cwd,
    env,
    replace: [['http://localhost:8787', origin]],
  });
  expect(started).toContain(`${origin} serves.`);
  const first = compose('ps', '--quiet', 'server');
  // The image's own check, by Docker.
  await vi.waitFor(() => expect(health()).toEqual(['database healthy', 'server healthy']), 30_000);
  expect(compose('exec', '-T', 'server', 'id', '-u')).toBe('1000');
  expect(compose('exec', '-T', 'server', 'node', '-p', 'process.version')).toMatch(/^v24\./);
  expect(compose('exec', '-T', 'database', 'postgres', '--version')).toContain(' 18.');

  const { JWT_SECRET = '' } = parseEnv(await readFile(join(cwd, '.env'), 'utf8'));
  const Authorization = `Bearer ${await signToken({ role: 'platform' }, JWT_SECRET)}`;
  const tenants = (init?: RequestInit) =>
    fetch(`${origin}/api/v1/tenants`, { headers: { Authorization, 'Content-Type': 'application/json' }, ...init });
  expect((await tenants({ method: 'POST', body: '{"name": "Acme"}' })).status).toBe(201);

  // Another image, so that there is something to replace.
  await appendFile(join(cwd, 'Dockerfile'), 'LABEL is-updated=yes\n');
  await runBlocks(PAGE, ['docker compose build'], { cwd, env });
  expect(compose('ps', '--quiet', 'server')).not.toBe(first);
  await vi.waitFor(async () => expect((await fetch(`${origin}/ready`)).status).toBe(200), 30_000);
  expect(await (await tenants()).json()).toMatchObject({ data: [{ name: 'Acme' }] });

  const [restored] = await runBlocks(PAGE, ['pg_restore'], { cwd, env });
  expect(restored, restored).toBe('');
  const query = ['--tuples-only', '--no-align', '--username=postgres', 'restored', '--command'];
  expect(compose('exec', '-T', 'database', 'psql', ...query, 'select name from tenants')).toBe('Acme');
});

withDocker('the image alone is built', async () => {
  const [output = ''] = await runCommands([`${await inlineWith(PAGE, 'docker build .')} --quiet`], { cwd });
  const image = /sha256:\w+$/.exec(output)?.[0] ?? '';
  onTestFinished(() => {
    spawnSync('docker', ['rmi', image]);
  });
  expect(image).not.toBe('');
});
