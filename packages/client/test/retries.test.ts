import { expect, test } from 'vitest';
import { OnetripConnectionError, OnetripError } from '../src/index.ts';
import { answer, type Between, failure, loseAnswer, loseRequest, platformToken, useClients } from './support.ts';

/* What goes wrong between a client and the API: what is sent again, what is not, and what the caller gets. */

const api = useClients();

/** Ends the wait at once where the API says so. */
const NOW = { 'Retry-After': '0' };

test('a create whose answer was lost is sent again with its key, and makes one row', async () => {
  const { onetrip, sent, meet } = await api.tenantClient();
  meet(loseAnswer, loseRequest);
  const project = await onetrip.projects.create({ name: 'Once' });
  expect(sent.map(({ status }) => status)).toEqual([undefined, undefined, 201]);
  expect(new Set(sent.map(({ headers }) => headers.get('Idempotency-Key'))).size).toBe(1);
  const { data } = await onetrip.projects.list().page();
  expect(data.map(({ id }) => id)).toEqual([project.id]);
});

test('each call has a key of its own, or the one that it is given', async () => {
  const { onetrip, sent } = await api.tenantClient();
  const [one, two] = [await onetrip.tags.create({ name: 'a' }), await onetrip.tags.create({ name: 'b' })];
  expect(one.id).not.toBe(two.id);
  const keys = sent.map(({ headers }) => headers.get('Idempotency-Key'));
  expect(new Set(keys).size).toBe(2);
  expect(keys.every((key) => /^[0-9a-f]{32}$/.test(key ?? ''))).toBe(true);
  const create = () => onetrip.projects.create({ name: 'Import' }, { idempotencyKey: 'import-17' });
  expect((await create()).id).toBe((await create()).id);
});

test('a patch of a version whose answer was lost is not held against the version that it has made', async () => {
  const { onetrip, sent, meet } = await api.tenantClient();
  const project = await onetrip.projects.create({ name: 'Trip' });
  meet(loseAnswer);
  expect(await onetrip.projects.update(project, { name: 'Trip to Lisbon' })).toMatchObject({ version: 2 });
  expect(sent.at(-1)?.headers.get('If-Match')).toMatch(/^"1\./);
});

test('a version that an attempt before may have made itself is no conflict, but no answer', async () => {
  const { onetrip, meet } = await api.tenantClient();
  const project = await onetrip.projects.create({ name: 'Trip', tasks: [{ title: 'Book' }] });
  const tag = await onetrip.tags.create({ name: 'urgent' });
  const [task] = project.tasks;
  meet(loseAnswer);
  const adding = onetrip.tasks.tags.add(task?.id ?? '', tag, { ifMatch: '"1.x"' });
  expect(await failure(adding)).toBeInstanceOf(OnetripConnectionError);
  const stale = onetrip.tasks.tags.add(task?.id ?? '', tag, { ifMatch: '"1.x"' });
  expect(await failure(stale)).toMatchObject({ code: 'precondition_failed' });
});

test('headers of the caller take the place of those of the client', async () => {
  const { onetrip, sent } = await api.tenantClient();
  const headers = { 'idempotency-key': 'mine', AUTHORIZATION: 'Bearer x' };
  expect(await failure(onetrip.tags.create({ name: 'a' }, { headers }))).toMatchObject({ status: 401 });
  expect(sent[0]?.headers.get('Idempotency-Key')).toBe('mine');
  expect(sent[0]?.headers.get('Authorization')).toBe('Bearer x');
});

test('503 and 429 are waited out for as long as they say', async () => {
  const { onetrip, sent, meet } = await api.tenantClient();
  meet(answer(503, NOW), answer(429, { 'Retry-After': '1' }));
  const start = performance.now();
  await onetrip.tags.create({ name: 'a' });
  expect(performance.now() - start).toBeGreaterThan(950);
  expect(sent.map(({ status }) => status)).toEqual([503, 429, 201]);
  meet(answer(503, { 'Retry-After': new Date(Date.now() - 1000).toUTCString() }), answer(503));
  await onetrip.me.get();
  expect(sent.slice(3).map(({ status }) => status)).toEqual([503, 503, 200]);
});

test('a key whose first request is still running is asked for again', async () => {
  const { onetrip, sent, meet } = await api.tenantClient();
  meet(answer(409, NOW));
  await onetrip.tags.create({ name: 'a' });
  expect(sent.map(({ status }) => status)).toEqual([409, 201]);
  // Any other conflict stays one.
  expect(await failure(onetrip.tags.create({ name: 'A' }))).toMatchObject({ code: 'duplicate', attempts: 1 });
});

test('tries end: after so many, and where the wait is longer than the caller’s bound', async () => {
  const { onetrip, sent, meet } = await api.tenantClient('admin', { retries: 2, maxRetryAfter: 5 });
  meet(answer(503, NOW), answer(503, NOW), answer(503, NOW));
  expect(await failure(onetrip.me.get())).toMatchObject({ status: 503, retryAfter: 0, attempts: 3 });
  const problem = JSON.stringify({ code: 'rate_limited', detail: 'Too many requests.' });
  meet(answer(429, { 'Retry-After': '6' }, problem));
  const error = await failure<OnetripError>(onetrip.me.get());
  expect(error).toMatchObject({ status: 429, code: 'rate_limited', retryAfter: 6, message: 'Too many requests.' });
  meet(answer(503, { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() }));
  expect(Math.abs(((await failure<OnetripError>(onetrip.me.get())).retryAfter ?? 0) - 60)).toBeLessThan(10);
  meet(loseRequest, loseRequest, loseRequest);
  const lost = await failure<OnetripConnectionError>(onetrip.me.get());
  expect(lost).toBeInstanceOf(OnetripConnectionError);
  expect(lost).not.toBeInstanceOf(OnetripError);
  expect(lost).toMatchObject({ attempts: 3, cause: { message: 'fetch failed' } });
  expect(sent).toHaveLength(8);
});

test('what has no key and is not idempotent is sent once', async () => {
  const { onetrip, sent, meet } = api.client({ token: await platformToken() });
  meet(loseAnswer);
  expect(await failure(onetrip.tenants.create({ name: 'Once' }))).toBeInstanceOf(OnetripConnectionError);
  meet(answer(503, NOW));
  expect(await failure(onetrip.tenants.create({ name: 'Never' }))).toMatchObject({ status: 503, attempts: 1 });
  expect(sent).toHaveLength(2);
});

test('a delete whose answer was lost has succeeded; one of what never was has not', async () => {
  const { onetrip, meet, sent } = await api.tenantClient();
  const tag = await onetrip.tags.create({ name: 'a' });
  meet(loseAnswer);
  await onetrip.tags.delete(tag);
  expect(sent.at(-1)).toMatchObject({ method: 'DELETE', status: 404 });
  meet(answer(429, NOW));
  expect(await failure(onetrip.tags.delete(tag))).toMatchObject({ code: 'not_found' });
});

test('abort ends a wait at once, with the signal’s reason, and keeps a request from being sent', async () => {
  const { onetrip, sent, meet } = await api.tenantClient();
  meet(answer(503, { 'Retry-After': '30' }));
  const controller = new AbortController();
  const call = onetrip.me.get({ signal: controller.signal });
  setTimeout(() => controller.abort(new Error('never mind')), 50);
  const start = performance.now();
  expect((await failure(call)).message).toBe('never mind');
  expect(performance.now() - start).toBeLessThan(5000);
  expect(await failure(onetrip.me.get({ signal: AbortSignal.abort() }))).toMatchObject({ name: 'AbortError' });
  expect(sent).toHaveLength(1);
});

test('abort of a request under way is no lost connection, also where it is the last try', async () => {
  const { onetrip, sent, meet } = await api.tenantClient('admin', { retries: 0 });
  const never: Between = (_, { signal }) => {
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new TypeError('aborted'))));
  };
  meet(never);
  expect(await failure(onetrip.me.get({ signal: AbortSignal.timeout(20) }))).toMatchObject({ name: 'TimeoutError' });
  expect(sent).toHaveLength(1);
});

test('a body that breaks off is a lost connection', async () => {
  const { onetrip, sent, meet } = await api.tenantClient();
  meet(async (pass) => {
    await pass();
    const body = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    return new Response(body, { status: 201 });
  });
  await onetrip.tags.create({ name: 'a' });
  expect(sent).toHaveLength(2);
  expect((await onetrip.tags.list().page()).data).toHaveLength(1);
});
