import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

test('makes a tag', async () => {
  const tenant = await api.tenant();
  const { status, json, headers } = await tenant.post('/api/v1/tags', { name: ' Cafe\u0301 ', color: '#7a5cFF' });
  expect(status).toBe(201);
  expect(json).toEqual({
    id: expect.any(String),
    name: 'Caf\u00e9',
    color: '#7a5cFF',
    version: 1,
    created_at: expect.any(String),
    updated_at: json.created_at,
  });
  expect(headers.get('Location')).toBe(`/api/v1/tags/${json.id}`);
  expect(headers.get('ETag')).toMatch(/^"1\.[0-9a-f]{32}"$/);
});

test.each([
  ['Straße', 'STRASSE'],
  ['Caf\u00e9', 'cafe\u0301'],
  ['ΟΔΟΣ', 'οδος'],
])('%s and %s are one tag', async (first, second) => {
  const tenant = await api.tenant();
  expect((await tenant.post('/api/v1/tags', { name: first })).status).toBe(201);
  const reply = await tenant.post('/api/v1/tags', { name: second });
  expect(reply).toMatchObject({ status: 409, json: { code: 'duplicate', errors: [{ pointer: '/name' }] } });
  const stranger = await api.tenant();
  expect((await stranger.post('/api/v1/tags', { name: second })).status).toBe(201);
});

test.each([
  [{}, '/name'],
  [{ name: 'x'.repeat(101) }, '/name'],
  [{ name: 'a\nb' }, '/name'],
  [{ name: 'a', color: 'red' }, '/color'],
  [{ name: 'a', color: '#12345' }, '/color'],
])('refuses %j', async (body, pointer) => {
  const tenant = await api.tenant();
  const reply = await tenant.post('/api/v1/tags', body);
  expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed', errors: [{ pointer }] } });
});

test('100 characters are counted as code points', async () => {
  const tenant = await api.tenant();
  expect((await tenant.post('/api/v1/tags', { name: '🦜'.repeat(100) })).status).toBe(201);
  expect((await tenant.post('/api/v1/tags', { name: '🦜'.repeat(101) })).status).toBe(400);
});
