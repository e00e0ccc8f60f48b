/**
 * How long one tenant waits while another sends 60 equal creates with one Idempotency-Key at once, again and again:
 *
 *   PATH="$PWD/node_modules/.bin:$PATH" node bench/noisy-neighbour.ts
 *
 * Tenant B asks for its projects 20 times a second, whether or not it has been answered. Tenant A's creates have 20 tasks
 * each: first as they are, which costs processor time; then such that the first of them takes 3 s and the others wait for
 * it, which costs nothing but connections. The one Worker as it is deployed, in workerd, over the local Neon endpoint and PostgreSQL without fsync in
 * a scratch directory.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Miniflare } from 'miniflare';
import pg from 'pg';
import { buildOneWorker } from '../dev/build/one-worker.ts';
import { signToken } from '../dev/local/jwt.ts';
import { migrate } from '../dev/local/migrate.ts';
import { startPostgres } from '../dev/local/postgres.ts';
import { startNeonEndpoint } from '../dev/neon-endpoint/index.ts';

const ROUNDS = 20;
const AT_ONCE = 60;
/** Between two of B's requests (ms). */
const PAUSE = 50;
/** How long the first of A's creates takes where it is slow (ms). */
const SLOW = 3000;
const TASKS = Array.from({ length: 20 }, (_, n) => ({ title: `task ${n}`, tags: [`tag ${n % 20}`] }));
const JWT_SECRET = 'a secret of the scratch database, 32 bytes';

const directory = await mkdtemp(join(tmpdir(), 'onetrip-bench-'));
const postgres = await startPostgres({ dataDir: join(directory, 'data'), durable: false });
const url = new URL(postgres.adminUrl);
url.pathname = '/scratch';
await migrate(url.href, 'up');
const admin = new pg.Client({ connectionString: url.href });
await admin.connect();
await admin.query(`create role onetrip_worker login password 'worker' in role onetrip_app`);
const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port: Number(url.port) } });
await buildOneWorker(directory);
const miniflare = new Miniflare({
  modules: [
    { type: 'ESModule', path: 'index.js', contents: await readFile(join(directory, 'worker', 'index.js'), 'utf8') },
  ],
  compatibilityDate: '2026-07-01',
  bindings: {
    DATABASE_URL: 'postgres://onetrip_worker:worker@localhost/scratch',
    NEON_ENDPOINT: endpoint.url,
    JWT_SECRET,
    LOG_LEVEL: 'warn',
    SLOW_QUERY_MS: '99999',
  },
});
const origin = await miniflare.ready;

interface Reply {
  status: number;
  ms: number;
}

/** Makes a tenant. @returns what sends one of its requests */
async function tenant(name: string): Promise<(path: string, init?: RequestInit) => Promise<Reply>> {
  const { rows } = await admin.query('insert into tenants (name) values ($1) returning id', [name]);
  const token = await signToken({ role: 'admin', tenantId: rows[0].id }, 3600, JWT_SECRET);
  return async (path, init = {}) => {
    const begun = performance.now();
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...init.headers };
    const response = await fetch(new URL(path, origin), { ...init, headers });
    await response.arrayBuffer();
    return { status: response.status, ms: performance.now() - begun };
  };
}

const [a, b] = [await tenant('A'), await tenant('B')];

/** Prints what B's requests take while some work is done. */
async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const asked: Promise<Reply>[] = [];
  const timer = setInterval(() => asked.push(b('/api/v1/projects')), PAUSE);
  await work();
  clearInterval(timer);
  const replies = await Promise.all(asked);
  const times = replies.map(({ ms }) => ms).sort((x, y) => x - y);
  const at = (share: number) => Math.round(times[Math.floor((times.length - 1) * share)] ?? 0);
  console.log(`B ${what}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms, answered ${counted(replies)}`);
}

/** `200 × 57, 429 × 3` */
function counted(replies: Reply[]): string {
  const byStatus = Map.groupBy(replies, ({ status }) => status);
  return [...byStatus].map(([status, { length }]) => `${status} × ${length}`).join(', ');
}

/** A's creates with one key, all at once. */
async function flood(key: string): Promise<Reply[]> {
  const body = JSON.stringify({ name: `Project ${key}`, tasks: TASKS });
  const init = { method: 'POST', body, headers: { 'Idempotency-Key': key } };
  return Promise.all(Array.from({ length: AT_ONCE }, () => a('/api/v1/projects', init)));
}

async function floods(): Promise<void> {
  const replies: Reply[] = [];
  for (let round = 0; round < ROUNDS; round++) replies.push(...(await flood(`${round}`)));
  console.log(`A: answered ${counted(replies)}`);
}

/** The same once, while no key can be claimed: as if the first of them were slow. B's reads need none. */
async function slowFlood(): Promise<void> {
  await admin.query('begin');
  await admin.query('lock table idempotency_keys in share mode');
  const replies = flood('slow');
  await sleep(SLOW);
  await admin.query('rollback');
  console.log(`A: answered ${counted(await replies)}`);
}

try {
  await b('/api/v1/projects', { method: 'POST', body: JSON.stringify({ name: 'P' }) });
  await measure('alone', () => sleep(5000));
  await measure('during A’s floods', floods);
  await measure('during A’s slow flood', slowFlood);
} finally {
  await miniflare.dispose();
  await endpoint.stop();
  await admin.end();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
