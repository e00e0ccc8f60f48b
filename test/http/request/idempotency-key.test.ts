import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

/* What makes two requests with one Idempotency-Key the same request: method, path with query, and raw body. */

const api = useApi();
const keyed = { headers: { 'Idempotency-Key': 'k' } };

test('another query is another request', async () => {
  const tenant = await api.tenant();
  const tasks = ['a', 'b', 'c'].map((title) => ({ title }));
  const { id } = (await tenant.post('/api/v1/projects', { name: 'P', tasks })).json;
  await tenant.call(`/api/v1/projects/${id}`, { method: 'DELETE' });
  const restore = async (end: string) => {
    const { status, headers, json } = await tenant.post(`/api/v1/projects/${id}/restore${end}`, undefined, keyed);
    return [status, headers.get('Idempotency-Replayed'), json.tasks?.length];
  };
  expect(await restore('?task_limit=1')).toEqual([200, null, 1]);
  expect(await restore('?task_limit=1')).toEqual([200, 'true', 1]);
  expect(await restore('/?task_limit=1')).toEqual([200, 'true', 1]);
  for (const end of ['', '?task_limit=2', '?task_limit=%31', '?task_limit=1&']) {
    expect(await restore(end), end).toEqual([422, null, undefined]);
  }
});

test('a query without anything in it is none', async () => {
  const tenant = await api.tenant();
  expect((await tenant.post('/api/v1/tags', { name: 'a' }, keyed)).status).toBe(201);
  const again = await tenant.post('/api/v1/tags?', { name: 'a' }, keyed);
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
});
