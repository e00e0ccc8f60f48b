import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';

const api = useApi();

test('a member, deactivated or not, for every role; 304 where the caller has it', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/members', { name: 'Ada', subject: 'ada' });
  const path = `/api/v1/members/${json.id}`;
  const first = await tenant.get(path, { role: 'viewer' });
  expect(first).toMatchObject({ status: 200, json });
  const headers = { 'If-None-Match': first.headers.get('ETag') ?? '' };
  expect((await tenant.get(path, { headers })).status).toBe(304);
  await tenant.call(path, { method: 'PATCH', body: { status: 'deactivated' } });
  expect((await tenant.get(path, { headers })).json).toMatchObject({ status: 'deactivated', version: 2 });
});

test('an unknown one and another tenant’s are 404', async () => {
  const [tenant, other] = [await api.tenant(), await api.tenant()];
  const { json } = await other.post('/api/v1/members', { name: 'Ada' });
  for (const id of [UNKNOWN, json.id]) {
    const reply = await tenant.get(`/api/v1/members/${id}`);
    expect(reply).toMatchObject({ status: 404, json: { code: 'not_found', detail: 'There is no such member.' } });
  }
});
