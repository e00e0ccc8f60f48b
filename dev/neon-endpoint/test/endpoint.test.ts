/** The local Neon endpoint, routes, credentials, statements and batches. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNeonEndpoint } from '../index.ts';
import { eventually, type Support, startSupport } from './support.ts';

let support: Support;

beforeAll(async () => {
  support = await startSupport({
    roles: {
      neon_clerk: "LOGIN PASSWORD 'p@ss/wörd%'",
      neon_crowd: "LOGIN PASSWORD 'p' CONNECTION LIMIT 0",
      neon_barred: "NOLOGIN PASSWORD 'p'",
    },
  });
  await support.admin.query(`
    CREATE TABLE accounts (id int PRIMARY KEY, balance int CHECK (balance >= 0));
    CREATE TABLE entries (account int REFERENCES accounts DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO accounts VALUES (1, 100)`);
});

afterAll(() => support?.stop());

describe('routes', () => {
  test('OPTIONS answers a preflight request', async () => {
    const response = await fetch(support.endpoint.url, { method: 'OPTIONS' });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toContain('Neon-Connection-String');
    expect(await response.text()).toBe('');
  });

  test.each([
    ['GET', '/sql'],
    ['PUT', '/sql'],
    ['POST', '/'],
    ['POST', '/sql/'],
    ['OPTIONS', '/other'],
  ])('%s %s is not supported', async (method, path) => {
    const before = support.endpoint.requests;
    const response = await fetch(new URL(path, support.endpoint.url), { method });
    expect([response.status, await response.json()]).toEqual([400, 'query is not supported']);
    expect(support.endpoint.requests).toBe(before);
  });

  test('every POST counts, those that fail too', async () => {
    const before = support.endpoint.requests;
    await support.send({ query: 'SELECT 1' });
    await support.send('nonsense');
    expect(support.endpoint.requests).toBe(before + 2);
  });

  test('every response has an id of its own and may be read by any page', async () => {
    const replies = [await support.send({ query: 'SELECT 1' }), await support.send({ query: 'SELECT 1/0' })];
    const ids = replies.map(({ headers }) => headers.get('neon-request-id'));
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[1]).not.toBe(ids[0]);
    expect(replies.map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual(['*', '*']);
  });
});

describe('credentials', () => {
  const login = (connectionString: string, headers = {}) =>
    support.send(
      { query: 'SELECT current_user::text AS u' },
      { 'Neon-Connection-String': connectionString, ...headers },
    );

  test.each(['postgres', 'postgresql'])('the scheme %s logs in with what is percent-encoded', async (scheme) => {
    const reply = await login(`${scheme}://neon_clerk:p%40ss%2Fw%C3%B6rd%25@localhost:1/postgres`);
    expect([reply.status, reply.json.rows]).toEqual([200, [{ u: 'neon_clerk' }]]);
  });

  test.each([
    ['no URL', 'nonsense', 'invalid connection string: not a URL'],
    ['another scheme', 'mysql://u:p@host/db', 'incorrect scheme'],
    ['no database', 'postgres://u:p@host', 'missing database name'],
    ['an empty database', 'postgres://u:p@host/', 'missing database name'],
    ['no user', 'postgres://host/db', 'missing username'],
    ['no password', 'postgres://u@host/db', 'missing authentication credentials: required password'],
    ['an IPv4 address', 'postgres://u:p@127.0.0.1/db', 'missing hostname'],
    ['an IPv6 address', 'postgres://u:p@[::1]/db', 'missing hostname'],
    ['no host', 'postgres:///db', 'missing username'],
    ['a broken escape', 'postgres://u%ff:p@host/db', 'invalid connection string: not percent-encoded UTF-8'],
  ])('%s is refused', async (_, connectionString, message) => {
    const reply = await login(connectionString);
    expect([reply.status, reply.json]).toEqual([400, expect.objectContaining({ message, code: '', severity: '' })]);
  });

  test('a missing header is refused', async () => {
    const response = await fetch(support.endpoint.url, { method: 'POST', body: '{"query":"SELECT 1"}' });
    const json = (await response.json()) as { message: string };
    expect([response.status, json.message]).toEqual([400, 'invalid header: neon-connection-string']);
  });

  test('an Authorization header is refused', async () => {
    const reply = await login(support.connectionString, { Authorization: 'Bearer x' });
    expect([reply.status, reply.json.message]).toEqual([400, 'missing authentication credentials: required password']);
  });

  // The proxy finds that out by itself, so that PostgreSQL has no part in it.
  test.each(['neon_clerk', 'neon_nobody'])('a wrong password of %s is 400 without a code', async (user) => {
    const { status, json } = await login(`postgres://${user}:wrong@localhost/postgres`);
    const message = `password authentication failed for user '${user}'`;
    expect([status, json]).toEqual([400, expect.objectContaining({ message, code: '', severity: '' })]);
  });

  test('a missing database is 400 with the error of the database', async () => {
    const { status, json } = await login(support.connectionString.replace(`/${support.database}?`, '/nowhere?'));
    expect([status, json.code, json.severity]).toEqual([400, '3D000', 'FATAL']);
  });

  test.each([
    ['no connection left', 'neon_crowd', '53300'],
    ['no right to log in', 'neon_barred', '28000'],
  ])('%s is 500 with the error of the database', async (_, user, code) => {
    const { status, json } = await login(`postgres://${user}:p@localhost/postgres`);
    expect([status, json.code, json.severity]).toEqual([500, code, 'FATAL']);
  });

  test('only user and database reach PostgreSQL', async () => {
    const query = "SELECT current_setting('application_name') || current_setting('work_mem')";
    const options = `${support.connectionString}&options=-c%20work_mem%3D1MB`;
    const reply = await support.send({ query, arrayMode: true }, { 'Neon-Connection-String': options });
    expect(reply.json.rows).toEqual([['4MB']]);
  });

  test('no PostgreSQL to connect to is 500', async () => {
    const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port: 1 } });
    try {
      const headers = { 'Neon-Connection-String': support.connectionString };
      const response = await fetch(endpoint.url, { method: 'POST', headers, body: '{"query":"SELECT 1"}' });
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({ message: "Couldn't connect to compute node", code: '' });
    } finally {
      await endpoint.stop();
    }
  });
});

describe('statements', () => {
  test('a string is one statement, even without parameters', async () => {
    const reply = await support.send({ query: 'SELECT 1; SELECT 2' });
    expect([reply.status, reply.json.code]).toEqual([400, '42601']);
  });

  test('one statement goes on after another one failed', async () => {
    expect((await support.send({ query: 'SELECT 1/0' })).json.code).toBe('22012');
    expect(await support.value('SELECT 1')).toBe(1);
  });

  test.each(['COPY accounts FROM STDIN', 'COPY accounts TO STDOUT', 'COPY entries TO STDOUT'])(
    '%s is refused and blocks nothing',
    async (query) => {
      const single = await support.send({ query });
      expect([single.status, single.json.message]).toEqual([400, 'unexpected message from server']);
      const batch = await support.send({ queries: [{ query }] });
      expect([batch.status, batch.json.message]).toEqual([400, 'unexpected message from server']);
      expect(await support.value('SELECT count(*)::int FROM accounts')).toBe(1);
    },
  );

  test('what cannot be sent is refused', async () => {
    const embedded = await support.send({ query: 'SELECT 1 \0' });
    expect([embedded.status, embedded.json.code]).toEqual([400, '']);
    const params = new Array(32_768).fill(null);
    const many = await support.send({ query: 'SELECT 1', params });
    expect([many.status, many.json.message]).toEqual([400, 'error encoding message to server: value too large']);
  });

  test('an isolation level is checked for a single statement too, and has no effect there', async () => {
    const query = "SELECT current_setting('transaction_isolation') AS level";
    const level = (name: string) => support.send({ query }, { 'Neon-Batch-Isolation-Level': name });
    const known = await level('Serializable');
    expect([known.json.rows, known.headers.get('neon-batch-isolation-level')]).toEqual([
      [{ level: 'read committed' }],
      null,
    ]);
    const unknown = await level('serializable');
    expect([unknown.status, unknown.json.message]).toEqual([400, 'invalid isolation level']);
  });
});

describe('batches', () => {
  const settings = ['transaction_isolation', 'transaction_read_only', 'transaction_deferrable'];
  const queries = settings.map((name) => ({ query: `SELECT current_setting('${name}')`, arrayMode: true }));
  const echoes = ['neon-batch-isolation-level', 'neon-batch-read-only', 'neon-batch-deferrable'];

  test.each([
    ['ReadUncommitted', 'read uncommitted'],
    ['ReadCommitted', 'read committed'],
    ['RepeatableRead', 'repeatable read'],
    ['Serializable', 'serializable'],
  ])('run in %s', async (name, level) => {
    const reply = await support.send({ queries }, { 'Neon-Batch-Isolation-Level': name });
    expect(reply.json.results.map((result: { rows: string[][] }) => result.rows[0]?.[0])).toEqual([
      level,
      'off',
      'off',
    ]);
    expect(echoes.map((echo) => reply.headers.get(echo))).toEqual([name, null, null]);
  });

  test('run read-only and deferrable, if that is exactly true', async () => {
    const flags = (value: string) =>
      support.send({ queries }, { 'Neon-Batch-Read-Only': value, 'Neon-Batch-Deferrable': value });
    const on = await flags('true');
    expect(on.json.results.map((result: { rows: string[][] }) => result.rows[0]?.[0])).toEqual([
      'read committed',
      'on',
      'on',
    ]);
    expect(echoes.map((echo) => on.headers.get(echo))).toEqual([null, 'true', 'true']);
    const off = await flags('True');
    expect(off.json.results[1].rows).toEqual([['off']]);
    expect(echoes.map((echo) => off.headers.get(echo))).toEqual([null, null, null]);
  });

  test('are one transaction, also if there is nothing in it', async () => {
    const xid = { query: 'SELECT pg_current_xact_id()::text', arrayMode: true };
    const { json } = await support.send({ queries: [xid, xid] });
    expect(json.results[0].rows).toEqual(json.results[1].rows);
    expect((await support.send({ queries: [] })).json).toEqual({ results: [] });
  });

  // The proxy looks at no statement's transaction status, and a COMMIT outside of a transaction is a warning to PostgreSQL.
  test('that roll back by themselves answer with their results, and nothing of them stays', async () => {
    const insert = 'INSERT INTO accounts VALUES (2, 5) RETURNING balance';
    const reply = await support.send({ queries: [{ query: insert }, { query: 'ROLLBACK' }] });
    expect(reply.status).toBe(200);
    expect(reply.json.results).toMatchObject([{ rows: [{ balance: 5 }] }, { command: 'ROLLBACK', rows: [] }]);
    expect(await support.value('SELECT count(*)::int FROM accounts')).toBe(1);
  });

  test('are rolled back whole, whichever statement fails', async () => {
    const pay = { query: 'UPDATE accounts SET balance = balance - $1 WHERE id = 1', params: [60] };
    const reply = await support.send({ queries: [pay, pay, { query: 'SELECT 1' }] });
    expect([reply.status, reply.json.code, reply.json.constraint]).toEqual([400, '23514', 'accounts_balance_check']);
    const atCommit = await support.send({ queries: [pay, { query: 'INSERT INTO entries VALUES (7)' }] });
    expect([atCommit.status, atCommit.json.code]).toEqual([400, '23503']);
    const readOnly = await support.send({ queries: [pay] }, { 'Neon-Batch-Read-Only': 'true' });
    expect([readOnly.status, readOnly.json.code]).toEqual([400, '25006']);
    expect(await support.value('SELECT balance FROM accounts WHERE id = 1')).toBe(100);
  });
});

test('a port that is taken is an error', async () => {
  const port = Number(new URL(support.endpoint.url).port);
  const attempt = startNeonEndpoint({ postgres: { host: '127.0.0.1', port: 1 }, port });
  await expect(attempt).rejects.toThrow('EADDRINUSE');
});

test('more requests than the rate allows are 500 without a code, and later ones are let through', async () => {
  const connectionAttempts = { rps: 1, burst: 2 };
  const endpoint = await startNeonEndpoint({ postgres: support.postgres, connectionAttempts });
  try {
    const headers = { 'Neon-Connection-String': support.connectionString };
    const ask = () => fetch(endpoint.url, { method: 'POST', headers, body: '{"query":"SELECT 1"}' });
    const responses = await Promise.all(Array.from({ length: 6 }, ask));
    const refused = responses.filter(({ status }) => status !== 200);
    // Of six, as many as come within a second of the first.
    expect(refused.length).toBeGreaterThan(1);
    expect(refused.length).toBeLessThanOrEqual(4);
    const message = 'Too many connections to this endpoint. Please try again later.';
    for (const response of refused) {
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({ message, code: '', severity: '' });
    }
    await eventually(async () => (await ask()).status === 200);
  } finally {
    await endpoint.stop();
  }
});
