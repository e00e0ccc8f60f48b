/** The local Neon endpoint: what of a request stays in PostgreSQL, and how requests and the endpoint end. */
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNeonEndpoint } from '../index.ts';
import { eventually, type Support, startSupport } from './support.ts';

let support: Support;

beforeAll(async () => {
  support = await startSupport({ roles: { neon_guest: 'NOLOGIN', neon_visitor: "LOGIN PASSWORD 'p'" } });
  await support.admin.query('CREATE TABLE accounts (id int)');
});

afterAll(() => support?.stop());

describe('sessions', () => {
  test.each([
    ['a setting', "SET work_mem = '1MB'", "SELECT current_setting('work_mem')", '4MB'],
    [
      'a custom setting',
      "SELECT set_config('app.x', 'y', false)",
      "SELECT coalesce(current_setting('app.x', true), '')",
      '',
    ],
    ['an open transaction', 'BEGIN READ ONLY', "SELECT current_setting('transaction_read_only')", 'off'],
    ['a role', 'SET ROLE neon_guest', 'SELECT current_user::text', 'postgres'],
    ['an authorization', 'SET SESSION AUTHORIZATION neon_guest', 'SELECT session_user::text', 'postgres'],
    ['a temporary table', 'CREATE TEMP TABLE passing (a int)', "SELECT to_regclass('passing')::text", null],
    ['a statement', 'PREPARE kept AS SELECT 1', 'SELECT count(*)::int FROM pg_prepared_statements', 0],
    ['a cursor', 'DECLARE c CURSOR WITH HOLD FOR SELECT 1', "SELECT count(*)::int FROM pg_cursors WHERE name <> ''", 0],
    ['a channel', 'LISTEN news', 'SELECT count(*)::int FROM pg_listening_channels()', 0],
    [
      'a lock',
      'SELECT pg_advisory_lock(1)::text',
      "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
      0,
    ],
  ])('%s does not pass to the next request', async (_, query, probe, expected) => {
    const pid = await support.value('SELECT pg_backend_pid()');
    expect((await support.send({ query })).status).toBe(200);
    expect(await support.value(probe)).toBe(expected);
    // Otherwise the probe would prove nothing: one connection after the other has to serve all of this.
    expect(await support.value('SELECT pg_backend_pid()')).toBe(pid);
  });

  test('a sequence does not pass to the next request', async () => {
    await support.admin.query('CREATE SEQUENCE numbers');
    expect(await support.value("SELECT nextval('numbers')::int")).toBe(1);
    expect((await support.send({ query: 'SELECT lastval()' })).json.code).toBe('55000');
  });

  test('what a batch left open does not pass either', async () => {
    const queries = [{ query: 'COMMIT' }, { query: 'BEGIN READ ONLY' }, { query: "SET work_mem = '1MB'" }];
    await support.send({ queries });
    expect(await support.value("SELECT current_setting('transaction_read_only') || current_setting('work_mem')")).toBe(
      'off4MB',
    );
  });

  test('a connection that the server ended is replaced', async () => {
    await support.value('SELECT 1');
    await support.admin.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
    await eventually(async () => (await support.send({ query: 'SELECT 1' })).status === 200);
    const reply = await support.send({ query: 'SELECT pg_terminate_backend(pg_backend_pid())' });
    expect([reply.status, reply.json.code]).toEqual([400, '57P01']);
    expect(await support.value('SELECT 1')).toBe(1);
  });
});

describe('a client that goes away', () => {
  const running = async (marker: string) => {
    const sql = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE $1";
    return (await support.admin.query<{ n: number }>(sql, [`%${marker}%`])).rows[0]?.n ?? 0;
  };

  test.each([
    ['statement', { query: 'INSERT INTO accounts SELECT 2 FROM pg_sleep(60) /* away 1 */' }, 'away 1'],
    [
      'batch',
      { queries: [{ query: 'INSERT INTO accounts VALUES (2)' }, { query: 'SELECT pg_sleep(60) /* away 2 */' }] },
      'away 2',
    ],
  ])('ends its %s, and nothing of it stays', async (_, body, marker) => {
    const abort = new AbortController();
    const headers = { 'Neon-Connection-String': support.connectionString };
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal: abort.signal };
    const gone = expect(fetch(support.endpoint.url, init)).rejects.toThrow('aborted');
    await eventually(async () => (await running(marker)) === 1);
    abort.abort();
    await gone;
    await eventually(async () => (await running(marker)) === 0);
    expect(await support.value('SELECT count(*)::int FROM accounts')).toBe(0);
  });

  test('before it sent all of its request does no harm', async () => {
    const headers = { 'Neon-Connection-String': support.connectionString, 'Content-Length': '100' };
    const half = request(support.endpoint.url, { method: 'POST', headers });
    half.on('error', () => {});
    const before = support.endpoint.requests;
    half.write('{"query"');
    await eventually(() => support.endpoint.requests > before);
    half.destroy();
    expect(await support.value('SELECT 1')).toBe(1);
  });

  test('while its connection is being opened has nothing run', async () => {
    const sockets: Socket[] = [];
    const gate = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(gate, 'listening');
    const { port } = gate.address() as AddressInfo;
    const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port } });
    try {
      const abort = new AbortController();
      const headers = { 'Neon-Connection-String': support.connectionString };
      const body = '{"query":"INSERT INTO accounts VALUES (3)"}';
      const waiting = fetch(endpoint.url, { method: 'POST', headers, body, signal: abort.signal });
      await eventually(() => sockets.length === 1);
      abort.abort();
      await expect(waiting).rejects.toThrow('aborted');
      const postgres = connect(support.postgres.port, support.postgres.host);
      sockets[0]?.pipe(postgres).pipe(sockets[0]);
    } finally {
      // Waits until the request has come to its end.
      await endpoint.stop();
      gate.close();
    }
    expect(await support.value('SELECT count(*)::int FROM accounts')).toBe(0);
  });
});

test('stop() cancels what is running, closes every connection, and may be called again', async () => {
  const endpoint = await startNeonEndpoint({ postgres: support.postgres });
  const headers = { 'Neon-Connection-String': 'postgres://neon_visitor:p@localhost/postgres' };
  const ask = (query: string) => fetch(endpoint.url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const connections = async (state: string) => {
    const sql = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'neon_visitor' AND state LIKE $1";
    return (await support.admin.query<{ n: number }>(sql, [state])).rows[0]?.n;
  };
  try {
    await Promise.all(Array.from({ length: 20 }, () => ask('SELECT pg_sleep(0.2)')));
    const cut = Array.from({ length: 10 }, () => expect(ask('SELECT pg_sleep(60)')).rejects.toThrow('fetch failed'));
    await eventually(async () => (await connections('active')) === 10);
    await endpoint.stop();
    expect(await connections('%')).toBe(0);
    await Promise.all(cut);
  } finally {
    await endpoint.stop();
  }
  await expect(ask('SELECT 1')).rejects.toThrow('fetch failed');
});
