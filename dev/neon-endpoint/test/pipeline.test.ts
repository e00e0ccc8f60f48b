/** The local Neon endpoint: what goes over the wire for a request, in which order, and what is left when that is cut short. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type NeonEndpoint, startNeonEndpoint } from '../index.ts';
import { eventually, type Support, startSupport } from './support.ts';

const READ_ONLY = { 'Neon-Batch-Read-Only': 'true' };
const PID = { query: 'SELECT pg_backend_pid() AS pid' };
const COUNT = { query: "SELECT nextval('calls')::int" };

let support: Support;

beforeAll(async () => {
  support = await startSupport({ maxResponseBytes: 10_000, roles: { neon_sailor: "LOGIN PASSWORD 'p'" } });
  await support.admin.query('CREATE TABLE accounts (id int); CREATE SEQUENCE calls');
});
beforeEach(async () => {
  await support.admin.query("SELECT setval('calls', 1, false)");
});
afterAll(() => support?.stop());

/** How often COUNT has run: a sequence forgets nothing when a transaction is rolled back. */
const counted = async () => {
  const { rows } = await support.admin.query(
    'SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS n FROM calls',
  );
  return rows[0].n;
};
const accounts = () => support.value('SELECT count(*)::int FROM accounts');
const pid = () => support.value('SELECT pg_backend_pid()');

describe('the wire', () => {
  /** What the endpoint writes, as the types of the messages: a string for each write that PostgreSQL had to wait for. */
  async function wireTap(): Promise<{ port: number; writes: string[] }> {
    const writes: string[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const postgres = connect(support.postgres.port, support.postgres.host);
      for (const [socket, other] of [[client, postgres] as const, [postgres, client] as const]) {
        sockets.add(socket);
        socket.on('error', () => {}).on('close', () => other.destroy());
        socket.on('data', (chunk) => other.write(chunk));
      }
      client.on('data', (chunk: Buffer) => {
        const types = [];
        for (let at = 0; at < chunk.length; at += 1 + chunk.readInt32BE(at + 1))
          types.push(String.fromCharCode(chunk[at] ?? 0));
        writes.push(types.join(''));
      });
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, writes };
  }

  // Parse, Bind, Execute, and Describe where there is a result to tell of; Sync; Query is COMMIT and the reset.
  test.each([
    ['a batch that only reads', { queries: [PID, PID] }, READ_ONLY, ['PBEPBDEPBDEPBESQ']],
    ['a batch that may write', { queries: [PID, PID] }, {}, ['PBEPBDEPBDES', 'QQ']],
    ['a single statement', PID, {}, ['PBDES', 'Q']],
  ])('%s is written as few times as can be', async (_, body, headers, expected) => {
    const { port, writes } = await wireTap();
    const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port } });
    onTestFinished(() => endpoint.stop());
    for (let i = 0; i < 2; i++) {
      const response = await fetch(endpoint.url, {
        method: 'POST',
        headers: { 'Neon-Connection-String': support.connectionString, 'Neon-Raw-Text-Output': 'true', ...headers },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      await eventually(() => writes.join('').endsWith('Q'));
      if (i === 0) writes.length = 0;
    }
    expect(writes).toEqual(expected);
  });
});

test.each([
  ['reads', READ_ONLY],
  ['may write', {}],
])('after an error in a batch that %s nothing more of it runs, and the connection goes on', async (_, headers) => {
  const before = await pid();
  for (const [query, code] of [
    ['SELECT 1/0', '22012'],
    ['SELEC', '42601'],
  ]) {
    const reply = await support.send({ queries: [PID, { query }, { query: 'SELECT pg_sleep(60)' }] }, headers);
    expect([reply.status, reply.json.code]).toEqual([400, code]);
    expect(await pid()).toBe(before);
  }
});

test('a statement that fails leaves nothing of what was before it and runs nothing after it', async () => {
  const insert = { query: 'INSERT INTO accounts VALUES (1)' };
  const { json } = await support.send({ queries: [insert, COUNT, { query: 'SELECT 1/0' }, COUNT, insert] });
  expect(json.code).toBe('22012');
  expect([await counted(), await accounts()]).toEqual([1, 0]);
});

describe.each([
  ['first', (query: string) => [query, 'INSERT INTO accounts VALUES (2)']],
  ['in the middle', (query: string) => ['INSERT INTO accounts VALUES (2)', query, 'INSERT INTO accounts VALUES (2)']],
  ['last', (query: string) => ['INSERT INTO accounts VALUES (2)', query]],
])('what is no result and stands %s', (_, around) => {
  test.each([
    ['data of COPY', 'COPY (SELECT 1) TO STDOUT', 400, 'unexpected message from server'],
    ['COPY without data', 'COPY (SELECT 1 WHERE false) TO STDOUT', 400, 'unexpected message from server'],
    ['COPY that waits for data', 'COPY accounts FROM STDIN', 400, 'unexpected message from server'],
    ['what cannot be sent', 'SELECT \0', 400, 'error encoding message to server: embedded null'],
    [
      'rows that are too long',
      "SELECT repeat('x', 6000) FROM generate_series(1, 3)",
      507,
      'response is too large (max is 10000 bytes)',
    ],
  ])('%s lets nothing be committed, and blocks nothing', async (_, query, status, message) => {
    const queries = around(query).map((query) => ({ query }));
    const reply = await support.send({ queries });
    expect([reply.status, reply.json.message]).toEqual([status, message]);
    const read = await support.send({ queries: [PID, { query }] }, READ_ONLY);
    expect(read.status).toBe(query.includes('FROM STDIN') ? 400 : status);
    expect(await accounts()).toBe(0);
  });
});

test('an endless response in the middle of a batch is cut off', async () => {
  const endless = { query: "SELECT repeat('x', 1000), generate_series(1, 1000000000)" };
  for (const headers of [{}, READ_ONLY]) {
    expect((await support.send({ queries: [PID, endless, { query: 'SELECT pg_sleep(60)' }] }, headers)).status).toBe(
      507,
    );
  }
  expect(await support.value('SELECT 1')).toBe(1);
});

test.each([
  ['reads', READ_ONLY],
  ['may write', {}],
])('a client that goes away from a batch that %s ends all of it', async (_, headers) => {
  const running = async (query: string) =>
    (await support.admin.query("SELECT FROM pg_stat_activity WHERE state <> 'idle' AND query = $1", [query])).rowCount;
  const abort = new AbortController();
  const queries = ['SELECT 1', 'SELECT pg_sleep(60) AS first', 'SELECT pg_sleep(60) AS second'].map((query) => ({
    query,
  }));
  const gone = fetch(support.endpoint.url, {
    method: 'POST',
    headers: { 'Neon-Connection-String': support.connectionString, ...headers },
    body: JSON.stringify({ queries }),
    signal: abort.signal,
  });
  await eventually(async () => (await running('SELECT pg_sleep(60) AS first')) === 1);
  abort.abort();
  await expect(gone).rejects.toThrow('aborted');
  await eventually(async () => (await running('SELECT pg_sleep(60) AS first')) === 0);
  expect(await running('SELECT pg_sleep(60) AS second')).toBe(0);
});

describe('the reset of a connection', () => {
  const USER = 'postgres://neon_sailor:p@localhost/';

  /** An endpoint that has answered a request whose reset waits, until `release`, for a lock on its temporary table. */
  async function heldReset() {
    const endpoint = await startNeonEndpoint({ postgres: support.postgres });
    onTestFinished(() => endpoint.stop());
    const { admin } = support;
    const holder = await support.connectAdmin();
    await holder.query('SELECT pg_advisory_lock(7)');
    const answer = ask(endpoint, [
      'CREATE TEMP TABLE held (a int)',
      'COMMIT',
      "SELECT set_config('app.secret', 'x', false), pg_advisory_lock_shared(7)::text",
      'SELECT pg_backend_pid() AS pid',
    ]);
    const schema = async () =>
      (await admin.query("SELECT relnamespace::regnamespace::text AS name FROM pg_class WHERE relname = 'held'"))
        .rows[0]?.name;
    await eventually(async () => Boolean(await schema()));
    await holder.query(`BEGIN; LOCK TABLE ${await schema()}.held IN ACCESS SHARE MODE; SELECT pg_advisory_unlock(7)`);
    const release = () => holder.query('COMMIT');
    const [{ pid }] = (await answer).at(-1) as [{ pid: number }];
    const waits = async () =>
      (
        await admin.query(
          "SELECT FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%DISCARD TEMP%' AND wait_event_type = 'Lock'",
          [pid],
        )
      ).rowCount === 1;
    await eventually(waits);
    return { endpoint, pid, waits, release };
  }

  async function ask(endpoint: NeonEndpoint, queries: string[]): Promise<Record<string, unknown>[][]> {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: { 'Neon-Connection-String': USER + support.database },
      body: JSON.stringify({ queries: queries.map((query) => ({ query })) }),
    });
    const { results } = (await response.json()) as { results: { rows: Record<string, unknown>[] }[] };
    return results.map(({ rows }) => rows);
  }

  const SEEN = "SELECT pg_backend_pid() AS pid, coalesce(current_setting('app.secret', true), '') AS secret";

  /** Whether a promise is still pending after a while. */
  const pending = (promise: Promise<unknown>) => Promise.race([promise.then(() => false), sleep(300, true)]);

  test('goes on after the answer, and whoever has the connection next waits for its end', async () => {
    const { endpoint, pid, waits, release } = await heldReset();
    const next = ask(endpoint, [SEEN]);
    expect(await pending(next)).toBe(true);
    expect(await waits()).toBe(true);
    await release();
    expect(await next).toEqual([[{ pid, secret: '' }]]);
  });

  test('ends the connection if it fails', async () => {
    const { endpoint, pid, waits, release } = await heldReset();
    const next = ask(endpoint, [SEEN]);
    await support.admin.query('SELECT pg_cancel_backend($1)', [pid]);
    // Once more, after a ROLLBACK.
    await sleep(100);
    await eventually(waits);
    await support.admin.query('SELECT pg_cancel_backend($1)', [pid]);
    const [[seen]] = (await next) as [[{ pid: number; secret: string }]];
    expect(seen.secret).toBe('');
    expect(seen.pid).not.toBe(pid);
    await release();
    const alive = async () =>
      (await support.admin.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).rowCount;
    await eventually(async () => (await alive()) === 0);
  });

  test('is waited for by stop()', async () => {
    const { endpoint, waits, release } = await heldReset();
    const stopped = endpoint.stop();
    expect(await pending(stopped)).toBe(true);
    expect(await waits()).toBe(true);
    await release();
    await stopped;
    const { rowCount } = await support.admin.query("SELECT FROM pg_stat_activity WHERE usename = 'neon_sailor'");
    expect(rowCount).toBe(0);
  });
});
