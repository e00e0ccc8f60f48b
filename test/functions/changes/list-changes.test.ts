import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

test('x', async () => {
  const tenant = await api.tenant();
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a', tags: ['t'] }] });
  const one = await tenant.get('/api/v1/changes?limit=2');
  console.log(one.status, one.text, one.headers.get('Link'));
  const two = await tenant.get(`/api/v1/changes?limit=2&cursor=${one.json.page.next_cursor}`);
  console.log(two.status, two.text);
  console.log((await tenant.get(`/api/v1/changes?cursor=now`)).text);
  await tenant.call(`/api/v1/tasks/${project.tasks[0].id}`, { method: 'DELETE' });
  const three = await tenant.get(`/api/v1/changes?limit=2&cursor=${two.json.page.next_cursor}`);
  console.log(three.status, three.text);
});
