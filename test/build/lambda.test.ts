import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32, inflateRawSync } from 'node:zlib';
import { describe, expect, inject, test, vi } from 'vitest';
import { buildLambda } from '../../dev/build/lambda.ts';
import { measureStart } from '../../dev/build/lambda-start.ts';
import { eventBridgeCron, logicalId } from '../../dev/build/lambda-template.ts';
import { packagesOf } from '../../dev/build/report.ts';
import { zip } from '../../dev/build/zip.ts';
import { endpoints as taken } from '../../src/functions/batch/batch.ts';
import { tools } from '../../src/functions/mcp/mcp.ts';
import { useDatabase } from '../support/database.ts';
import { definitions } from '../support/examples.ts';
import { pickRoute, readRoutes } from '../support/lambda.ts';

/* What is deployed on AWS: the functions, their archives, and the template. */

const directory = inject('dist');
const functions = inject('lambdaFunctions');
const routes = readRoutes(directory);
const template = JSON.parse(await readFile(join(directory, 'lambda', 'template.json'), 'utf8'));
const resource = (name: string) => template.Resources[logicalId(name)].Properties;
const openToAll = ['docs', 'docs-assets', 'health', 'openapi'];
const database = useDatabase();

describe('the template', () => {
  test('has the routes of the definitions, and $default', () => {
    const expected = definitions.flatMap(({ operationId: name, method, path }) => {
      const route = { name, path: path.replaceAll(/:(\w+)/g, '{$1}') };
      return [method.toUpperCase(), ...(method === 'get' ? ['HEAD'] : [])].map((method) => ({ method, ...route }));
    });
    const byAll = (a: object, b: object) => JSON.stringify(a).localeCompare(JSON.stringify(b));
    const found = routes.map(({ name, path, method }) => ({ method, name, path }));
    expect(found.toSorted(byAll)).toEqual(
      [
        ...expected,
        { method: 'ANY', name: 'docs-assets', path: '/docs/{file}' },
        { method: 'ANY', name: 'default-route', path: '$default' },
      ].toSorted(byAll),
    );
  });

  test('tells each function what it reads, and no more', () => {
    for (const { name, kind } of functions) {
      const { Variables } = resource(name).Environment;
      const others = Object.keys(Variables).filter((key) => !/URL|SECRET|^JWT/.test(key));
      const secrets = Object.keys(Variables).filter((key) => /URL|SECRET/.test(key));
      const delivering = [
        'COURIER_DATABASE_URL',
        'WEBHOOK_QUEUE_URL',
        'COURIER_SHARDS',
        'WEBHOOK_KEYS',
        'SLOW_QUERY_MS',
      ];
      const purging = ['JANITOR_DATABASE_URL', 'JANITOR_SHARDS', 'SLOW_QUERY_MS'];
      if (kind === 'scheduled') expect([...secrets, ...others]).toEqual(purging);
      else if (kind === 'deliveries') expect([...secrets, ...others]).toEqual(delivering);
      else if (openToAll.includes(name)) expect([...secrets, ...others]).toEqual(['CORS_ORIGINS', 'LOG_LEVEL']);
      else {
        const makesSecrets = ['create-webhook', 'rotate-webhook-secret', 'default-route'].includes(name);
        expect(secrets.filter((secret) => secret !== 'WEBHOOK_QUEUE_URL')).toEqual([
          ...['DATABASE_URL', 'DATABASE_URL_READONLY', 'JWT_SECRET', 'JWKS_URL'],
        ]);
        expect([name, secrets.includes('WEBHOOK_QUEUE_URL')]).toEqual([name, true]);
        expect(others.splice(0, 4)).toEqual(['SHARDS', 'SHARDS_BY_HASH', 'SHARDS_FOR_NEW', 'SHARDING_KEY']);
        expect(others.splice(0, makesSecrets ? 1 : 0)).toEqual(makesSecrets ? ['WEBHOOK_KEYS'] : []);
        expect(others).toEqual(['CORS_ORIGINS', 'LOG_LEVEL', 'SLOW_QUERY_MS']);
      }
    }
  });

  test('has no parameter that docs/deploying.md does not name', async () => {
    const text = await readFile('docs/deploying.md', 'utf8');
    const isNamed = (name: string) => new RegExp(`\\b${name}\\b`).test(text);
    expect(Object.keys(template.Parameters).filter((name) => !isNamed(name))).toEqual([]);
  });

  test('holds no secret: their values come out of Secrets Manager', () => {
    expect(resource('get-project').Environment.Variables.DATABASE_URL).toEqual({
      'Fn::Sub': `{{resolve:secretsmanager:\${SecretName}:SecretString:DATABASE_URL::\${SecretVersion}}}`,
    });
  });

  test('has a queue for webhooks, where they are asked for, and one function that takes its messages', () => {
    const { Condition, Properties } = template.Resources[logicalId('webhook-deliveries')];
    expect(Condition).toBe('HasWebhooks');
    expect(Properties.Events).toMatchObject({
      Queue: { Type: 'SQS', Properties: { Queue: { 'Fn::GetAtt': ['WebhookQueue', 'Arn'] }, BatchSize: 1 } },
      Schedule: { Type: 'Schedule' },
    });
    const queue = template.Resources.WebhookQueue;
    expect(queue).toMatchObject({ Type: 'AWS::SQS::Queue', Condition: 'HasWebhooks' });
    expect(queue.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * Properties.Timeout);
  });

  test('runs the purge by the cron trigger of wrangler.toml, with the time that it may need', async () => {
    const [, cron = ''] = /crons = \["(.*)"\]/.exec(await readFile('wrangler.toml', 'utf8')) ?? [];
    const { Events, Timeout } = resource('scheduled-purge');
    expect(Events).toEqual({ Schedule: { Type: 'Schedule', Properties: { Schedule: eventBridgeCron(cron) } } });
    expect(Timeout).toBe(900);
  });
});

test.each([
  ['17 3 * * *', 'cron(17 3 * * ? *)'],
  ['*/15 0-6 1,15 * *', 'cron(*/15 0-6 1,15 * ? *)'],
  ['0 4 * * MON-FRI', 'cron(0 4 ? * MON-FRI *)'],
])('the cron trigger %s is %s on EventBridge', (cron, expected) => {
  expect(eventBridgeCron(cron)).toBe(expected);
});

// Cloudflare's weekday 1 and EventBridge's need not be the same day; both at once, EventBridge does not have.
test.each(['0 4 * * 1', '0 4 1 * MON', '0 4 * *', '0 4 L * *', ''])('the cron trigger "%s" is refused', (cron) => {
  expect(() => eventBridgeCron(cron)).toThrow('has no equivalent on EventBridge');
});

test('API Gateway picks the route without variables before one with them', () => {
  const route = (path: string) => ({ method: 'GET', path, name: path, variables: [] });
  const some = ['/a/{id}', '/a/b', '$default', '/a/{id}/c'].map(route);
  expect(pickRoute(some, 'GET', '/a/b').name).toBe('/a/b');
  expect(pickRoute(some, 'GET', '/a/x').name).toBe('/a/{id}');
  expect(pickRoute(some, 'GET', '/a/x/c').name).toBe('/a/{id}/c');
  expect(pickRoute(some, 'GET', '/a/x/d').name).toBe('$default');
  expect(pickRoute(some, 'POST', '/a/b').name).toBe('$default');
});

describe('each function', () => {
  test('has what it uses, and nothing else', () => {
    for (const { name, kind, parts } of functions) {
      const packages = packagesOf(parts).map(([found]) => found);
      const hasDatabase = !openToAll.includes(name);
      expect([name, packages.includes('pg')]).toEqual([name, hasDatabase]);
      expect(packages).not.toContain('@neondatabase/serverless');
      expect([name, packages.includes('kysely')]).toEqual([name, hasDatabase]);
      expect([name, packages.includes('jose')]).toEqual([
        name,
        hasDatabase && kind !== 'scheduled' && kind !== 'deliveries' && name !== 'ready',
      ]);
      const endpoints = Object.keys(parts).filter((path) => /^src\/functions\/[\w-]+\/[\w-]+\.ts$/.test(path));
      // That of the Model Context Protocol has the endpoints of its tools, a batch those of its operations.
      const own =
        { mcp: 1 + new Set([...tools.map(({ endpoint }) => endpoint), ...taken]).size, batch: 1 + taken.length }[
          name
        ] ?? 1;
      expect(endpoints).toHaveLength(
        { function: own, scheduled: 0, deliveries: 0, assets: 0, fallback: definitions.length }[kind],
      );
    }
  });

  test('has the other driver in its place where the build is told so', async () => {
    const other = await mkdtemp(join(tmpdir(), 'onetrip-lambda-neon-'));
    try {
      const some = await buildLambda(other, 'neon', ['get-tag', 'ready', 'health', 'scheduled-purge']);
      expect(some).toHaveLength(4);
      for (const { name, parts } of some) {
        const packages = packagesOf(parts).map(([found]) => found);
        expect(packages).not.toContain('pg');
        expect([name, packages.includes('@neondatabase/serverless')]).toEqual([name, !openToAll.includes(name)]);
      }
    } finally {
      await rm(other, { recursive: true });
    }
  }, 60_000);

  test('is in its archive, and the archive is the same whenever it is built', async () => {
    const again = await mkdtemp(join(tmpdir(), 'onetrip-lambda-'));
    try {
      const rebuilt = await buildLambda(again, 'pg', ['get-tag', 'docs-assets', 'scheduled-purge']);
      expect(rebuilt).toHaveLength(3);
      for (const { name } of functions) {
        const archive = await readFile(join(directory, 'lambda', `${name}.zip`));
        const code = await readFile(join(directory, 'lambda', name, 'index.mjs'));
        const { 'index.mjs': packed, ...files } = unzip(archive);
        expect(packed?.equals(code), name).toBe(true);
        expect(Object.keys(files).length > 0, name).toBe(name === 'docs-assets');
      }
      for (const { name } of rebuilt) {
        const archives = [directory, again].map((dist) => readFile(join(dist, 'lambda', `${name}.zip`)));
        const [one, other] = (await Promise.all(archives)) as [Buffer, Buffer];
        expect(one.equals(other), name).toBe(true);
      }
    } finally {
      await rm(again, { recursive: true });
    }
  }, 60_000);

  test('starts by itself, and responds', async () => {
    const some = functions.filter(({ name }) =>
      ['get-tag', 'health', 'default-route', 'scheduled-purge', 'webhook-deliveries'].includes(name),
    );
    const starts = await measureStart(some, join(directory, 'lambda'));
    expect([...starts.keys()]).toEqual(some.map(({ name }) => name));
    for (const ms of starts.values()) expect(ms).toBeGreaterThan(1);
  }, 60_000);
});

test('the scheduled purge purges, over a connection of its own, and logs what takes longer than it is told', async () => {
  const { admin } = database;
  await admin.query(
    `with tenant as (insert into tenants (name) values ('Acme') returning id)
     insert into projects (id, tenant_id, name, deleted_at, trash_id)
     select tenant.id, tenant.id, 'old', now() - interval '31 days', tenant.id from tenant`,
  );
  expect((await admin.query('select from projects')).rowCount).toBe(1);
  process.env.JANITOR_DATABASE_URL = `postgres://onetrip_cleaner:janitor@127.0.0.1:${admin.port}/${admin.database}`;
  process.env.SLOW_QUERY_MS = '0';
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
  try {
    const { handler } = await import(pathToFileURL(join(directory, 'lambda', 'scheduled-purge', 'index.mjs')).href);
    await handler();
  } finally {
    delete process.env.JANITOR_DATABASE_URL;
    delete process.env.SLOW_QUERY_MS;
  }
  expect(warnings).toHaveBeenCalledWith(expect.stringContaining('"event":"slow_query"'));
  warnings.mockRestore();
  expect((await admin.query('select from projects')).rowCount).toBe(0);
});

test('an archive of several files, one of them empty', () => {
  const files = { 'a.txt': Buffer.from('a'.repeat(1000)), 'ü/b': Buffer.alloc(0), 'c.bin': Buffer.from([0, 255, 1]) };
  expect(unzip(zip(files))).toEqual(files);
});

/** Reads an archive by its central directory, as unzip(1) does (APPNOTE §4.3). */
function unzip(archive: Buffer): Record<string, Buffer> {
  const end = archive.length - 22;
  expect(archive.readUInt32LE(end)).toBe(0x06054b50);
  const files: Record<string, Buffer> = {};
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    expect(archive.readUInt32LE(at)).toBe(0x02014b50);
    expect(archive.readUInt32LE(at + 38) >>> 16, 'readable by all').toBe(0o100644);
    const [crc, packed, size] = [16, 20, 24].map((offset) => archive.readUInt32LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    expect(archive.readUInt32LE(local)).toBe(0x04034b50);
    expect(archive.subarray(local + 6, local + 28).equals(archive.subarray(at + 8, at + 30))).toBe(true);
    const body = local + 30 + nameLength;
    const content = inflateRawSync(archive.subarray(body, body + packed));
    expect([content.length, crc32(content)]).toEqual([size, crc]);
    files[name] = content;
    at += 46 + nameLength;
  }
  expect(at).toBe(end);
  return files;
}
