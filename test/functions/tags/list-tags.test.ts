import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();
const path = '/api/v1/tags';

async function tenantWithTags() {
  const tenant = await api.tenant();
  await tenant.post(path, { name: 'Design' });
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      { title: 'a', tags: ['urgent', 'Über'] },
      { title: 'b', tags: ['urgent'] },
    ],
  });
  return { tenant, tasks: json.tasks };
}

const shown = (json: { data: { name: string; task_count: number }[] }) =>
  json.data.map((tag) => [tag.name, tag.task_count]);

test('by name, each with the number of its tasks', async () => {
  const { tenant } = await tenantWithTags();
  const { json } = await tenant.get(path);
  expect(shown(json)).toEqual([
    ['Design', 0],
    ['Über', 1],
    ['urgent', 2],
  ]);
  expect(json.data[0]).toMatchObject({ id: expect.any(String), color: null, version: 1 });
});

test('tasks in the trash do not count', async () => {
  const { tenant, tasks } = await tenantWithTags();
  await api.database.admin.query('update tasks set deleted_at = now(), trash_id = uuidv7() where id = $1', [
    tasks[0].id,
  ]);
  expect(shown((await tenant.get(`${path}?sort=-task_count`)).json)).toEqual([
    ['urgent', 1],
    ['Über', 0],
    ['Design', 0],
  ]);
});

test.each([
  ['q=u', ['urgent']],
  ['q=%C3%BCB', ['Über']],
  ['q=U%CC%88b', ['Über']],
  ['q=%25', []],
  ['q=des', ['Design']],
  ['sort=-name', ['urgent', 'Über', 'Design']],
  ['sort=created_at', ['Design', 'Über', 'urgent']],
])('%s', async (query, expected) => {
  const { tenant } = await tenantWithTags();
  const { json, status, text } = await tenant.get(`${path}?${query}`);
  expect(status, text).toBe(200);
  const names = json.data.map(({ name }: { name: string }) => name);
  if (query === 'sort=created_at') expect(new Set(names)).toEqual(new Set(expected));
  else expect(names).toEqual(expected);
});

test('pages', async () => {
  const { tenant } = await tenantWithTags();
  const first = await tenant.get(`${path}?limit=2&sort=-task_count&fields=name`);
  expect(first.json.data).toEqual([{ name: 'urgent' }, { name: 'Über' }]);
  const second = await tenant.get(`${path}?limit=2&sort=-task_count&cursor=${first.json.page.next_cursor}`);
  expect(shown(second.json)).toEqual([['Design', 0]]);
});

test('another tenant sees none of them', async () => {
  await tenantWithTags();
  expect((await (await api.tenant()).get(path)).json.data).toEqual([]);
});
