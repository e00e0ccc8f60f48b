import { mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../dev/build/bundle.ts';
import { readConfig } from '../../src/config/config.ts';
import { readJanitorConfig } from '../../src/config/janitor.ts';
import { environmentOf } from '../platform/node/support.ts';
import { useDatabase } from '../support/database.ts';
import { startNodeServer } from '../support/node-server.ts';
import { type Block, blocksOf, runSteps } from './blocks.ts';

/* The commands of docs/deploying.md that need no account, run as they stand there, in a directory of their own. */

// Each command is a process, and the machine may have other work.
vi.setConfig({ testTimeout: 120_000 });

const database = useDatabase();
let blocks: Block[];
let cwd: string;

beforeAll(async () => {
  blocks = (await blocksOf('docs/deploying.md')).filter(({ language }) => language === 'sh');
  cwd = await mkdtemp(join(tmpdir(), 'onetrip-deploying-'));
  for (const name of ['package.json', 'node_modules', 'dev', 'src', '.ci'])
    await symlink(join(root, name), join(cwd, name));
});
afterAll(() => rm(cwd, { recursive: true }));

/** Runs the one block of commands that has this in it, with variables that earlier ones have set. */
async function runBlock(
  part: string,
  env: Record<string, string> = {},
  replace: [string, string][] = [],
): Promise<string> {
  const found = blocks.filter(({ text }) => text.includes(part));
  expect(found, part).toHaveLength(1);
  const [output = ''] = await runSteps([{ at: '', commands: found[0]?.text ?? '', shown: '' }], { env, replace, cwd });
  return output.trim();
}

test('the file of secrets is for its owner alone, is what the API reads, and signs the first tokens', async () => {
  const DATABASE_HOST = 'ep-host.neon.tech';
  const passwords = { WORKER_PASSWORD: 'w'.repeat(48), JANITOR_PASSWORD: 'j'.repeat(48) };
  expect(await runBlock('cat > .secrets.json', { DATABASE_HOST, ...passwords })).toBe('');
  const file = join(cwd, '.secrets.json');
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
  const secrets = JSON.parse(await readFile(file, 'utf8'));
  const urls = [readConfig(secrets).database.url, readJanitorConfig(secrets).databases[0]?.url ?? ''].map(
    (url) => new URL(url),
  );
  expect(urls.map(({ username, password, host }) => [username, password, host])).toEqual([
    ['onetrip_worker', passwords.WORKER_PASSWORD, DATABASE_HOST],
    ['onetrip_cleaner', passwords.JANITOR_PASSWORD, DATABASE_HOST],
  ]);

  const server = await startNodeServer({ ...environmentOf(database), JWT_SECRET: secrets.JWT_SECRET });
  onTestFinished(async () => {
    await server.end('SIGKILL');
  });
  const ORIGIN = `http://127.0.0.1:${server.port}`;
  expect(await runBlock('bash .ci/smoke "$ORIGIN"', {}, [['https://onetrip.SUBDOMAIN.workers.dev', ORIGIN]])).toBe(
    `${ORIGIN} serves.`,
  );
  const token = await runBlock('"name": "Acme"', { ORIGIN });
  const response = await fetch(`${ORIGIN}/api/v1/tenant`, { headers: { Authorization: `Bearer ${token}` } });
  expect(await response.json()).toMatchObject({ name: 'Acme', status: 'active' });
});

test('the file for Docker is for its owner alone, and has what compose.yaml asks for', async () => {
  const commands = blocks.find(({ text }) => text.includes('cat > .env'))?.text.split('docker compose up')[0] ?? '';
  expect(await runSteps([{ at: '', commands, shown: '' }], { env: {}, replace: [], cwd })).toEqual(['']);
  expect(((await stat(join(cwd, '.env'))).mode & 0o777).toString(8)).toBe('600');
  const given = [...(await readFile(join(cwd, '.env'), 'utf8')).matchAll(/^(\w+)=.{32,}$/gm)].map(([, name]) => name);
  const asked = [...(await readFile(join(root, 'compose.yaml'), 'utf8')).matchAll(/\$\{([A-Z_]+):\?/g)];
  expect(new Set(given)).toEqual(new Set(asked.map(([, name]) => name)));
});

test('what is dumped and restored is the database of compose.yaml, as its superuser', async () => {
  const { services } = parse(await readFile(join(root, 'compose.yaml'), 'utf8'));
  const commands = blocks.find(({ text }) => text.includes('pg_dump'))?.text ?? '';
  expect(services.database.environment.POSTGRES_DB).toBe('onetrip');
  expect(commands).toContain('exec -T database pg_dump --username postgres --format custom onetrip');
});
