import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type TestTenant, useApi } from '../support/api.ts';

/* The audit log of what many change at once: for each resource in the order in which its changes took effect. */

vi.setConfig({ testTimeout: 60_000 });

const api = useApi();
const WRITERS = 30;
const CHANGES = 4;

interface Entry {
  at: string;
  action: string;
  changes: Record<string, [before: unknown, after: unknown]>;
}

/** What the log says of a resource, oldest first. */
async function history(tenant: TestTenant, id: string): Promise<Entry[]> {
  const all: Entry[] = [];
  for (let cursor = ''; ; ) {
    const { json } = await tenant.get(`/api/v1/audit-log?limit=100&resource_id=${id}${cursor}`);
    all.unshift(...json.data.toReversed());
    if (!json.page.next_cursor) return all;
    cursor = `&cursor=${json.page.next_cursor}`;
  }
}

test('each entry begins where the one before ended, though 30 change one task at once', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'start' }] });
  const id = json.tasks[0].id;
  const patch = (body: unknown) => tenant.call(`/api/v1/tasks/${id}`, { method: 'PATCH', body });
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let change = 0; change < CHANGES; change++) {
        // Who is refused for the crowd tries again.
        while ((await patch({ title: `${writer}.${change}` })).status !== 200);
      }
    }),
  );
  const entries = await history(tenant, id);
  expect(entries).toHaveLength(1 + WRITERS * CHANGES);
  const titles = entries.map(({ changes }) => changes.title);
  expect(titles.slice(1).map((title) => title?.[0])).toEqual(titles.slice(0, -1).map((title) => title?.[1]));
  const moments = entries.map(({ at }) => at);
  expect(moments).toEqual([...new Set(moments)].sort());
  expect((await tenant.get(`/api/v1/tasks/${id}`)).json.updated_at).toBe(moments.at(-1));
});

test('nothing is trashed before its insert, nor restored before it is trashed', async () => {
  const tenant = await api.tenant();
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P' });
  const path = `/api/v1/projects/${project.id}`;
  const add = () => tenant.post(`${path}/tasks`, { title: 't' });
  const made: string[] = [];
  for (let round = 0; round < 8; round++) {
    // Later in each round, so that in some of them tasks are made before it.
    const trash = sleep(round * 5).then(() => tenant.call(path, { method: 'DELETE' }));
    const replies = await Promise.all([add(), trash, add(), add()]);
    made.push(...replies.flatMap(({ status, json }) => (status === 201 ? [json.id] : [])));
    expect((await tenant.post(`${path}/restore`, undefined)).status).toBe(200);
  }
  expect(made.length).toBeGreaterThan(0);
  for (const id of made) {
    const actions = (await history(tenant, id)).map(({ action }) => action);
    expect(actions[0]).toBe('insert');
    expect(actions.slice(1)).toEqual(actions.slice(1).map((_, n) => (n % 2 ? 'restore' : 'trash')));
  }
});

test('also where the clock of the database was set back', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/tags', { name: 't' });
  // As if it had been changed by a clock that goes an hour fast.
  const { admin } = api.database;
  await admin.query('alter table tags disable trigger stamp');
  await admin.query(`update tags set updated_at = now() + interval '1 hour', color = '#000001' where id = $1`, [
    json.id,
  ]);
  await admin.query('alter table tags enable trigger stamp');
  for (const color of ['#000002', '#000003']) {
    await tenant.call(`/api/v1/tags/${json.id}`, { method: 'PATCH', body: { color } });
  }
  const colors = (await history(tenant, json.id)).slice(1).map(({ changes }) => changes.color);
  expect(colors).toEqual([
    [null, '#000001'],
    ['#000001', '#000002'],
    ['#000002', '#000003'],
  ]);
});
