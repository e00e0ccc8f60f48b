import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { JWT_SECRET } from '../support/api.ts';
import { inlineWith } from './blocks.ts';
import { Cloudflare, type Taken } from './cloudflare.ts';
import { copyProject, runBlocks, runCommands } from './run-blocks.ts';

/**
 * The commands for Cloudflare, by wrangler as it is: signed in, and with what it would send to an account.
 * @module-tag release
 */

// The split deployment is some sixty runs of wrangler.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 });

const PAGE = 'docs/deploying.md';
const SECRETS = {
  DATABASE_URL: 'postgres://onetrip_worker:w@ep-host.neon.tech/onetrip?sslmode=require',
  JANITOR_DATABASE_URL: 'postgres://onetrip_cleaner:j@ep-host.neon.tech/onetrip?sslmode=require',
  JWT_SECRET,
};

const cloudflare = new Cloudflare();
let cwd: string;
let home: string;
let env: Record<string, string>;

beforeAll(async () => {
  await cloudflare.start();
  home = await mkdtemp(join(tmpdir(), 'onetrip-home-'));
  env = await cloudflare.environment(home);
  cwd = await copyProject({ installed: true });
  await writeFile(join(cwd, '.secrets.json'), JSON.stringify(SECRETS));
});
afterAll(async () => {
  await cloudflare.stop();
  for (const directory of [cwd, home]) await rm(directory, { recursive: true });
});

type Bindings = Record<string, { type: string; text?: string; service?: string }>;

/** The bindings, by name, of each Worker that was uploaded, in that order. */
function uploads(taken: Taken[]): Record<string, Bindings> {
  return Object.fromEntries(
    taken.flatMap(({ what, body }) => {
      const [, name] = /^(?:PUT|POST) \/workers\/scripts\/([\w-]+)(?:\/versions)?$/.exec(what) ?? [];
      if (!name) return [];
      const { bindings } = JSON.parse(body.metadata);
      return [[name, Object.fromEntries(bindings.map((one: { name: string }) => [one.name, one]))]];
    }),
  );
}

const secretsOf = (bindings: Bindings = {}) =>
  Object.fromEntries(
    Object.entries(bindings).flatMap(([name, { type, text }]) => (type === 'secret_text' ? [[name, text]] : [])),
  );

test('one Worker: signed in, with a queue, deployed with its secrets, set back', async () => {
  const [output] = await runBlocks(PAGE, ['npx wrangler login'], { cwd, env });
  expect(output).toContain('Successfully logged in.');
  expect(output).toContain('https://onetrip.subdomain.workers.dev');
  const taken = cloudflare.take();
  const sent = (what: string) => taken.filter((one) => one.what === what).map(({ body }) => body);
  expect(sent('POST /queues')).toEqual([{ queue_name: 'onetrip-webhooks' }]);
  expect(sent('PUT /workers/scripts/onetrip/schedules')).toEqual([[{ cron: '17 * * * *' }]]);
  const { onetrip, ...others } = uploads(taken);
  expect(others).toEqual({});
  expect(secretsOf(onetrip)).toEqual(SECRETS);
  expect(onetrip).toMatchObject({
    RATE_LIMIT: { text: '600/60' },
    RATE_LIMITER: { type: 'ratelimit', simple: { limit: 600, period: 60 } },
    WEBHOOK_QUEUE: { type: 'queue', queue_name: 'onetrip-webhooks' },
  });
  expect(taken.find(({ what }) => /^POST \/queues\/.*\/consumers$/.test(what))?.body).toMatchObject({
    script_name: 'onetrip',
  });

  // A second version, with the directory of tenants in KV, and back to the first one.
  const create = await inlineWith('docs/scaling.md', 'npx wrangler kv namespace create onetrip-tenants');
  const [created = ''] = await runCommands([create], { cwd, env });
  const [, id] = /"?id"? ?[=:] ?"([\w-]+)"/.exec(created) ?? [];
  await appendFile(join(cwd, 'wrangler.toml'), `\n[[kv_namespaces]]\nbinding = "TENANT_DIRECTORY"\nid = "${id}"\n`);
  await runCommands(['npm run deploy -- --secrets-file .secrets.json'], { cwd, env });
  const again = cloudflare.take();
  expect(again.map(({ what }) => what)).toContain('POST /storage/kv/namespaces');
  expect(uploads(again).onetrip?.TENANT_DIRECTORY).toMatchObject({ type: 'kv_namespace', namespace_id: id });
  const versions = (all: Taken[]) =>
    all.flatMap(({ what, body }) => (what.endsWith('onetrip/deployments') && body ? body.versions : []));
  const [second] = versions(again);
  await runCommands([await inlineWith(PAGE, 'npx wrangler rollback')], { cwd, env });
  const [back, ...none] = versions(cloudflare.take());
  expect(none).toEqual([]);
  expect([second.percentage, back.percentage]).toEqual([100, 100]);
  expect(back.version_id).not.toBe(second.version_id);
});

test('a Worker for each function: each with the secrets that its code reads, bound by a dispatcher that goes out last', async () => {
  // The queue still has its consumer of before.
  const only: [string, string] = ['--secrets-file', '--only onetrip-webhook-deliveries --secrets-file'];
  await expect(runBlocks(PAGE, ['npm run deploy:split'], { cwd, env, replace: [only] })).rejects.toThrow(
    'onetrip-webhook-deliveries was not deployed',
  );
  await runCommands([await inlineWith(PAGE, 'npx wrangler queues consumer remove onetrip-webhooks onetrip')], {
    cwd,
    env,
  });
  cloudflare.take();

  await runBlocks(PAGE, ['npm run deploy:split'], { cwd, env });
  const deployed = uploads(cloudflare.take());
  expect(Object.keys(deployed).at(-1)).toBe('onetrip');
  const {
    onetrip = {},
    'onetrip-scheduled-purge': purge,
    'onetrip-webhook-deliveries': deliveries,
    ...functions
  } = deployed;
  expect(secretsOf(onetrip)).toEqual({});
  expect(secretsOf(purge)).toEqual({ JANITOR_DATABASE_URL: SECRETS.JANITOR_DATABASE_URL });
  // Its secrets are those of webhooks, of which there are none.
  expect(secretsOf(deliveries)).toEqual({});
  const names = Object.keys(functions).toSorted();
  expect(names.length).toBeGreaterThan(50);
  const bound = Object.values(onetrip).flatMap(({ type, service }) => (type === 'service' ? [service] : []));
  expect(bound.toSorted()).toEqual(names);
  const needNone = ['onetrip-docs', 'onetrip-health', 'onetrip-openapi'];
  for (const name of names) {
    const { JANITOR_DATABASE_URL: _, ...own } = SECRETS;
    expect(secretsOf(functions[name]), name).toEqual(needNone.includes(name) ? {} : own);
    expect(functions[name]?.TENANT_DIRECTORY?.type, name).toBe(needNone.includes(name) ? undefined : 'kv_namespace');
  }

  const remove = await inlineWith(PAGE, 'npx wrangler delete --name onetrip-<name>');
  await runCommands([remove.replace('<name>', 'list-trash')], { cwd, env });
  expect(cloudflare.take().map(({ what }) => what)).toContain('DELETE /workers/services/onetrip-list-trash');
});
