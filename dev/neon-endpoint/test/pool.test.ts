/** The local Neon endpoint: which connection a request is lent, and which ones are kept. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type NeonEndpoint, type NeonEndpointOptions, startNeonEndpoint } from '../index.ts';
import { eventually, type Support, startSupport } from './support.ts';

const OPT_IN = { 'Neon-Pool-Opt-In': 'true' };
const PID = 'SELECT pg_backend_pid() AS pid';

let support: Support;

beforeAll(async () => {
  support = await startSupport({ roles: { neon_swimmer: "LOGIN PASSWORD 'p'" } });
  await support.admin.query('CREATE TABLE parents (id int PRIMARY KEY)');
  await support.admin.query('CREATE TABLE children (id int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)');
  await support.admin.query('GRANT INSERT ON children TO PUBLIC');
});

afterAll(() => support?.stop());

async function start(options: Partial<NeonEndpointOptions> = {}): Promise<NeonEndpoint> {
  const endpoint = await startNeonEndpoint({ postgres: support.postgres, ...options });
  onTestFinished(() => endpoint.stop());
  return endpoint;
}

async function ask(endpoint: NeonEndpoint, body: unknown, headers: Record<string, string> = {}, host = 'localhost') {
  const connectionString = `postgres://neon_swimmer:p@${host}/${support.database}`;
  const response = await fetch(endpoint.url, {
    method: 'POST',
    headers: { 'Neon-Connection-String': connectionString, ...headers },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the endpoint answers with
  return { status: response.status, json: (await response.json()) as any };
}

async function pid(endpoint: NeonEndpoint, headers?: Record<string, string>): Promise<number> {
  return (await ask(endpoint, { query: PID }, headers)).json.rows[0].pid;
}

/** Of the database, without the one that asks. */
async function connections(): Promise<number> {
  const sql =
    'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
  return (await support.admin.query<{ n: number }>(sql)).rows[0]?.n ?? 0;
}

test('a request is lent the connection that came back last', async () => {
  const endpoint = await start();
  const first = await pid(endpoint);
  expect(await pid(endpoint)).toBe(first);
});

test('a host that is another PostgreSQL is asked there, and never lent a connection to the first', async () => {
  const nobody = { host: '127.0.0.1', port: 1 };
  const endpoint = await start({ computes: { 'other.example.com': nobody } });
  expect((await ask(endpoint, { query: PID })).status).toBe(200);
  expect((await ask(endpoint, { query: PID }, {}, 'other.example.com')).status).toBe(500);
  expect((await ask(endpoint, { query: PID }, {}, 'third.example.com')).status).toBe(200);
});

test('where the pool is opt-in, only a request with the header is lent one', async () => {
  const endpoint = await start({ poolOptIn: true });
  const pids = [await pid(endpoint), await pid(endpoint), await pid(endpoint, { 'Neon-Pool-Opt-In': '1' })];
  expect(new Set(pids).size).toBe(3);
  // What was opened for others is in the pool too.
  expect(pids).toContain(await pid(endpoint, OPT_IN));
});

test('nobody waits for a connection, and 20 are kept, of all users together', async () => {
  const endpoint = await start();
  await support.admin.query('SELECT pg_advisory_lock(5)');
  const query = { query: 'SELECT pg_advisory_xact_lock_shared(5)::text' };
  const other = { 'Neon-Connection-String': support.connectionString };
  const waiting = Array.from({ length: 25 }, (_, i) => ask(endpoint, query, i < 12 ? other : {}));
  await eventually(async () => (await connections()) === 25);
  await support.admin.query('SELECT pg_advisory_unlock(5)');
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
  await eventually(async () => (await connections()) <= 20);
  expect(await connections()).toBe(20);
});

test.each([
  ['a single statement that fails', { query: 'SELECT 1/0' }, true],
  ['a batch that fails', { queries: [{ query: PID }, { query: 'SELECT 1/0' }] }, false],
  ['a batch that fails as it is committed', { queries: [{ query: 'INSERT INTO children VALUES (1)' }] }, true],
])('after %s', async (_, body, isDiscarded) => {
  const endpoint = await start();
  const before = await pid(endpoint);
  expect((await ask(endpoint, body)).status).toBe(400);
  expect((await pid(endpoint)) !== before, 'the connection is thrown away').toBe(isDiscarded);
});
