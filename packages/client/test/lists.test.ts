import { expect, test } from 'vitest';
import { failure, useClients } from './support.ts';

/* Lists, page by page. */

const api = useClients();

const titles = (count: number) => Array.from({ length: count }, (_, n) => ({ title: `task ${n}` }));

test('a loop walks all pages, each asked for when the loop gets there', async () => {
  const { onetrip, sent } = await api.tenantClient();
  const project = await onetrip.projects.create({ name: 'Trip', tasks: titles(5) });
  const list = onetrip.projects.tasks.list(project, { limit: 2 });
  expect(sent).toHaveLength(1);
  const seen: string[] = [];
  for await (const { title } of list) {
    seen.push(title);
    expect(sent).toHaveLength(1 + Math.ceil(seen.length / 2));
  }
  expect(seen).toEqual(titles(5).map(({ title }) => title));
  // Again from the beginning, and no further than the loop goes.
  for await (const _ of list) break;
  expect(sent).toHaveLength(5);
});

test('rows that come and go meanwhile make no other row appear twice or go missing', async () => {
  const { onetrip } = await api.tenantClient();
  const { tasks, ...project } = await onetrip.projects.create({ name: 'Trip', tasks: titles(9) });
  const seen: string[] = [];
  for await (const { id, title } of onetrip.tasks.list({ limit: 2, sort: 'title' })) {
    seen.push(title);
    // Before and behind the place of the loop.
    await onetrip.projects.tasks.create(project, { title: `a ${title}` });
    if (seen.length % 3 === 0) await onetrip.tasks.delete(id);
  }
  expect(seen).toEqual(tasks.map(({ title }) => title));
});

test('one page, its total, and the page at a cursor', async () => {
  const { onetrip } = await api.tenantClient();
  const project = await onetrip.projects.create({ name: 'Trip', tasks: titles(3) });
  const first = await onetrip.projects.tasks.list(project, { limit: 2, count: true }).page();
  expect(first.page).toMatchObject({ limit: 2, has_more: true, total: 3 });
  const cursor = first.page.next_cursor ?? '';
  const second = await onetrip.projects.tasks.list(project, { limit: 2, cursor }).page();
  expect(second.data.map(({ title }) => title)).toEqual(['task 2']);
  expect(second.page.next_cursor).toBeNull();
  const pages: number[] = [];
  for await (const { data } of onetrip.projects.tasks.list(project, { limit: 2 }).pages()) pages.push(data.length);
  expect(pages).toEqual([2, 1]);
});

test('skip skips once', async () => {
  const { onetrip } = await api.tenantClient();
  const project = await onetrip.projects.create({ name: 'Trip', tasks: titles(6) });
  const seen: string[] = [];
  for await (const { title } of onetrip.projects.tasks.list(project, { limit: 2, skip: 1 })) seen.push(title);
  expect(seen).toEqual(['task 1', 'task 2', 'task 3', 'task 4', 'task 5']);
});

test('a page that fails ends the loop with its error, and a signal ends it too', async () => {
  const { onetrip } = await api.tenantClient();
  await onetrip.projects.create({ name: 'Trip', tasks: titles(3) });
  const walk = async (list: AsyncIterable<unknown>, each: () => void = () => {}) => {
    for await (const _ of list) each();
  };
  expect(await failure(walk(onetrip.tasks.list({ cursor: 'damaged' })))).toMatchObject({ code: 'invalid_cursor' });
  const controller = new AbortController();
  const list = onetrip.tasks.list({ limit: 1 }, { signal: controller.signal });
  let seen = 0;
  const walked = walk(list, () => {
    seen += 1;
    controller.abort();
  });
  expect(await failure(walked)).toMatchObject({ name: 'AbortError' });
  expect(seen).toBe(1);
});
