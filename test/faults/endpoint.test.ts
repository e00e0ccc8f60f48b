import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { MAX_RUNNING } from '../../src/db/client/concurrency.ts';
import { type Reply, type TestTenant, useApi } from '../support/api.ts';
import { isSpread } from '../support/database.ts';
import { keepLog } from './support.ts';
import { answering, type Fault, FaultyEndpoint } from './support-endpoint.ts';

/*
 * The connection to the database fails: nobody listens, responses are late, cut off, or no responses at all. Whatever comes back,
 * the caller sees 503 or 504, and what the answer said is neither told nor logged.
 */

const api = useApi();
let endpoint: FaultyEndpoint;
let tenant: TestTenant;
let project: string;
let task: string;
let tag: string;

/** Stands in answers that are cut off or mangled. */
const SECRET = 'a value of a row';

beforeAll(async () => {
  endpoint = await FaultyEndpoint.start(api.database.endpoint.url);
  api.bindings.NEON_ENDPOINT = endpoint.url;
  tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 't', tags: ['tag'] }] });
  project = json.id;
  task = json.tasks[0].id;
  tag = json.tasks[0].tags[0].id;
});

afterAll(() => endpoint.stop());

/** Reads and writes of every kind: one row, lists, with and without an answer, with and without a key. */
function everyKind(): Promise<Reply[]> {
  const key = { 'Idempotency-Key': crypto.randomUUID() };
  const send = (method: string, path: string, body?: unknown, headers = {}) =>
    tenant.call(path, { method, headers, ...(body === undefined ? {} : { body }) });
  return Promise.all([
    send('GET', `/api/v1/projects/${project}`),
    send('GET', '/api/v1/projects?include=tasks'),
    send('GET', '/api/v1/trash'),
    send('GET', '/api/v1/tenant'),
    send('GET', '/ready'),
    send('POST', '/api/v1/projects', { name: 'X' }),
    send('POST', '/api/v1/projects', { name: 'X' }, key),
    send('PATCH', `/api/v1/tasks/${task}`, { title: 'x' }),
    send('PUT', `/api/v1/tasks/${task}/tags/${tag}`),
    send('DELETE', `/api/v1/tags/${tag}`),
    api.platform('/api/v1/tenants'),
  ]);
}

async function expectOutage(fault: Fault, status = 503): Promise<void> {
  const log = keepLog();
  const before = endpoint.requests;
  const replies = await endpoint.during(fault, everyKind);
  expect(replies.map((reply) => `${reply.status} ${reply.json.code}`)).toEqual(
    replies.map(() => `${status} ${status === 504 ? 'timeout' : 'unavailable'}`),
  );
  for (const { headers, text } of replies) {
    expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(text).not.toContain(SECRET);
  }
  const sent = endpoint.sent.slice(before);
  expect(new Set(sent).size, 'nothing is sent twice').toBe(sent.length);
  // Of several databases more than one is asked, and some are still being asked when one of them has decided the answer.
  if (!isSpread()) expect([sent.length, log.length]).toEqual([replies.length, replies.length]);
  expect(new Set(log.map(({ event }) => event))).toEqual(new Set(['database_error']));
  expect(JSON.stringify(log)).not.toContain(SECRET);
  expect((await tenant.get(`/api/v1/projects/${project}`)).status, 'all is well afterwards').toBe(200);
}

describe('no answer', () => {
  test('nobody listens', async () => {
    keepLog();
    const replies = await endpoint.whileDown(everyKind);
    for (const reply of replies) expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect((await tenant.get(`/api/v1/projects/${project}`)).status).toBe(200);
  });

  test.each<[string, Fault]>([
    ['the connection is cut before an answer', (response) => response.destroy()],
    [
      'the connection is cut within the answer',
      (response) => {
        response.writeHead(200, { 'Content-Length': 1000 }).write(`{"results":[{"rows":[["${SECRET}`);
        setTimeout(() => response.destroy(), 20);
      },
    ],
    [
      'the connection is cut within an answer of unknown length',
      (response) => {
        response.writeHead(200).write(`{"results":[{"rows":[["${SECRET}`);
        setTimeout(() => response.destroy(), 20);
      },
    ],
    ['what answers speaks no HTTP', (response) => response.socket?.end('+OK hello\r\n')],
  ])('%s', async (_, fault) => expectOutage(fault));
});

const RESULT = { fields: [], rows: [], command: 'SELECT', rowCount: 0, rowAsArray: true };
const results = (...list: unknown[]): string => JSON.stringify({ results: list });

describe('no answer that is one', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['HTML', `<html><body>${SECRET}</body></html>`],
    ['JSON that was cut off', `{"results":[{"rows":[["${SECRET}"`],
    ['null', 'null'],
    ['a string', `"${SECRET}"`],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['results that are null', '{"results":null}'],
    ['results that are an object', '{"results":{}}'],
    ['no results', results()],
    ['a result too few for a tenant', results(RESULT)],
    ['results too many', results(...Array.from({ length: 40 }, () => RESULT))],
    ['results that are null, each', results(null, null)],
    ['results without rows', results({ fields: [] }, { fields: [] })],
    ['results without columns', results({ rows: [] }, { rows: [] })],
    ['rows that are no rows', results(RESULT, { ...RESULT, rows: [SECRET] })],
    ['a single result', JSON.stringify(RESULT)],
  ])('200 with %s', async (_, body) => {
    // What opens no tenant is a batch of one statement.
    const fits = body === results(RESULT);
    if (!fits) return expectOutage(answering(200, body));
    keepLog();
    const reply = await endpoint.during(answering(200, body), () => tenant.get('/api/v1/projects'));
    expect(reply.status).toBe(503);
  });

  test.each([401, 403, 404, 408, 413, 429, 500, 502, 503, 504, 507])('%i', (status) =>
    expectOutage(answering(status, `<h1>${SECRET}</h1>`, 'text/html')),
  );

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['HTML', Symbol.for('html')],
    ['null', null],
    ['an empty object', {}],
    ['what a cancelled request gets', { message: 'Query cancelled, connection was terminated', code: '08P01' }],
    ['no code', { message: SECRET, code: '', severity: '' }],
    ['a number as its code', { message: SECRET, code: 23, severity: 'ERROR' }],
    ['an object as its code', { message: SECRET, code: {}, severity: 'ERROR' }],
    ['a word of Node as its code', { message: SECRET, code: 'ECONNRESET' }],
    ['a word that looks like one of PostgreSQL', { message: SECRET, code: 'EPIPE' }],
    ['a code and no severity', { message: SECRET, code: '23505', constraint: 'tags_name_unique' }],
    ...['08P01', '28P01', '3D000', '53300', '53400', '55000', '57P02', '57P03', '58000', 'XX000', 'XX001', '42501'].map(
      (code): [string, unknown] => [code, { message: SECRET, code, severity: 'FATAL', detail: SECRET }],
    ),
  ])('400 with %s', async (_, body) => {
    const text = typeof body === 'symbol' ? `<p>${SECRET}</p>` : body === undefined ? '' : JSON.stringify(body);
    await expectOutage(answering(400, text));
  });

  test.each(['57014', '25P04'])('400 with %s is 504', async (code) => {
    await expectOutage(answering(400, JSON.stringify({ message: SECRET, code, severity: 'ERROR' })), 504);
  });
});

describe('the deadline', () => {
  /** Of the requests that follow; by default it is 20 s. */
  const setDeadline = (ms: number) => {
    readConfig(api.bindings).database.deadlineMs = ms;
  };
  afterAll(() => {
    delete readConfig(api.bindings).database.deadlineMs;
  });

  test.each<[string, Fault]>([
    ['an answer that does not begin', () => {}],
    ['an answer that does not end', (response) => response.writeHead(200).write(`{"results":[{"rows":[["${SECRET}`)],
    ['an error that does not end', (response) => response.writeHead(400).write(`{"message":"${SECRET}`)],
    ['a failure that does not end', (response) => response.writeHead(500).write(SECRET)],
  ])('is 504 for %s', async (_, fault) => {
    // Also what follows the fault has to succeed within it, on a busy machine too.
    setDeadline(1000);
    const start = performance.now();
    await expectOutage(fault, 504);
    expect(performance.now() - start).toBeGreaterThan(990);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('holds for all attempts of a request together', async () => {
    keepLog();
    setDeadline(700);
    const transient = { message: 'x', code: '40001', severity: 'ERROR' };
    const fault: Fault = async (response) => {
      await sleep(400);
      answering(400, JSON.stringify(transient))(response, async () => ({ status: 0, body: '' }));
    };
    const before = endpoint.requests;
    const reply = await endpoint.during(fault, () => tenant.get('/api/v1/projects'));
    expect([reply.status, reply.json.code]).toEqual([504, 'timeout']);
    expect(endpoint.requests - before).toBeLessThanOrEqual(2);
  });

  test('a write that came too late has happened once, and its retry is told so', async () => {
    keepLog();
    setDeadline(300);
    const headers = { 'Idempotency-Key': 'late' };
    const slow: Fault = async (response, forward) => {
      const { status, body } = await forward();
      await sleep(600);
      response.writeHead(status).end(body);
    };
    const late = await endpoint.during(slow, () => tenant.post('/api/v1/projects', { name: 'Late' }, { headers }));
    expect(late).toMatchObject({ status: 504, json: { code: 'timeout' } });
    setDeadline(20_000);
    const again = await tenant.post('/api/v1/projects', { name: 'Late' }, { headers });
    expect([again.status, again.headers.get('Idempotency-Replayed')]).toEqual([201, 'true']);
    const { rows } = await api.database.admin.query(`select from projects where name = 'Late'`);
    expect(rows).toHaveLength(1);
  });

  test('is 20 s, unless it is set', async () => {
    delete readConfig(api.bindings).database.deadlineMs;
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    await tenant.get('/api/v1/projects');
    expect(timeout.mock.calls).toEqual([[20_000]]);
    timeout.mockRestore();
  });

  test('requests that wait for a lock, more than connections are kept, give up at the deadline', async () => {
    keepLog();
    const { admin } = api.database;
    // Of several tenants, because one may not have as many under way as there are connections.
    const tenants = await Promise.all(Array.from({ length: 5 }, () => api.tenant()));
    const asking = tenants.flatMap((one) => Array.from({ length: MAX_RUNNING }, () => one));
    const ask = () => Promise.all(asking.map((one) => one.get('/api/v1/projects')));
    const held = async (ms: number, work: () => Promise<Reply[]>) => {
      await admin.query('begin');
      await admin.query('lock table projects in access exclusive mode');
      const replies = work();
      await Promise.race([sleep(ms), replies]);
      await admin.query('rollback');
      return replies;
    };
    setDeadline(20_000);
    for (const { status } of await held(1000, ask)) expect(status).toBe(200);
    setDeadline(1000);
    for (const { status } of await held(5000, ask)) expect(status).toBe(504);
    setDeadline(20_000);
    const over = performance.now();
    for (const { status } of await ask()) expect(status).toBe(200);
    expect(performance.now() - over).toBeLessThan(2000);
  });
});
