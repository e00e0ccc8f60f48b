import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

test('all tenants, newest first, in pages', async () => {
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) ids.unshift((await api.tenant(name)).id);
  const { json } = await api.platform('/api/v1/tenants?limit=2&count=true');
  expect(json.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
  expect(json.page).toMatchObject({ has_more: true, total: 3 });
  const next = await api.platform(`/api/v1/tenants?limit=2&cursor=${json.page.next_cursor}`);
  expect(next.json.data.map(({ name }: { name: string }) => name)).toEqual(['a']);
  const byName = await api.platform('/api/v1/tenants?sort=-name&fields=name,status');
  expect(byName.json.data[0]).toEqual({ name: 'c', status: 'active' });
});
