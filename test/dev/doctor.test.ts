import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { examine } from '../../dev/doctor/examine.ts';
import type { Finding, Target } from '../../dev/doctor/finding.ts';
import { checkDataDirectory, checkNode, checkPort } from '../../dev/doctor/machine.ts';
import { environmentOf } from '../platform/node/support.ts';
import { useDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { COURIER_ROLE, JANITOR_ROLE, WORKER_ROLE } from '../support/global-setup.ts';

const database = useDatabase();
const directory = await mkdtemp(join(tmpdir(), 'onetrip-doctor-'));
afterAll(() => rm(directory, { recursive: true }));

/** All that is found, of which no line has a secret in it: those of these tests have the word `secret`. */
async function find(target: Target, environment: Record<string, string>, file?: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const all = { PORT: String(await freePort()), ...environment };
  for await (const finding of examine(target, all, file)) findings.push(finding);
  expect(JSON.stringify(findings)).not.toMatch(/secret-of-tests/);
  return findings;
}

const textsOf = (findings: Finding[], is: Finding['is']) =>
  findings.filter((one) => one.is === is).map(({ text }) => text);
const wrongs = async (...args: Parameters<typeof find>) => textsOf(await find(...args), 'wrong');

const JWT_SECRET = 'secret-of-tests, and of at least 32 bytes';
const good = () => ({
  ...environmentOf(database),
  COURIER_DATABASE_URL: `postgres://${COURIER_ROLE}:courier@127.0.0.1:${database.admin.port}/${database.name}`,
  WEBHOOK_KEYS: `one:${'k'.repeat(43)}=`,
  JWT_SECRET,
});
const NO_WEBHOOKS = 'WEBHOOK_KEYS is not set: nobody can make a webhook';

describe('a server and a deployment', () => {
  test('a proxy by itself is asked nothing, and what does not work with it alone is said', async () => {
    const proxied = { JWT_SECRET, SHARDING_KEY: 'pgdog.sharding_key', DATABASE_URL: 'postgres://u:p@pgdog/onetrip' };
    const findings = await find('start', proxied);
    expect(textsOf(findings, 'wrong')).toEqual([]);
    expect(textsOf(findings, 'note')).toContainEqual(expect.stringMatching(/^SHARDING_KEY is set without SHARDS/));
    expect(await wrongs('start', { ...proxied, DATABASE_URL: '' })).toEqual(['DATABASE_URL is not set']);
  });

  test('as they should be', async () => {
    const findings = await find('start', good());
    expect(findings.filter(({ is }) => is !== 'good')).toEqual([]);
    const place = `127.0.0.1:${database.admin.port}`;
    expect(textsOf(findings, 'good')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          `^DATABASE_URL: PostgreSQL 18\\S* at ${place}, database ${database.name}, as ${WORKER_ROLE}$`,
        ),
        expect.stringMatching(/^DATABASE_URL: all \d+ migrations$/),
        `DATABASE_URL: ${WORKER_ROLE} owns nothing, bypasses nothing, and is in onetrip_app alone`,
        `JANITOR_DATABASE_URL: ${JANITOR_ROLE} owns nothing, bypasses nothing, and is in onetrip_janitor alone`,
        `COURIER_DATABASE_URL: ${COURIER_ROLE} owns nothing, bypasses nothing, and is in onetrip_courier alone`,
        'WEBHOOK_KEYS can be read',
        'JWT_SECRET has at least 32 bytes, and is no published example',
        'LOG_LEVEL can be read',
      ]),
    );
  });

  test('of a file of secrets, which says all there is', async () => {
    const file = join(directory, 'secrets.json');
    const { DATABASE_URL, JANITOR_DATABASE_URL } = environmentOf(database);
    await writeFile(file, JSON.stringify({ DATABASE_URL, JANITOR_DATABASE_URL, JWT_SECRET }), { mode: 0o644 });
    const findings = await find('deploy', { JWT_SECRET: '' }, file);
    expect(textsOf(findings, 'wrong')).toEqual([]);
    expect(textsOf(findings, 'note')).toEqual([
      `${file} can be read by others on this machine`,
      "DATABASE_URL: 127.0.0.1 is not Neon's",
      NO_WEBHOOKS,
    ]);
    await chmod(file, 0o600);
    expect(textsOf(await find('deploy', {}, file), 'note')).toEqual([
      "DATABASE_URL: 127.0.0.1 is not Neon's",
      NO_WEBHOOKS,
    ]);
    await writeFile(file, JSON.stringify({ ...good(), LOG_LEVEL: undefined, COURIER_DATABASE_URL: '' }));
    expect(await wrongs('deploy', {}, file)).toEqual(['COURIER_DATABASE_URL is not set']);
    await writeFile(file, `DATABASE_URL="${DATABASE_URL}"\n`);
    expect(await wrongs('deploy', {}, file)).toEqual([
      'JANITOR_DATABASE_URL is not set',
      'Neither JWT_SECRET nor JWKS_URL is set',
    ]);
    await writeFile(file, `{"JWT_SECERT": "${JWT_SECRET}"}`);
    await expect(find('deploy', {}, file)).rejects.toThrow(`${file}: no Worker reads JWT_SECERT.`);
    await writeFile(file, `{"JWT_SECRET": "${JWT_SECRET}`);
    await expect(find('deploy', {}, file)).rejects.toThrow(/is not valid JSON\.$/);
    await expect(find('deploy', {}, join(directory, 'none'))).rejects.toThrow('cannot be read: ENOENT.');
  });

  test.each<[string | RegExp, Record<string, string>]>([
    ['DATABASE_URL is not set', { DATABASE_URL: '' }],
    [/^JWT_MAX_AGE must be a duration/, { JWT_MAX_AGE: '12' }],
    [/^CORS_ORIGINS must be origins/, { CORS_ORIGINS: 'https://a.example.com/' }],
    [/^RATE_LIMIT is set, but only Cloudflare/, { RATE_LIMIT: '20/60' }],
    ['DEVELOPMENT is set', { DEVELOPMENT: 'true' }],
    ['PORT is "http"', { PORT: 'http' }],
    [
      /^SHARDING_KEY must be the name of a setting/,
      { SHARDING_KEY: 'x', DATABASE_URL: 'postgres://u:p@pgdog/onetrip' },
    ],
  ])('%s', async (message, environment) => {
    // No database, which needs time: but for its own case, this is about the others.
    const found = await wrongs('start', { JWT_SECRET, ...environment });
    expect(found.filter((text) => text !== 'DATABASE_URL is not set' || message === text)).toEqual([
      expect.stringMatching(message),
    ]);
  });
});

test('one port for two', async () => {
  const port = String(await freePort());
  const found = await wrongs('start', { ...good(), PORT: port, METRICS_PORT: port });
  expect(found).toEqual(['METRICS_PORT must be another port than PORT']);
});

describe('a database', () => {
  const url = (change: (url: URL) => void, from = environmentOf(database).DATABASE_URL ?? '') => {
    const changed = new URL(from);
    change(changed);
    return changed.href;
  };
  const admin = (name = database.name) => url((u) => Object.assign(u, { pathname: `/${name}` }), inject('adminUrl'));

  /** What is wrong with it alone. */
  async function wrongWith(DATABASE_URL: string, target: Target = 'start'): Promise<string[]> {
    const found = await wrongs(target, { JWT_SECRET, DATABASE_URL });
    return found.map((text) => text.replace(/^DATABASE_URL: /, '').replaceAll(/127\.0\.0\.1:\d+/g, '<place>'));
  }

  test.each<[string, (url: URL) => void, string | RegExp]>([
    [
      'a host that does not exist',
      (u) => Object.assign(u, { hostname: 'no-such-host.invalid' }),
      /^(there is no host|no-such-host.invalid cannot be looked up)/,
    ],
    ['a port where nothing listens', (u) => Object.assign(u, { port: '1' }), 'nothing listens at <place>'],
    [
      'a wrong password',
      (u) => Object.assign(u, { password: 'secret-of-tests' }),
      `<place> refuses the password of ${WORKER_ROLE}`,
    ],
    ['no password', (u) => Object.assign(u, { password: '' }), 'it has no password, and <place> asks for one'],
    [
      'no database of that name',
      (u) => Object.assign(u, { pathname: '/none' }),
      'there is no database none at <place>',
    ],
    ['TLS that it does not speak', (u) => u.searchParams.set('sslmode', 'verify-full'), '<place> speaks no TLS'],
  ])('%s', async (_, change, message) => {
    expect(await wrongWith(url(change))).toEqual([expect.stringMatching(message)]);
  });

  test.each([
    ['mysql://u:secret-of-tests@h/d', 'DATABASE_URL must look like postgres://user:password@host:5432/database.'],
    ['postgres://u:secret-of-tests@h', 'DATABASE_URL names no database.'],
  ])('%s', async (DATABASE_URL, message) => {
    expect(await wrongWith(DATABASE_URL)).toEqual([message]);
  });

  test('one that is none', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await wrongWith(url((u) => Object.assign(u, { port })))).toEqual([
      expect.stringMatching(/^<place> cannot be used: Error/),
    ]);
  });

  test('without migrations, as somebody who may do anything', async () => {
    const name = `empty_${randomUUID().replaceAll('-', '')}`;
    await database.admin.query(`create database ${name}`);
    onTestFinished(async () => {
      await database.admin.query(`drop database ${name}`);
    });
    expect(await wrongWith(admin(name))).toEqual([
      expect.stringMatching(/^(\d+) of \1 migrations are missing: \d{14}_\w+, \d{14}_\w+, \d{14}_\w+ and \d+ more$/),
      'postgres is a superuser',
    ]);
    // That is what npm run dev begins with.
    const findings = await find('dev', { DATABASE_URL: admin(name) });
    expect(textsOf(findings, 'wrong')).toEqual([]);
    expect(textsOf(findings, 'good')).toContain('DATABASE_URL: postgres can migrate, and make roles');
    expect(textsOf(await find('dev', { DATABASE_URL: admin('none') }), 'note')).toContainEqual(
      expect.stringMatching(/there is no database none .* yet: npm run dev makes it$/),
    );
  });

  test('one migration is missing, and one is unknown', async () => {
    await database.admin.query('begin');
    const { rows } = await database.admin.query(
      'delete from schema_migrations where version = (select max(version) from schema_migrations) returning version',
    );
    await database.admin.query("insert into schema_migrations values ('29990101000000')");
    await database.admin.query('commit');
    const [{ version }] = rows as [{ version: string }];
    expect(await wrongs('start', good())).toEqual([
      expect.stringMatching(`^DATABASE_URL: 1 of \\d+ migrations are missing: ${version}_\\w+$`),
    ]);
    await database.admin.query('insert into schema_migrations values ($1)', [version]);
    expect(textsOf(await find('start', good()), 'note')).toContainEqual(
      expect.stringMatching(/^DATABASE_URL: all \d+ migrations, and 1 that this version does not know$/),
    );
    await database.admin.query("delete from schema_migrations where version = '29990101000000'");
  });

  test('roles that may do more than they should, or less', async () => {
    const { DATABASE_URL = '', JANITOR_DATABASE_URL = '' } = environmentOf(database);
    const swapped = await wrongs('start', {
      ...good(),
      DATABASE_URL: JANITOR_DATABASE_URL,
      JANITOR_DATABASE_URL: DATABASE_URL,
    });
    expect(swapped).toEqual([
      `DATABASE_URL: ${JANITOR_ROLE} is not in onetrip_app, is in onetrip_janitor`,
      `JANITOR_DATABASE_URL: ${WORKER_ROLE} is not in onetrip_janitor, is in onetrip_app`,
    ]);
    const role = `role_${randomUUID().replaceAll('-', '')}`;
    await database.admin.query(`create role ${role} login password 'secret-of-tests' createrole createdb bypassrls
      in role onetrip_app, onetrip_janitor`);
    onTestFinished(async () => {
      await database.admin.query(`drop owned by ${role}`);
      await database.admin.query(`drop role ${role}`);
    });
    await database.admin.query(`create table of_${role} ()`);
    await database.admin.query(`alter table of_${role} owner to ${role}`);
    await database.admin.query(`grant truncate on tags to ${role}`);
    const found = await wrongWith(url((u) => Object.assign(u, { username: role, password: 'secret-of-tests' })));
    expect(found).toHaveLength(1);
    for (const fault of [
      'has BYPASSRLS, has CREATEROLE, has CREATEDB, owns 1 object, is in onetrip_janitor, sees all tenants in api_keys, ',
      `has more rights than it should on of_${role}, tags`,
    ]) {
      expect(found[0]).toContain(fault);
    }
    // Nor is it the owner whom npm run dev needs.
    expect(await wrongWith(DATABASE_URL, 'dev')).toEqual([
      `${WORKER_ROLE} may not create anything in this database, has no CREATEROLE`,
    ]);
  });
});

describe('this machine', () => {
  test('an old Node', () => {
    expect(checkNode('22.1.0')).toMatchObject({ is: 'wrong', text: 'This is Node 22.1.0, and 24 is needed' });
    expect(checkNode().is).toBe('good');
  });

  test('a port that is taken, by Onetrip or by another', async () => {
    let body = '{"status":"ok"}';
    const server = createServer((_, response) => response.end(body)).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const check = () => checkPort('PORT', String(port), ['127.0.0.1', '::1']);
    expect(await check()).toMatchObject({ is: 'note', text: `PORT ${port} on 127.0.0.1: Onetrip is running there` });
    body = 'hello';
    expect(await check()).toMatchObject({
      is: 'wrong',
      text: `PORT ${port} on 127.0.0.1 is in use by another program`,
    });
  });

  test('the directory of the embedded database', async () => {
    const data = join(directory, 'a', 'b');
    expect(await checkDataDirectory(data)).toMatchObject({
      is: 'good',
      text: `${data} can be written to, and has no database yet`,
    });
    await mkdir(join(data, 'postgres'), { recursive: true });
    await writeFile(join(data, 'postgres', 'PG_VERSION'), '18\n');
    expect(await checkDataDirectory(data)).toMatchObject({ is: 'good', text: `${data} has a database` });
    await writeFile(join(data, 'postgres', 'PG_VERSION'), '17\n');
    expect((await checkDataDirectory(data)).text).toContain('a database of PostgreSQL 17');
    const inFile = join(data, 'postgres', 'PG_VERSION', 'data');
    expect(await checkDataDirectory(inFile)).toMatchObject({ is: 'wrong', text: `${inFile} cannot be written to` });
  });

  test('all that npm run dev needs is there', async () => {
    const findings = await find('dev', { ONETRIP_DATA_DIR: join(directory, 'data') });
    expect(textsOf(findings, 'wrong')).toEqual([]);
    expect(textsOf(findings, 'good')).toContain('The embedded PostgreSQL, dbmate and wrangler are installed');
  });
});
