import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

test('the project of the tutorial', async () => {
  const tenant = await api.tenant();
  const created = await api.call('/api/v1/projects', {
    method: 'POST',
    headers: { 'X-Tenant-Token': await tenant.token() },
    body: { name: 'Website Redesign', description: 'Redesign company website' },
  });
  expect(created.status, created.text).toBe(201);
  expect(created.json).toMatchObject({ name: 'Website Redesign', description: 'Redesign company website', tasks: [] });
  const got = await tenant.get(`/api/v1/projects/${created.json.id}`);
  expect(got.status, got.text).toBe(200);
  expect(got.json).toEqual(created.json);
});
