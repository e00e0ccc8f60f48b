import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { signToken } from '../dev/local/jwt.ts';
import { migrate } from '../dev/local/migrate.ts';
import { startPostgres } from '../dev/local/postgres.ts';
import { startNeonEndpoint } from '../dev/neon-endpoint/index.ts';
import { app } from '../src/functions/index.ts';

/*
 * All functions in this process, over the local Neon endpoint and a PostgreSQL with fsync in a scratch directory, for what
 * measures single requests.
 */

const JWT_SECRET = 'a secret of the scratch database, 32 bytes';

const directory = await mkdtemp(join(tmpdir(), 'onetrip-bench-'));
const postgres = await startPostgres({ dataDir: join(directory, 'data') });
const url = new URL(postgres.adminUrl);
url.pathname = '/scratch';
await migrate(url.href, 'up');
export const admin = new pg.Client({ connectionString: url.href });
await admin.connect();
await admin.query(`create role onetrip_worker login password 'worker' in role onetrip_app`);
const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port: Number(url.port) } });
const bindings = {
  DATABASE_URL: 'postgres://onetrip_worker:worker@localhost/scratch',
  NEON_ENDPOINT: endpoint.url,
  JWT_SECRET,
  LOG_LEVEL: 'warn',
  SLOW_QUERY_MS: '999999',
};

export async function makeTenant() {
  const { rows } = await admin.query(`insert into tenants (name) values ('bench') returning id`);
  const token = await signToken({ role: 'admin', tenantId: rows[0].id }, 3600, JWT_SECRET);
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await app.request(
      `http://localhost/api/v1/${path}`,
      {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      bindings,
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text ? JSON.parse(text) : undefined };
  };
  return { id: rows[0].id as string, call };
}

export type Call = Awaited<ReturnType<typeof makeTenant>>['call'];

/** Prints the status, the milliseconds and the round trips of one request. */
export async function measured(name: string, call: Call, ...request: Parameters<Call>) {
  const start = performance.now();
  const reply = await call(...request);
  const trips = /desc="(\d+)/.exec(reply.headers.get('Server-Timing') ?? '')?.[1];
  console.log(`${name.padEnd(58)} ${reply.status} ${(performance.now() - start).toFixed(0).padStart(7)} ms ${trips}`);
  return reply;
}

/** How long reads of somebody else take meanwhile. */
export async function beside(name: string, other: () => Promise<unknown>, work: () => Promise<unknown>) {
  const times: number[] = [];
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const start = performance.now();
      await other();
      times.push(performance.now() - start);
    }
  })();
  await work();
  isOver = true;
  await reading;
  times.sort((a, b) => a - b);
  const [median, longest] = [times[Math.floor(times.length / 2)], times.at(-1)].map((ms = 0) => ms.toFixed(0));
  console.log(`${`  reads of another tenant: ${name}`.padEnd(58)} median ${median} ms, longest ${longest} ms`);
}

/** Others, of whom the planner knows, so that the tenants that come later are strangers to it. */
export async function makeOthers(): Promise<void> {
  const others = await Promise.all(Array.from({ length: 20 }, makeTenant));
  for (const { call } of others) {
    const tasks = Array.from({ length: 200 }, (_, n) => ({ title: `task ${n}`, tags: [`tag ${n % 9}`] }));
    await call('POST', 'projects', { name: 'P', tasks });
  }
  await admin.query('analyze');
}

/** Stops everything that was started, and deletes it. */
export async function stop(): Promise<void> {
  await endpoint.stop();
  await admin.end();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
