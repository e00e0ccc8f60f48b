import { createHash } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { API_KEY_PATTERN } from '../../../src/http/request/schemas.ts';
import { useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';
import { recordStatements } from '../../support/sql.ts';
import { storedRows } from '../../support/stored.ts';
import { history } from '../../support/writes.ts';

const api = useApi();
const path = '/api/v1/api-keys';

test('makes a key that can be used at once', async () => {
  const tenant = await api.tenant();
  const { status, json, headers } = await tenant.post(path, { name: ' Nightly "key":null} ' });
  expect(status).toBe(201);
  expect(json).toEqual({
    id: expect.any(String),
    name: 'Nightly "key":null}',
    role: 'member',
    member_id: null,
    status: 'active',
    expires_at: null,
    created_at: expect.any(String),
    created_by: 'tester',
    revoked_at: null,
    key: expect.stringMatching(new RegExp(API_KEY_PATTERN)),
  });
  expect(headers.get('Location')).toBe(`${path}/${json.id}`);
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
  const reply = await api.call('/api/v1/projects', { method: 'POST', token: json.key, body: { name: 'P' } });
  expect(reply).toMatchObject({ status: 201, json: { created_by: `api-key:${json.id}` } });
  const { key: _, ...shown } = json;
  expect((await tenant.get(path)).json.data).toEqual([shown]);
});

test('with a role, an end and a member', async () => {
  const tenant = await api.tenant();
  const { json: ada } = await tenant.post('/api/v1/members', { name: 'Ada' });
  const body = { name: 'k', role: 'admin', expires_at: '2099-12-31T23:59:59.9999+01:00', member_id: ada.id };
  const { json } = await tenant.post(path, body);
  expect(json).toMatchObject({ role: 'admin', expires_at: '2099-12-31T22:59:59.999Z', member_id: ada.id });
});

test('the key is shown once: neither the database nor a replay has it', async () => {
  const tenant = await api.tenant();
  const headers = { 'Idempotency-Key': 'k' };
  const first = await tenant.post(path, { name: 'k' }, { headers });
  const again = await tenant.post(path, { name: 'k' }, { headers });
  expect(again.status).toBe(201);
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
  expect(again.headers.get('ETag')).toBe(first.headers.get('ETag'));
  expect(again.json).toEqual({ ...first.json, key: null });
  expect((await tenant.get(path)).json.data).toHaveLength(1);

  const { key } = first.json;
  const stored = JSON.stringify(await storedRows(api.database.admin, tenant.id));
  expect(stored).toContain(first.json.id);
  const secret = secretOf(key);
  for (const spelling of [key, key.slice(-49), key.slice(-49, -6), secret.toString('hex')]) {
    expect(stored).not.toContain(spelling);
  }
  expect(stored).toContain(createHash('sha256').update(secret).digest('hex'));
});

test.runIf(inject('tier') === 'node')('the database is not even sent the key', async () => {
  const tenant = await api.tenant();
  let key = '';
  const statements = await recordStatements(async () => {
    key = (await tenant.post(path, { name: 'k' }, { headers: { 'Idempotency-Key': 'k' } })).json.key;
  });
  const sent = JSON.stringify(statements);
  for (const spelling of [key.slice(3, 46), key.slice(-49, -6), secretOf(key).toString('hex')]) {
    expect(sent).not.toContain(spelling);
  }
});

/** The 32 bytes. */
function secretOf(key: string): Buffer {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const number = [...key.slice(-49, -6)].reduce((sum, digit) => sum * 62n + BigInt(digits.indexOf(digit)), 0n);
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex');
}

test('an end that has come is 422', async () => {
  const tenant = await api.tenant();
  const past = { status: 422, json: { code: 'unprocessable', errors: [{ pointer: '/expires_at', code: 'past' }] } };
  for (const expires_at of [
    '2020-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    new Date(Date.now() - 1000).toISOString(),
  ]) {
    expect(await tenant.post(path, { name: 'k', expires_at })).toMatchObject(past);
  }
  const soon = new Date(Date.now() + 60_000).toISOString();
  expect((await tenant.post(path, { name: 'k', expires_at: soon })).json.expires_at).toBe(soon);
  const last = await tenant.post(path, { name: 'k', expires_at: '9999-12-31T23:59:59.999999999Z' });
  expect(last.json.expires_at).toBe('9999-12-31T23:59:59.999Z');
});

test('a member who is unknown, another tenant’s or deactivated is the same 422', async () => {
  const [tenant, other] = [await api.tenant(), await api.tenant()];
  const { json: foreign } = await other.post('/api/v1/members', { name: 'Ada' });
  const { json: gone } = await tenant.post('/api/v1/members', { name: 'Ada', status: 'deactivated' });
  for (const member_id of [UNKNOWN, foreign.id, gone.id]) {
    expect(await tenant.post(path, { name: 'k', member_id })).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer: '/member_id', message: 'is not an active member' }] },
    });
  }
});

test.each([
  [{}, '/name'],
  [{ name: 'x'.repeat(101) }, '/name'],
  [{ name: 'k', role: 'platform' }, '/role'],
  [{ name: 'k', expires_at: '2099-01-01' }, '/expires_at'],
  [{ name: 'k', member_id: 'me' }, '/member_id'],
  [{ name: 'k', key: 'mine' }, '/key'],
])('refuses %j', async (body, pointer) => {
  const reply = await (await api.tenant()).post(path, body);
  expect(reply).toMatchObject({ status: 400, json: { errors: [{ pointer }] } });
});

test('only an admin may, and the log names no secret', async () => {
  const tenant = await api.tenant();
  for (const role of ['viewer', 'member'] as const) {
    expect((await tenant.post(path, { name: 'k' }, { role })).status).toBe(403);
  }
  const { json } = await tenant.post(path, { name: 'k', role: 'viewer' });
  const [entry, ...others] = await history(tenant, json.id);
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ action: 'insert', resource_type: 'api_key', actor: 'tester' });
  expect(Object.keys(entry?.changes ?? {}).sort()).toEqual(['created_at', 'created_by', 'name', 'role']);
});
