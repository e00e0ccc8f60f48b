import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { BINDINGS } from '../../dev/build/bindings.ts';
import { root } from '../../dev/build/bundle.ts';
import { type WorkerConfig, workerConfig } from '../../dev/build/configs.ts';
import { measure, packagesOf, report } from '../../dev/build/report.ts';
import { readDeployables } from '../../dev/build/split.ts';
import { bindingOf } from '../../dev/build/workers.ts';
import { tools } from '../../src/functions/mcp/tools/tools.ts';
import { definitions } from '../support/examples.ts';

/* What is in the Workers of the split deployment, and what is not. */

const directory = inject('dist');
const { base, workers } = inject('splitWorkers');
const sizes = await measure(workers.map((worker) => ({ directory: join(directory, 'split'), ...worker })));
const deployables = await readDeployables(directory);
const functions = workers.filter(({ kind }) => kind === 'function');
const worker = (name: string) => workers.find((candidate) => candidate.name === name) as (typeof workers)[number];
const packages = (name: string) => packagesOf(worker(name).parts).map(([found]) => found);
const secrets = (name: string) => deployables.find((candidate) => candidate.name === name)?.secrets;
const config = async (name: string): Promise<WorkerConfig> =>
  JSON.parse(await readFile(join(directory, 'split', name, 'wrangler.json'), 'utf8'));

/** Traces of a package that minifying leaves, where its share were ever counted wrongly. */
const TRACES = {
  kysely: 'SelectQueryNode',
  '@neondatabase/serverless': 'Neon-Batch-Isolation-Level',
  jose: 'JWSInvalid',
};

const files = globSync('src/functions/*/*.ts');
/** The endpoints in a function: its own, in a batch those of its operations, and in `mcp` those of its tools and of batches. */
const endpointsIn = (name: string, entry: string) => {
  const of = { 'onetrip-batch': operations, 'onetrip-mcp': [...operations, ...tools.map(entryOf)] }[name] ?? [];
  return [...new Set([entry, ...of])].sort();
};
const entryOf = ({ endpoint: { definition } }: { endpoint: { definition: { operationId: string } } }) =>
  worker(`onetrip-${definition.operationId}`).entry;
const operations = definitions
  .filter(({ method, access }) => method !== 'get' && access === 'member')
  .map(({ operationId }) => worker(`onetrip-${operationId}`).entry);
const openToAll = ['docs', 'health', 'openapi'];

test('every file under src/functions is a Worker, and they are what the definitions say', () => {
  expect(files.length).toBeGreaterThan(30);
  expect(functions.map(({ entry }) => entry).sort()).toEqual(files.sort());
  expect(functions.map(({ name }) => name)).toEqual(definitions.map(({ operationId }) => `onetrip-${operationId}`));
  expect(workers.map(({ kind }) => kind).slice(-3)).toEqual(['scheduled', 'deliveries', 'dispatcher']);
  expect(deployables.map(({ name }) => name)).toEqual(workers.map(({ name }) => name));
});

describe.each(functions.map(({ name, entry }) => [name, entry] as const))('%s', (name, entry) => {
  test('is small', () => {
    const { bytes, gzip } = sizes.find((size) => size.name === name) as (typeof sizes)[number];
    // A batch has other endpoints in it. So has the Model Context Protocol, and its SDK. Cloudflare takes 3 MB.
    const most = { 'onetrip-batch': 170_000, 'onetrip-mcp': 250_000 }[name] ?? 155_000;
    expect(gzip).toBeLessThanOrEqual(most);
    expect(gzip).toBeGreaterThan(10_000);
    expect(bytes).toBeGreaterThan(gzip);
  });

  test('has no other endpoint in it', () => {
    const { parts } = worker(name);
    expect(Object.keys(parts).filter((path) => /^src\/(functions|scheduled|platform)\//.test(path))).toContain(entry);
    expect(
      Object.keys(parts)
        .filter((path) => files.includes(path))
        .sort(),
    ).toEqual(endpointsIn(name, entry));
  });

  test('makes no code of text, which workerd refuses, and has the SDK of another protocol only where it serves that', async () => {
    const code = await readFile(join(directory, 'split', name, 'index.js'), 'utf8');
    expect(code).not.toMatch(/\bnew Function\b|(?<![.\w$])eval\(/);
    expect(packages(name).includes('@modelcontextprotocol/server')).toBe(name === 'onetrip-mcp');
  });

  test('has what it uses of the packages, and nothing else', async () => {
    const short = name.replace(/^onetrip-/, '');
    const code = await readFile(join(directory, 'split', name, 'index.js'), 'utf8');
    const without = openToAll.includes(short) ? Object.keys(TRACES) : short === 'ready' ? ['jose'] : [];
    for (const [found, trace] of Object.entries(TRACES)) {
      expect([found, packages(name).includes(found)]).toEqual([found, !without.includes(found)]);
      expect([found, code.includes(trace)]).toEqual([found, !without.includes(found)]);
    }
  });

  test('is told the secrets that it reads', () => {
    const short = name.replace(/^onetrip-/, '');
    if (openToAll.includes(short)) expect(secrets(name)).toEqual([]);
    else {
      expect(secrets(name)).toEqual(expect.arrayContaining(['DATABASE_URL', 'JWT_SECRET', 'JWKS_URL']));
      expect(secrets(name)).not.toContain('JANITOR_DATABASE_URL');
      expect(secrets(name)).not.toContain('COURIER_DATABASE_URL');
      const makesSecrets = ['create-webhook', 'rotate-webhook-secret'].includes(short);
      expect([name, secrets(name)?.includes('WEBHOOK_KEYS')]).toEqual([name, makesSecrets]);
    }
  });

  test('has no URL and no cron trigger, and counts where the others count', async () => {
    const found = await config(name);
    expect(found).toMatchObject({ name, workers_dev: false, preview_urls: false, triggers: { crons: [] } });
    expect(found).not.toHaveProperty('routes');
    expect(found).not.toHaveProperty('services');
    const isGuarded = definitions.find((d) => `onetrip-${d.operationId}` === name)?.access !== 'public';
    expect(found.ratelimits).toEqual(isGuarded ? base.ratelimits : undefined);
    expect(found.placement).toEqual(packages(name).includes('kysely') ? base.placement : undefined);
  });
});

test('the scheduled purge has the cron trigger, and alone the janitor’s secret', async () => {
  const name = 'onetrip-scheduled-purge';
  expect(base.crons.length).toBeGreaterThan(0);
  expect(await config(name)).toMatchObject({ workers_dev: false, triggers: { crons: base.crons } });
  expect(secrets(name)).toEqual(['JANITOR_DATABASE_URL', 'JANITOR_SHARDS', 'NEON_ENDPOINT']);
  expect(packages(name).sort()).toEqual(['@neondatabase/serverless', 'kysely', 'onetrip', 'zod']);
});

test('one Worker takes the messages of the queue, and all that change something send them', async () => {
  const name = 'onetrip-webhook-deliveries';
  expect(base.queues.consumers).toHaveLength(1);
  expect(await config(name)).toMatchObject({
    workers_dev: false,
    triggers: { crons: base.crons },
    queues: base.queues,
  });
  expect(secrets(name)).toEqual(['COURIER_DATABASE_URL', 'COURIER_SHARDS', 'NEON_ENDPOINT', 'WEBHOOK_KEYS']);
  for (const { operationId } of definitions) {
    const { queues } = await config(`onetrip-${operationId}`);
    expect(queues).toEqual(openToAll.includes(operationId) ? undefined : { producers: base.queues.producers });
  }
});

test('the dispatcher has a binding to every function, a URL, and no more than Hono', async () => {
  const found = await config('onetrip');
  expect(found.services).toEqual(
    definitions.map(({ operationId: name }) => ({ binding: bindingOf(name), service: `onetrip-${name}` })),
  );
  expect(found).toMatchObject({ workers_dev: true, triggers: { crons: [] } });
  expect(found).not.toHaveProperty('secrets');
  expect(secrets('onetrip')).toEqual([]);
  expect(packages('onetrip').sort()).toEqual(['hono', 'onetrip']);
  expect(sizes.at(-1)?.gzip).toBeLessThan(12_000);
});

test('no version that is not the current one has a URL', async () => {
  const toml = unstable_readConfig({ config: join(root, 'wrangler.toml') }, { hideWarnings: true });
  expect(toml.preview_urls).toBe(false);
  for (const { name } of workers) expect((await config(name)).preview_urls).toBe(false);
});

test('all are of the date and the observability of wrangler.toml', async () => {
  const { compatibility_date, observability } = base;
  // Cloudflare's own lines hold whole URLs, and so what callers search for.
  expect(observability).toMatchObject({ logs: { enabled: true, invocation_logs: false } });
  for (const { name } of workers) {
    expect(await config(name)).toMatchObject({
      main: 'index.js',
      no_bundle: true,
      compatibility_date,
      observability,
    });
  }
});

test('each is told the variables of wrangler.toml that it reads, and a variable that none reads is a slip', () => {
  const varsOf = (name: string, vars: Record<string, unknown>) =>
    workerConfig({ ...base, vars }, worker(name), workers).vars;
  const vars = { RATE_LIMIT: '600/60', CORS_ORIGINS: 'https://a.example.com', SLOW_QUERY_MS: '300' };
  expect(base.vars).toHaveProperty('RATE_LIMIT');
  expect(varsOf('onetrip-get-project', vars)).toEqual(vars);
  expect(varsOf('onetrip-health', vars)).toEqual({ CORS_ORIGINS: vars.CORS_ORIGINS });
  expect(varsOf('onetrip', vars)).toEqual({ CORS_ORIGINS: vars.CORS_ORIGINS });
  expect(varsOf('onetrip-scheduled-purge', vars)).toEqual({ SLOW_QUERY_MS: '300' });
  expect(() => varsOf('onetrip', { RATE_LIMITS: '600/60' })).toThrow('wrangler.toml: no Worker reads RATE_LIMITS.');
});

test('what is written about bindings for readers is in no bundle', async () => {
  for (const { name } of workers) {
    const code = await readFile(join(directory, 'split', name, 'index.js'), 'utf8');
    for (const { description } of Object.values(BINDINGS)) expect(code).not.toContain(description);
  }
});

test('the report names the three largest parts of each', () => {
  const lines = report(sizes, new Map(sizes.map(({ name }) => [name, 1.25])))
    .trim()
    .split('\n');
  expect(lines).toHaveLength(workers.length + 2);
  const line = lines.find((text) => text.startsWith('| onetrip-get-project '));
  expect(line).toMatch(/\| +\d{6} +\| +\d{6} +\| +1\.3 +\| kysely \d+, @neondatabase\/serverless \d+, zod \d+ +\|$/);
});
