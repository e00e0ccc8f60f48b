import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../faults/support.ts';
import { JWT_SECRET, signToken } from '../support/api.ts';
import { JANITOR_ROLE, WORKER_ROLE } from '../support/global-setup.ts';
import { type NodeServer, runNodeServer, startNodeServer } from '../support/node-server.ts';
import { PGDOG, startPgdog } from '../support/pgdog.ts';

/* The server on Node with PgDog before three PostgreSQL servers, as docs/pgdog.md tells to set it up. */

const NAMES = ['a', 'b', 'c'];

describe.skipIf(!PGDOG)('through PgDog', { tags: ['release'], timeout: 60_000 }, () => {
  const cleanUp = new AsyncDisposableStack();
  const clusters = new Map<string, Cluster>();
  const environment: Record<string, string> = {};
  let server: NodeServer;
  /** Tenants by the database that has them. */
  const tenants = new Map<string, string[]>(NAMES.map((name) => [name, []]));

  beforeAll(async () => {
    for (const name of NAMES) clusters.set(name, await Cluster.start(cleanUp));
    const urls = (role: string, password: string) =>
      new Map(
        [...clusters].map(([name, cluster]) => [
          name,
          Object.assign(new URL(cluster.url()), { username: role, password }).href,
        ]),
      );
    const json = (role: string, password: string) => JSON.stringify(Object.fromEntries(urls(role, password)));
    Object.assign(environment, {
      DATABASE_URL: await startPgdog(urls(WORKER_ROLE, 'worker'), cleanUp),
      SHARDING_KEY: 'pgdog.sharding_key',
      SHARDS: json(WORKER_ROLE, 'worker'),
      JANITOR_SHARDS: json(JANITOR_ROLE, 'janitor'),
      JWT_SECRET,
    });
    server = await startNodeServer(environment);
    cleanUp.defer(async () => {
      await server.end();
    });
    // By the hash of their ids; that one of three stays without any of 24 happens once in 5 000 times.
    for (let n = 0; n < 24; n++) {
      const { json: tenant } = await call('POST', '/api/v1/tenants', undefined, { name: `Tenant ${n}` });
      const homes = await homesOf(tenant.id);
      expect(homes).toHaveLength(1);
      tenants.get(homes[0] ?? '')?.push(tenant.id);
    }
  }, 240_000);
  afterAll(() => cleanUp.disposeAsync(), 60_000);

  /** As an admin of a tenant, or as the platform. */
  async function call(method: string, path: string, tenant: string | undefined, body?: unknown) {
    const token = await signToken(tenant ? { tenant_id: tenant, role: 'admin', sub: 'tester' } : { role: 'platform' });
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text ? JSON.parse(text) : undefined };
  }

  /** The databases that have a row of a tenant in a table. */
  async function homesOf(tenant: string, table = 'tenants', column = 'id'): Promise<string[]> {
    const found: string[] = [];
    for (const [name, cluster] of clusters) {
      if ((await cluster.ask(`select from ${table} where ${column} = $1`, [tenant])).length > 0) found.push(name);
    }
    return found;
  }

  const oneOf = (name: string) => tenants.get(name)?.[0] ?? '';

  test('every database has some of the tenants, and no tenant is in two', () => {
    expect([...tenants.values()].every((ids) => ids.length > 0)).toBe(true);
    expect([...tenants.values()].flat()).toHaveLength(24);
  });

  test('a tenant works in its own database, in one round trip each', async () => {
    for (const name of NAMES) {
      const tenant = oneOf(name);
      const tasks = [{ title: 'One', tags: ['red'], subtasks: [{ title: 'Two' }] }];
      const project = await call('POST', '/api/v1/projects', tenant, { name: 'P', tasks });
      expect(project.status).toBe(201);
      expect(project.headers.get('Server-Timing')).toContain('1 round trip"');
      const { id } = project.json;
      expect((await call('PATCH', `/api/v1/projects/${id}`, tenant, { name: 'Q' })).json.version).toBe(2);
      const read = await call('GET', `/api/v1/projects/${id}`, tenant);
      expect(read.json).toMatchObject({
        name: 'Q',
        tasks: [{ title: 'One', tags: [{ name: 'red' }] }, { title: 'Two' }],
      });
      expect((await call('GET', '/api/v1/tasks?q=one&tag=red', tenant)).json.data).toHaveLength(1);
      expect((await call('GET', '/api/v1/changes', tenant)).status).toBe(200);
      for (const table of ['projects', 'tasks', 'task_tags', 'audit_log', 'task_search']) {
        expect(await homesOf(tenant, table, 'tenant_id'), table).toEqual([name]);
      }
    }
  });

  test('nobody sees or changes what another tenant has, in the same database or in another one', async () => {
    const owner = oneOf('a');
    const project = (await call('POST', '/api/v1/projects', owner, { name: 'secret' })).json.id;
    const others = [tenants.get('a')?.[1] ?? oneOf('c'), oneOf('b')];
    for (const other of others) {
      const unknown = await call('GET', '/api/v1/projects/01890000-0000-7000-8000-000000000000', other);
      for (const [method, body] of [['GET'], ['PATCH', { name: 'mine' }], ['DELETE']] as const) {
        expect(await call(method, `/api/v1/projects/${project}`, other, body)).toMatchObject({
          status: 404,
          json: { code: unknown.json.code, detail: unknown.json.detail },
        });
      }
      expect((await call('POST', `/api/v1/projects/${project}/tasks`, other, { title: 'T' })).status).toBe(404);
      const { json } = await call('GET', '/api/v1/projects', other);
      expect(JSON.stringify(json)).not.toContain('secret');
    }
    // On connections that all tenants share, one after the other.
    const names = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const tenant = oneOf(NAMES[n % 3] ?? '');
        return [tenant, (await call('GET', '/api/v1/tenant', tenant)).json.id];
      }),
    );
    for (const [asked, answered] of names) expect(answered).toBe(asked);
  });

  test('the platform lists the tenants of all databases, renames one and deletes it', async () => {
    const listed = await call('GET', '/api/v1/tenants?limit=100', undefined);
    const ids = listed.json.data.map(({ id }: { id: string }) => id);
    expect(ids.toSorted()).toEqual([...tenants.values()].flat().toSorted());
    const { id } = (await call('POST', '/api/v1/tenants', undefined, { name: 'Short' })).json;
    const suspended = await call('PATCH', `/api/v1/tenants/${id}`, undefined, { status: 'suspended' });
    expect(suspended.json).toMatchObject({ status: 'suspended' });
    expect((await call('GET', '/api/v1/tenant', id)).status).toBe(403);
    expect((await call('DELETE', `/api/v1/tenants/${id}`, undefined)).status).toBe(202);
    const { code } = await runNodeServer(environment, ['--scheduled']);
    expect([code, await homesOf(id)]).toEqual([0, []]);
  });

  test('what has no key is refused, and answered for no database of several', async () => {
    const client = new pg.Client({ connectionString: environment.DATABASE_URL ?? '' });
    await client.connect();
    await expect(client.query('select name from tenants')).rejects.toMatchObject({ code: '58000' });
    await client.end();
  });

  test('a table that PgDog is not told of is not written', async () => {
    for (const cluster of clusters.values()) {
      await cluster.ask('create table unheard_of (tenant_id uuid, id int); grant all on unheard_of to onetrip_app');
    }
    const client = new pg.Client({ connectionString: environment.DATABASE_URL ?? '' });
    await client.connect();
    await client.query('begin');
    await client.query(`set local pgdog.sharding_key to '${oneOf('a')}'`);
    const insert = client.query('insert into unheard_of values ($1, 1)', [oneOf('a')]);
    await expect(insert).rejects.toMatchObject({ code: '58000' });
    await client.end();
    for (const cluster of clusters.values()) {
      expect(await cluster.ask('table unheard_of')).toEqual([]);
      await cluster.ask('drop table unheard_of');
    }
  });

  test('one database down is 503 for its own tenants alone, soon, and passes when it is up again', async () => {
    await clusters.get('b')?.down('fast');
    const start = performance.now();
    const down = await call('GET', '/api/v1/projects', oneOf('b'));
    expect(down).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(down.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(performance.now() - start).toBeLessThan(10_000);
    for (const name of ['a', 'c']) expect((await call('GET', '/api/v1/projects', oneOf(name))).status).toBe(200);
    expect(await call('GET', '/ready', undefined)).toMatchObject({
      status: 503,
      json: { detail: expect.stringMatching(/^b: /) },
    });
    expect((await call('GET', '/api/v1/tenants', undefined)).status).toBe(503);
    await clusters.get('b')?.up();
    await expect
      .poll(async () => (await call('GET', '/api/v1/projects', oneOf('b'))).status, { timeout: 30_000, interval: 500 })
      .toBe(200);
  });
});
