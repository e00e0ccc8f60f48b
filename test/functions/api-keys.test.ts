import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { app } from '../../src/functions/index.ts';
import { type Reply, type TestTenant, useApi } from '../support/api.ts';
import { forgedKeys, type InsertedKey, idsNumber, insertApiKey, keyOf } from '../support/api-keys.ts';
import { isSpread } from '../support/database.ts';
import { recordStatements } from '../support/sql.ts';
import { history, waitForLocks } from '../support/writes.ts';

/** Of a tenant that its own database does not know, the directory is asked. */

/*
 * API keys in place of tokens. What all endpoints make of them is in test/endpoints/every-endpoint.test.ts; here is which
 * ones are good, and that nobody learns why another one is not.
 */

const api = useApi();
let tenant: TestTenant;
let good: InsertedKey;

beforeAll(async () => {
  tenant = await api.tenant();
  good = await insertApiKey(api, tenant, { role: 'admin' });
});

const call = (headers: Record<string, string>, path = '/api/v1/tenant') => api.call(path, { headers });
const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

/** All that a caller is told, but for what names the request or measures it. */
function told({ status, headers, text, json }: Reply): unknown {
  const varying = ['x-request-id', 'server-timing', 'date'];
  return {
    ...{ status, text: text.replace(json.request_id, '') },
    headers: [...headers].filter(([name]) => !varying.includes(name)),
  };
}

test.each<[string, (key: string) => Record<string, string>]>([
  ['Authorization', bearer],
  ['Authorization with the scheme in any case', (key) => ({ Authorization: `bEARER   ${key}` })],
  ['X-Tenant-Token', (key) => ({ 'X-Tenant-Token': key })],
  ['both', (key) => ({ ...bearer(key), 'X-Tenant-Token': key })],
])('a good key passes in %s, in one round trip', async (_, headers) => {
  const before = api.database.endpoint.requests;
  expect(await call(headers(good.key))).toMatchObject({ status: 200, json: { id: tenant.id } });
  expect(api.database.endpoint.requests - before).toBe(1);
});

test('two headers that differ are 400, whichever of them is a key', async () => {
  const before = api.database.endpoint.requests;
  const other = await insertApiKey(api, tenant);
  for (const token of [other.key, await tenant.token(), `${good.key}x`]) {
    for (const [first, second] of [
      [good.key, token],
      [token, good.key],
    ] as const) {
      const reply = await call({ ...bearer(first), 'X-Tenant-Token': second });
      expect(reply).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    }
  }
  expect(api.database.endpoint.requests).toBe(before);
});

describe('what is no key is the one 401, and nobody asks the database', async () => {
  // Of no tenant: what is wrong with it is its form.
  const sample = keyOf(idsNumber(randomUUID(), randomUUID()), 7n);
  test.each(forgedKeys(sample).map(([name]) => name))('%s', async (name) => {
    const forged = new Map(forgedKeys(good.key)).get(name) ?? '';
    const before = api.database.endpoint.requests;
    const without = await call({});
    // No header can hold it as it is, or it is too long for workerd.
    if (/[^\x20-\xff]/.test(forged) || (forged.length > 65_536 && inject('tier') !== 'node')) return;
    for (const headers of [bearer(forged), { 'X-Tenant-Token': forged }]) {
      const reply = await call(headers as Record<string, string>);
      expect(told(reply)).toEqual(told(without));
      expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
    }
    expect(api.database.endpoint.requests).toBe(before);
  });
});

/** Keys of the right form that are not good, each by what is wrong with it. */
const BAD: Record<string, () => Promise<string>> = {
  'an unknown key': async () => keyOf(idsNumber(tenant.id, randomUUID()), secret()),
  'a key of no tenant': async () => keyOf(idsNumber(randomUUID(), randomUUID()), secret()),
  'a key of zeros': async () => keyOf(0n, 0n),
  'a wrong secret': async () => keyOf(idsNumber(tenant.id, good.id), secret()),
  'another key’s secret': async () => {
    const { key } = await insertApiKey(api, tenant);
    return keyOf(idsNumber(tenant.id, good.id), key.slice(-49, -6));
  },
  'a foreign key for one’s own tenant': async () => {
    const { id, key } = await insertApiKey(api, await api.tenant());
    return keyOf(idsNumber(tenant.id, id), key.slice(-49, -6));
  },
  'one’s own key for a foreign tenant': async () => {
    return keyOf(idsNumber((await api.tenant()).id, good.id), good.key.slice(-49, -6));
  },
  'a revoked key': async () => (await insertApiKey(api, tenant, { revoked_at: '2020-01-01T00:00:00Z' })).key,
  'an expired key': async () => (await insertApiKey(api, tenant, { expires_at: '2020-01-01T00:00:00Z' })).key,
  'a key whose member is deactivated': async () => {
    const { json } = await tenant.post('/api/v1/members', { name: 'Ada' });
    const { key } = await insertApiKey(api, tenant, { member_id: json.id, role: 'admin' });
    expect((await call(bearer(key))).status).toBe(200);
    await tenant.call(`/api/v1/members/${json.id}`, { method: 'PATCH', body: { status: 'deactivated' } });
    return key;
  },
  'a key whose member has been purged': async () => {
    const { json } = await tenant.post('/api/v1/members', { name: 'Ada' });
    const { key } = await insertApiKey(api, tenant, { member_id: json.id, role: 'admin' });
    await tenant.call(`/api/v1/members/${json.id}`, { method: 'PATCH', body: { status: 'deactivated' } });
    expect((await tenant.post(`/api/v1/members/${json.id}/purge`, undefined)).status).toBe(204);
    return key;
  },
  'a key that is not good, of a suspended tenant': async () => {
    const suspended = await api.tenant();
    const { id } = await insertApiKey(api, suspended);
    await suspended.setStatus('suspended');
    return keyOf(idsNumber(suspended.id, id), secret());
  },
};
const secret = () => BigInt(`0x${randomBytes(31).toString('hex')}`);

describe.each(Object.entries(BAD))('%s', (name, make) => {
  test('is the same 401, byte for byte, as no token at all', async () => {
    const key = await make();
    const without = await call({});
    for (const headers of [bearer(key), { 'X-Tenant-Token': key }]) {
      const reply = await call(headers as Record<string, string>);
      expect(told(reply)).toEqual(told(without));
      expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
      expect(reply.headers.get('Server-Timing')).toMatch(
        isSpread() ? /desc="[12] round trips?"$/ : /desc="1 round trip"$/,
      );
    }
    // Nor does it help to want what its role may not do.
    const platform = await api.call('/api/v1/tenants', { token: key });
    expect(platform).toMatchObject({ status: 401, text: expect.stringContaining(without.json.detail) });
  });

  // So that the time it takes tells nothing either. Of several databases the directory is asked for a tenant that is unknown.
  test.runIf(inject('tier') === 'node' && !(isSpread() && name === 'a key of no tenant'))(
    'sends exactly the statements that a good key sends',
    async () => {
      const key = await make();
      const sent = async (token: string) =>
        (await recordStatements(() => call(bearer(token)))).map(({ query }) => query);
      expect(await sent(key)).toEqual(await sent(good.key));
    },
  );
});

test('a key is good until the moment at which it expires', async () => {
  const { key } = await insertApiKey(api, tenant, { expires_at: new Date(Date.now() + 1500).toISOString() });
  expect((await call(bearer(key))).status).toBe(200);
  await expect.poll(async () => (await call(bearer(key))).status, { timeout: 5000 }).toBe(401);
});

test('a member who comes back brings the keys back', async () => {
  const { json } = await tenant.post('/api/v1/members', { name: 'Ada' });
  const { key } = await insertApiKey(api, tenant, { member_id: json.id });
  const setStatus = (status: string) =>
    tenant.call(`/api/v1/members/${json.id}`, { method: 'PATCH', body: { status } });
  await setStatus('deactivated');
  expect((await call(bearer(key))).status).toBe(401);
  await setStatus('active');
  expect((await call(bearer(key))).status).toBe(200);
});

test('a suspended tenant’s key is 403', async () => {
  const suspended = await api.tenant();
  const { key } = await insertApiKey(api, suspended, { role: 'admin' });
  await suspended.setStatus('suspended');
  const reply = await call(bearer(key));
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  expect(told(reply)).toEqual(told(await suspended.get('/api/v1/tenant')));
});

test('a request that is malformed is 400 before anybody knows whether the key is good', async () => {
  const before = api.database.endpoint.requests;
  const unknown = keyOf(idsNumber(tenant.id, randomUUID()), secret());
  for (const key of [good.key, unknown]) {
    expect((await call(bearer(key), '/api/v1/projects?limit=0')).status).toBe(400);
  }
  expect(api.database.endpoint.requests).toBe(before);
});

test('who acts is the key, also where it acts for a member', async () => {
  const { json: ada } = await tenant.post('/api/v1/members', { name: 'Ada', subject: 'ada of keys' });
  for (const columns of [{}, { member_id: ada.id as string }]) {
    const { id, key } = await insertApiKey(api, tenant, columns);
    const { status, json } = await api.call('/api/v1/projects', { method: 'POST', token: key, body: { name: 'P' } });
    expect([status, json.created_by]).toEqual([201, `api-key:${id}`]);
    await api.call(`/api/v1/projects/${json.id}`, { method: 'DELETE', token: key });
    expect((await history(tenant, json.id)).map(({ actor }) => actor)).toEqual([`api-key:${id}`, `api-key:${id}`]);
    expect((await tenant.get('/api/v1/trash')).json.data[0].deleted_by).toBe(`api-key:${id}`);
    expect((await tenant.get(`/api/v1/audit-log?actor=api-key:${id}`)).json.data).toHaveLength(2);
  }
});

test('a member’s role is the key’s: a viewer’s key does not write', async () => {
  const { key } = await insertApiKey(api, tenant, { role: 'viewer' });
  const reply = await api.call('/api/v1/projects', { method: 'POST', token: key, body: { name: 'P' } });
  expect(reply).toMatchObject({
    status: 403,
    json: { code: 'forbidden', detail: 'This needs an API key with the role member or above.' },
  });
});

test('tokens and keys share a tenant’s idempotency keys', async () => {
  const request = { method: 'POST', body: { name: 'P' }, headers: { 'Idempotency-Key': 'shared' } };
  const first = await api.call('/api/v1/projects', { ...request, token: good.key });
  const again = await tenant.call('/api/v1/projects', request);
  expect(again).toMatchObject({ status: 201, text: first.text });
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
});

test('of the same representation the ETag is the same, and answers are kept apart', async () => {
  const byKey = await call(bearer(good.key));
  const byToken = await tenant.get('/api/v1/tenant');
  expect(byKey.headers.get('ETag')).toBe(byToken.headers.get('ETag'));
  expect(byKey.headers.get('Vary')).toBe('Authorization, X-Tenant-Token');
});

test('a token of a member who has been deactivated is 403, and good again afterwards', async () => {
  const { json } = await tenant.post('/api/v1/members', { name: 'Bob', subject: 'bob' });
  const token = await tenant.token('admin', 'bob');
  const setStatus = (status: string) =>
    tenant.call(`/api/v1/members/${json.id}`, { method: 'PATCH', body: { status } });
  await setStatus('deactivated');
  const before = api.database.endpoint.requests;
  expect(await api.call('/api/v1/tags', { token })).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  expect(api.database.endpoint.requests - before).toBe(1);
  // Another tenant's token with the same sub is another person's.
  expect((await api.call('/api/v1/tags', { token: await (await api.tenant()).token('viewer', 'bob') })).status).toBe(
    200,
  );
  await setStatus('active');
  expect((await api.call('/api/v1/tags', { token })).status).toBe(200);
});

/** Only within this process can a test have a limiter of its own, and know that all requests come to one isolate. */
describe.runIf(inject('tier') === 'node')('a key that nobody has found good yet', () => {
  const made = () => keyOf(idsNumber(tenant.id, randomUUID()), secret());

  test('is counted with all that may be made up, and a good one with its tenant', async () => {
    const counted: string[] = [];
    const RATE_LIMITER = { limit: async ({ key }: { key: string }) => ({ success: counted.push(key) > 0 }) };
    const ask = async (key: string) => {
      counted.length = 0;
      const bindings = { ...api.bindings, RATE_LIMIT: '5/10', RATE_LIMITER };
      const { status } = await app.request('/api/v1/tags', { headers: bearer(key) }, bindings);
      return [status, ...counted];
    };
    const { key } = await insertApiKey(api, tenant);
    expect(await ask(key)).toEqual([200, 'unknown API keys']);
    expect(await ask(key)).toEqual([200, tenant.id]);
    const unknown = keyOf(idsNumber(tenant.id, randomUUID()), 7n);
    for (const _ of [1, 2]) expect(await ask(unknown)).toEqual([401, 'unknown API keys']);
    // What the database was not asked says nothing for a key; what it has refused for the role alone does.
    const other = await insertApiKey(api, tenant);
    expect((await call(bearer(other.key), '/api/v1/tags?limit=0')).status).toBe(400);
    expect(await ask(other.key)).toEqual([200, 'unknown API keys']);
    const third = await insertApiKey(api, tenant);
    expect((await call(bearer(third.key), '/api/v1/audit-log')).status).toBe(403);
    expect(await ask(third.key)).toEqual([200, tenant.id]);
  });

  test('shares ten slots with all that are made up, and no tenant waits for them', async () => {
    const known = [await insertApiKey(api, tenant), await insertApiKey(api, tenant)];
    for (const { key } of known) expect((await call(bearer(key))).status).toBe(200);
    const { admin } = api.database;
    await admin.query('begin');
    let unknown: Promise<Reply>[] = [];
    let good: Promise<Reply>[] = [];
    try {
      await admin.query('lock table api_keys in access exclusive mode');
      unknown = Array.from({ length: 12 }, () => call(bearer(made())));
      expect(await waitForLocks(api, 10)).toBe(10);
      expect((await tenant.get('/api/v1/tags')).status).toBe(200);
      // Of the tenant's own keys the requests wait for one another.
      good = Array.from({ length: 12 }, (_, n) => call(bearer(known[n % 2]?.key ?? '')));
      expect(await waitForLocks(api, 20)).toBe(20);
      await sleep(200);
      expect(await waitForLocks(api, 0)).toBe(20);
    } finally {
      await admin.query('rollback');
    }
    expect((await Promise.all(unknown)).map(({ status }) => status)).toEqual(Array(12).fill(401));
    expect((await Promise.all(good)).map(({ status }) => status)).toEqual(Array(12).fill(200));
  });
});
