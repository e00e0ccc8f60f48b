import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { freePort } from '../../support/free-port.ts';
import { WORKER_ROLE } from '../../support/global-setup.ts';
import { runNodeServer } from '../../support/node-server.ts';
import { startWire } from '../../support/wire.ts';
import { environmentOf, metricsOf, rawSocket, serverFor, tenantOf } from './support.ts';

/* The server's own matters: how it starts and ends, what it shows of itself, and what it does when the pool or the database fails. */

const database = useDatabase();

const newProject = { method: 'POST', body: JSON.stringify({ name: 'P' }) };

async function connectionsLeft(): Promise<number> {
  const { rows } = await database.admin.query(
    'select count(*)::integer from pg_stat_activity where datname = $1 and usename = $2',
    [database.name, WORKER_ROLE],
  );
  return rows[0].count;
}

/** Waits until a request waits for what {@link holdProjects} holds. */
async function untilOneWaits(): Promise<void> {
  await vi.waitFor(async () => {
    const { rowCount } = await database.admin.query(
      `select from pg_locks where not granted and relation = 'projects'::regclass
       and database = (select oid from pg_database where datname = current_database())`,
    );
    expect(rowCount).toBeGreaterThan(0);
  }, 10_000);
}

/** Makes every write to projects wait until it is told to go on, or the test ends. */
async function holdProjects(): Promise<() => Promise<void>> {
  await database.admin.query('begin');
  await database.admin.query('lock table projects in share mode');
  let isHeld = true;
  const goOn = async () => {
    if (isHeld) await database.admin.query('rollback');
    isHeld = false;
  };
  onTestFinished(goOn);
  return goOn;
}

test.each([
  ['DATABASE_URL is not set', { DATABASE_URL: '' }],
  ['neither JWT_SECRET nor JWKS_URL is set', { JWT_SECRET: '' }],
  ['JWT_SECRET is a published example', { JWT_SECRET: 'change me: any text of at least 32 bytes' }],
  ['PORT must be a number', { PORT: '0' }],
])('it does not start where %s, and says so in one line', async (message, wrong) => {
  const { code, output, error } = await runNodeServer({ ...environmentOf(database), ...wrong });
  expect([code, output]).toEqual([1, '']);
  expect(error).toMatch(new RegExp(`^${message}[^\n]*\n$`));
});

test('it does not start where its port is taken, its metrics’ port neither', async () => {
  const taken = await serverFor({ ...environmentOf(database) });
  const environment = { ...environmentOf(database), LISTEN_ADDRESS: '127.0.0.1' };
  for (const variable of ['PORT', 'METRICS_PORT']) {
    const free = String(await freePort());
    const ports = { PORT: free, [variable]: String(taken.port) };
    const { code, error } = await runNodeServer({ ...environment, ...ports });
    expect(code).toBe(1);
    expect(error).toMatch(new RegExp(`^${variable}: 127.0.0.1, port ${taken.port} is in use\\..*set another.*\n$`));
  }
});

test('told to stop, it lets requests end, refuses to be ready, and leaves nothing behind', async () => {
  const server = await serverFor({ ...environmentOf(database), DRAIN_SECONDS: '1' });
  const tenant = await tenantOf(database, server);
  const idle = rawSocket(server.port);
  idle.socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  await vi.waitFor(() => expect(idle.received()).toContain('200 OK'), 10_000);
  const goOn = await holdProjects();
  const underWay = tenant('/api/v1/projects', newProject);
  await untilOneWaits();
  const ended = server.end();
  await server.logged('stopping');
  const [ready, health] = await Promise.all([tenant('/ready'), tenant('/health')]);
  expect([ready.status, ready.headers.get('Retry-After'), ready.headers.get('Connection')]).toEqual([
    503,
    '1',
    'close',
  ]);
  expect(await ready.json()).toMatchObject({ code: 'unavailable', request_id: ready.headers.get('X-Request-Id') });
  expect([health.status, health.headers.get('Connection')]).toEqual([200, 'close']);
  await vi.waitFor(() => expect(tenant('/health')).rejects.toThrow('fetch failed'), { timeout: 3000 });
  // No more connections are accepted, while a request on its way on one that is there is still answered.
  idle.socket.write('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
  await idle.closed;
  expect(idle.received()).toMatch(/HTTP\/1.1 503 .*connection: close/is);
  await goOn();
  expect((await underWay).status).toBe(201);
  const { code, ms } = await ended;
  expect(code).toBe(0);
  expect(ms).toBeLessThan(5000);
  expect(server.log.at(-1)).toMatchObject({ event: 'stopped' });
  await vi.waitFor(async () => expect(await connectionsLeft()).toBe(0), 10_000);
});

test('told a second time, it ends at once', async () => {
  const server = await serverFor(environmentOf(database));
  const tenant = await tenantOf(database, server);
  await holdProjects();
  const underWay = tenant('/api/v1/projects', newProject).catch(() => 'cut off');
  await untilOneWaits();
  server.process.kill('SIGINT');
  // npm hands on what the terminal has sent already: that is no second time.
  server.process.kill('SIGINT');
  await server.logged('stopping');
  await sleep(1100);
  expect(server.process.exitCode).toBeNull();
  const { code, ms } = await server.end('SIGINT');
  expect(code).toBe(1);
  expect(ms).toBeLessThan(1000);
  expect(await underWay).toBe('cut off');
});

test('metrics: requests by endpoint and status, durations, the pool, and batches that were sent again', async () => {
  // What a sequence has given out is not taken back by a rollback.
  await database.admin.query(
    `create sequence tries;
     create function fail_twice() returns trigger language plpgsql security definer set search_path = public as
       $$ begin if nextval('tries') <= 2 then raise exception using errcode = '40P01'; end if; return new; end $$;
     create trigger fail_twice before insert on projects for each row execute function fail_twice()`,
  );
  const port = await freePort();
  const server = await serverFor({ ...environmentOf(database), METRICS_PORT: String(port), POOL_SIZE: '3' });
  const tenant = await tenantOf(database, server);
  expect((await tenant('/api/v1/projects', newProject)).status).toBe(201);
  await database.admin.query('drop trigger fail_twice on projects; drop function fail_twice; drop sequence tries');
  for (const path of ['/api/v1/tags', '/api/v1/tags', '/api/v1/tags?limit=0', '/a', '/b']) await tenant(path);
  const found = await metricsOf(port);
  const requests = [...found].filter(([name]) => name.startsWith('onetrip_http_requests_total'));
  expect(Object.fromEntries(requests)).toEqual({
    'onetrip_http_requests_total{operation="ready",status="200"}': 1,
    'onetrip_http_requests_total{operation="create-project",status="201"}': 1,
    'onetrip_http_requests_total{operation="list-tags",status="200"}': 2,
    'onetrip_http_requests_total{operation="list-tags",status="400"}': 1,
    'onetrip_http_requests_total{operation="unmatched",status="404"}': 2,
  });
  const duration = (suffix: string) => found.get(`onetrip_http_request_duration_seconds${suffix}`);
  expect(duration('_count{operation="list-tags"}')).toBe(3);
  expect(duration('_bucket{operation="list-tags",le="+Inf"}')).toBe(3);
  expect(duration('_sum{operation="list-tags"}')).toBeGreaterThan(0);
  const pool = `host="127.0.0.1:${database.admin.port}",role="${WORKER_ROLE}"`;
  expect(found.get(`onetrip_database_connections{${pool},state="in_use"}`)).toBe(0);
  expect(found.get(`onetrip_database_connections{${pool},state="idle"}`)).toBeGreaterThan(0);
  expect(found.get(`onetrip_database_connections_max{${pool}}`)).toBe(3);
  expect(found.get('onetrip_database_retries_total')).toBe(2);
  expect(found.get('onetrip_http_requests_in_flight')).toBe(0);
  const at = `http://127.0.0.1:${port}`;
  expect((await fetch(`${at}/`)).status).toBe(404);
  expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(405);
  expect((await tenant('/metrics')).status).toBe(404);
});

test('a pool that is in use makes others wait; a tenant has at most half of it', async () => {
  const port = await freePort();
  const server = await serverFor({ ...environmentOf(database), METRICS_PORT: String(port), POOL_SIZE: '2' });
  const first = await tenantOf(database, server);
  const second = await tenantOf(database, server);
  const third = await tenantOf(database, server);
  const metric = async (name: string) => {
    const found = [...(await metricsOf(port))].filter(
      ([key]) => key.startsWith('onetrip_database') && key.includes(name),
    );
    return found[0]?.[1];
  };
  const goOn = await holdProjects();
  const writes = [first, first, first].map((tenant) => tenant('/api/v1/projects', newProject));
  await vi.waitFor(async () => expect(await metric('in_use')).toBe(1), 10_000);
  // The other connection is there for the others.
  expect((await second('/api/v1/tags')).status).toBe(200);
  writes.push(second('/api/v1/projects', newProject));
  await vi.waitFor(async () => expect(await metric('in_use')).toBe(2), 10_000);
  const waits = third('/api/v1/tags');
  await vi.waitFor(async () => expect(await metric('batches_waiting')).toBe(1), 10_000);
  await goOn();
  expect((await waits).status).toBe(200);
  for (const write of writes) expect((await write).status).toBe(201);
  expect([await metric('in_use'), await metric('batches_waiting')]).toEqual([0, 0]);
});

test('who waits for a connection longer than 5 s gets 503, and the server needs no other to go on', async () => {
  const wire = await startWire(Number(database.admin.port));
  try {
    const server = await serverFor({ ...environmentOf(database, wire.port), POOL_SIZE: '1' });
    const first = await tenantOf(database, server);
    const second = await tenantOf(database, server);
    expect((await first('/api/v1/tags')).status).toBe(200);
    wire.silence();
    const stuck = first('/api/v1/tags');
    await sleep(100);
    const start = performance.now();
    const refused = await second('/api/v1/tags');
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '1']);
    expect(performance.now() - start).toBeGreaterThan(4500);
    wire.cut();
    expect((await stuck).status).toBe(503);
    expect((await second('/api/v1/tags')).status).toBe(200);
  } finally {
    await wire.stop();
  }
}, 30_000);

test('a database that goes away and comes back: 503 meanwhile, and nothing else', async () => {
  const server = await serverFor(environmentOf(database));
  const tenant = await tenantOf(database, server);
  expect((await tenant('/api/v1/tags')).status).toBe(200);
  const allow = (allowed: boolean) =>
    database.admin.query(`update pg_database set datallowconn = ${allowed} where datname = '${database.name}'`);
  await allow(false);
  await database.admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and datname = $2',
    [WORKER_ROLE, database.name],
  );
  for (const path of ['/api/v1/tags', '/ready']) {
    const response = await tenant(path);
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1']);
  }
  expect((await tenant('/health')).status).toBe(200);
  await allow(true);
  for (const path of ['/api/v1/tags', '/ready']) expect((await tenant(path)).status).toBe(200);
  expect(server.log.filter(({ event }) => !['listening', 'database_error'].includes(event))).toEqual([]);
});

test('it starts without its database, and says that it is not ready', async () => {
  const server = await serverFor({ ...environmentOf(database), DATABASE_URL: 'postgres://x:y@127.0.0.1:9/z' });
  expect(await server.logged('listening')).toMatchObject({ ready: false, purges: true, metrics: null });
  expect((await server.logged('not_ready')).detail).toBeTypeOf('string');
  expect((await server.end()).code).toBe(0);
});

test('--scheduled purges and ends, also when another one does so at the same time', async () => {
  await database.admin.query(
    `with tenant as (insert into tenants (name) values ('Acme') returning id)
     insert into projects (id, tenant_id, name, deleted_at, trash_id)
     select uuidv7(), tenant.id, 'old', now() - interval '31 days', tenant.id from tenant, generate_series(1, 500)`,
  );
  const runs = await Promise.all([1, 2].map(() => runNodeServer(environmentOf(database), ['--scheduled'])));
  expect(runs.map(({ code, error }) => [code, error])).toEqual([
    [0, ''],
    [0, ''],
  ]);
  const purged = runs.map(({ output }) => JSON.parse(output.trim().split('\n').at(-1) ?? '').projects as number);
  expect(purged.reduce((a, b) => a + b)).toBe(500);
  expect((await database.admin.query(`select from projects where name = 'old'`)).rowCount).toBe(0);
});

test('--scheduled without a role of its own says what it needs; an unknown option is refused', async () => {
  const { code, error } = await runNodeServer({ ...environmentOf(database), JANITOR_DATABASE_URL: '' }, [
    '--scheduled',
  ]);
  expect([code, error]).toEqual([
    1,
    expect.stringMatching(/^JANITOR_DATABASE_URL is not set: [^\n]*its environment\n$/),
  ]);
  const unknown = await runNodeServer(environmentOf(database), ['--shceduled']);
  expect([unknown.code, unknown.error]).toEqual([1, expect.stringContaining('--shceduled')]);
});
