import { beforeAll, describe, expect, test } from 'vitest';
import { type TestTenant, useApi } from '../../support/api.ts';
import { makeDeliveries, makeWebhook, type Stored, takeDeliveries } from './webhook-world.ts';

/* What changes make of events: written with the change, one for each resource and webhook. */

const api = useApi();
let tenant: TestTenant;
let project: string;
let task: string;

const take = () => takeDeliveries(api, tenant);
const names = (deliveries: Stored[]) => deliveries.map(({ event }) => event);
const patch = (path: string, body: unknown) => tenant.call(`/api/v1${path}`, { method: 'PATCH', body });
const call = (method: string, path: string) => tenant.call(`/api/v1${path}`, { method });

/** A resource as a list shows it, without what is counted from others. */
async function listed(list: string, id: string): Promise<unknown> {
  const { json } = await tenant.get(`/api/v1/${list}?limit=100`);
  const { task_count, is_blocked, comment_count, ...rest } = json.data.find((one: { id: string }) => one.id === id);
  return rest;
}

beforeAll(async () => {
  tenant = await api.tenant();
  await makeWebhook(tenant);
  const { json } = await tenant.post('/api/v1/projects', { name: 'Website', tasks: [{ title: 'Sketch' }] });
  project = json.id;
  task = json.tasks[0].id;
});

describe('resources look as their lists show them', () => {
  beforeAll(take);

  test.each([
    ['projects', '/projects', { name: 'Häuser "1"', description: 'a\nb', metadata: { a: [1.5, null], b: { c: 'x' } } }],
    ['tags', '/tags', { name: 'urgent "x"', color: '#7A5CFF' }],
    ['members', '/members', { name: 'Ada', email: 'ada@example.com', subject: 'ada \\ "1"' }],
  ])('%s', async (list, path, body) => {
    const { json } = await tenant.post(`/api/v1${path}`, body);
    const [delivery, ...more] = await take();
    expect(more).toEqual([]);
    expect(delivery?.event).toBe(`${list.slice(0, -1)}.created`);
    expect(delivery?.body.data.resource).toEqual(await listed(list, json.id));
  });

  test('tasks with tags and assignees, and comments with author and mentions', async () => {
    const me = await tenant.call('/api/v1/me', { method: 'PUT', body: { name: 'Tess "T" Ter' } });
    await tenant.post('/api/v1/tags', { name: 'old' });
    await take();
    const body = {
      ...{ title: 'Draw', description: 'x'.repeat(5000), due_on: '2026-01-02', priority: 3, metadata: { a: 1 } },
      ...{ position: 1.25, tags: ['old', 'brandnew'], assignees: [{ member_id: me.json.id, role: 'owner' }] },
    };
    const { json } = await tenant.post(`/api/v1/projects/${project}/tasks`, body);
    const made = await take();
    expect(names(made)).toEqual(['tag.created', 'task.created']);
    expect(made[1]?.body.data.resource).toEqual(await listed('tasks', json.id));
    expect(made[1]?.body.data.resource.assignees).toHaveLength(1);
    expect(made[1]?.body).toMatchObject({
      type: 'task.created',
      data: { tenant_id: tenant.id, resource_type: 'task', actor: 'tester', changes: { title: [null, 'Draw'] } },
    });
    expect(made[1]?.body.data.changes).toMatchObject({
      tags: [[], made[1]?.body.data.resource.tags.map(({ id }: { id: string }) => id).sort()],
      assignees: [[], [{ id: me.json.id, role: 'owner' }]],
    });

    const comment = await tenant.post(`/api/v1/tasks/${task}/comments`, { body: `So, @[${me.json.id}]?\t"x"` });
    const [said, ...more] = await take();
    expect(more).toEqual([]);
    expect(said?.body.data.resource).toEqual(await listed('comments', comment.json.id));
    expect(said?.body.data.resource.mentions).toHaveLength(1);
  });

  test('tasks whose tag has just got another name', async () => {
    const { json: tag } = await tenant.post('/api/v1/tags', { name: 'before' });
    await call('PUT', `/tasks/${task}/tags/${tag.id}`);
    await patch(`/tags/${tag.id}`, { name: 'after' });
    await take();
    await patch(`/tasks/${task}`, { title: 'Sketch again' });
    const [delivery] = await take();
    expect(delivery?.body.data.resource).toEqual(await listed('tasks', task));
    expect(delivery?.body.data.resource.tags).toEqual([{ id: tag.id, name: 'after', color: null }]);
  });
});

describe('each change is one event', () => {
  test('of tags, assignees and blockers, with what went and what came', async () => {
    const { json: tag } = await tenant.post('/api/v1/tags', { name: `one ${Math.random()}` });
    const { json: member } = await tenant.post('/api/v1/members', { name: 'Grace' });
    const { json: other } = await tenant.post(`/api/v1/projects/${project}/tasks`, { title: 'Other' });
    await take();
    const changes = async (work: Promise<unknown>) => {
      await work;
      return (await take()).map(({ event, resource_id, body }) => [event, resource_id, body.data.changes]);
    };
    expect(await changes(call('PUT', `/tasks/${other.id}/tags/${tag.id}`))).toEqual([
      ['task.updated', other.id, { tags: [[], [tag.id]] }],
    ]);
    const assign = (role: string) =>
      tenant.call(`/api/v1/tasks/${other.id}/assignees/${member.id}`, { method: 'PUT', body: { role } });
    await assign('owner');
    await take();
    expect(await changes(assign('watcher'))).toEqual([
      [
        'task.updated',
        other.id,
        { assignees: [[{ id: member.id, role: 'owner' }], [{ id: member.id, role: 'watcher' }]] },
      ],
    ]);
    expect(await changes(call('PUT', `/tasks/${other.id}/blockers/${task}`))).toEqual([
      ['task.updated', other.id, { blockers: [[], [task]] }],
    ]);
    expect(
      await changes(patch(`/tasks/${other.id}`, { title: 'New', tags: { remove: [tag.name] }, status: 'in_progress' })),
    ).toEqual([
      ['task.updated', other.id, { title: ['Other', 'New'], status: ['pending', 'in_progress'], tags: [[tag.id], []] }],
    ]);
    expect(await changes(patch(`/tasks/${other.id}`, { title: 'New' }))).toEqual([]);
    // Of a tag that is deleted, tasks tell nothing: their versions do not change.
    await call('PUT', `/tasks/${other.id}/tags/${tag.id}`);
    await take();
    expect((await changes(call('DELETE', `/tags/${tag.id}`))).map(([event]) => event)).toEqual(['tag.deleted']);
    // A batch that takes it off one of them before changes that one.
    const { json: late } = await tenant.post('/api/v1/tags', { name: `two ${Math.random()}` });
    for (const one of [task, other.id]) await call('PUT', `/tasks/${one}/tags/${late.id}`);
    await take();
    const operations = [`/tasks/${other.id}/tags/${late.id}`, `/tags/${late.id}`].map((path) => ({
      method: 'DELETE',
      path: `/api/v1${path}`,
    }));
    const both = await changes(tenant.post('/api/v1/batch', { operations }));
    expect(both.map(([event, id]) => `${event} ${id}`).toSorted()).toEqual([
      `tag.deleted ${late.id}`,
      `task.updated ${other.id}`,
    ]);
  });

  test('of what goes to the trash with a project, comes back, and is purged', async () => {
    const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'A' }, { title: 'B' }] });
    const first = json.tasks[0].id;
    await tenant.post(`/api/v1/tasks/${first}/comments`, { body: 'Secret words' });
    const made = await take();
    expect(names(made)).toEqual(['project.created', 'task.created', 'task.created', 'comment.created']);

    await call('DELETE', `/projects/${json.id}`);
    const trashed = await take();
    expect(names(trashed).sort()).toEqual(['comment.deleted', 'project.deleted', 'task.deleted', 'task.deleted']);
    for (const { body, resource_id } of trashed) {
      expect(body.data.resource).toEqual({ id: resource_id });
      if (body.type !== 'comment.deleted') expect(body.data.changes).toMatchObject({ deleted_by: [null, 'tester'] });
    }
    await call('POST', `/projects/${json.id}/restore`);
    const restored = await take();
    expect(names(restored).sort()).toEqual(['comment.restored', 'project.restored', 'task.restored', 'task.restored']);
    const back = restored.find(({ event }) => event === 'comment.restored');
    expect(back?.body.data.resource).toEqual(await listed('comments', back?.resource_id as string));

    await patch(`/tasks/${first}`, { title: 'Secret title' });
    await call('DELETE', `/projects/${json.id}`);
    expect((await call('POST', `/projects/${json.id}/purge`)).status).toBe(204);
    const left = await take();
    expect(names(left)).toContain('task.updated');
    expect(names(left.slice(-4)).sort()).toEqual([
      'comment.deleted',
      'project.deleted',
      'task.deleted',
      'task.deleted',
    ]);
    // Of what is gone, no earlier delivery tells anything either.
    expect(JSON.stringify(left)).not.toContain('Secret');
    for (const { body, resource_id } of left.slice(-4)) {
      expect(body.data).toMatchObject({ resource: { id: resource_id }, changes: {} });
    }
  });

  test('and what is gone as soon as it is there is none', async () => {
    const sql = `
      begin; set local app.webhooks = 'on';
      insert into tags (tenant_id, id, name) values ('${tenant.id}', '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6c', 'short');
      delete from tags where tenant_id = '${tenant.id}' and name = 'short';
      update projects set name = 'By hand' where tenant_id = '${tenant.id}' and id = '${project}';
      update projects set name = 'By hand twice' where tenant_id = '${tenant.id}' and id = '${project}'; commit`;
    await take();
    await api.database.admin.query(sql.replace("set local app.webhooks = 'on';", ''));
    const [delivery, ...more] = await take();
    expect(more).toEqual([]);
    expect(delivery).toMatchObject({ event: 'project.updated' });
    expect(delivery?.body.data.changes.name[1]).toBe('By hand twice');
    expect(delivery?.body.data.changes.name[0]).not.toBe('By hand');
  });

  test('nothing of a request that is refused', async () => {
    await take();
    expect((await tenant.post(`/api/v1/projects/${project}/tasks`, { title: 'x', parent_id: project })).status).toBe(
      422,
    );
    expect(await take()).toEqual([]);
  });
});

test('a webhook is told of the events that it takes, and of no other tenant’s', async () => {
  const other = await api.tenant();
  const all = await makeWebhook(other, { events: ['task.*', 'tag.created'] });
  const one = await makeWebhook(other, { events: ['task.updated', 'project.created'] });
  const { json } = await other.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'A', tags: ['a'] }] });
  await other.call(`/api/v1/tasks/${json.tasks[0].id}`, { method: 'PATCH', body: { title: 'B' } });
  const told = (await takeDeliveries(api, other)).map((row) => [
    (row as never as Record<string, string>).webhook_id,
    row.event,
  ]);
  expect(told.filter(([id]) => id === all.id).map(([, event]) => event)).toEqual([
    'tag.created',
    'task.created',
    'task.updated',
  ]);
  expect(told.filter(([id]) => id === one.id).map(([, event]) => event)).toEqual(['project.created', 'task.updated']);
});

test('who is purged falls out of deliveries that are kept, too', async () => {
  const { json: member } = await tenant.post('/api/v1/members', { name: 'Zoë Zucker', subject: 'zoe-z' });
  const zoe = await tenant.token('member', 'zoe-z');
  const as = (path: string, method: string, body?: unknown) =>
    tenant.call(`/api/v1${path}`, { method, body, token: zoe });
  const { json: made } = await as(`/projects/${project}/tasks`, 'POST', {
    title: 'By her',
    assignees: [{ member_id: member.id, role: 'owner' }],
  });
  await as(`/tasks/${task}/comments`, 'POST', { body: 'I was here' });
  // Some of them are deliveries already, the others are still to be made.
  await makeDeliveries(api, tenant);
  await tenant.post(`/api/v1/tasks/${task}/comments`, { body: `Ask @[${member.id}]` });
  await as(`/tasks/${made.id}`, 'DELETE');
  await call('POST', `/tasks/${made.id}/restore`);
  await patch(`/members/${member.id}`, { status: 'deactivated' });
  const before = await api.database.admin.query(
    `select (select count(*)::int from webhook_deliveries where tenant_id = $1 and body ~ 'zoe-z|Zoë') as made,
       (select count(*)::int from webhook_outbox where tenant_id = $1 and body ~ 'zoe-z|Zoë') as written`,
    [tenant.id],
  );
  expect(before.rows[0].made).toBeGreaterThan(2);
  expect(before.rows[0].written).toBeGreaterThan(2);
  expect((await call('POST', `/members/${member.id}/purge`)).status).toBe(204);
  const after = await take();
  expect(JSON.stringify(after)).not.toMatch(/zoe-z|Zoë/);
  const created = after.find(({ event, resource_id }) => event === 'task.created' && resource_id === made.id);
  expect(created?.body.data).toMatchObject({
    actor: `member:${member.id}`,
    resource: { created_by: `member:${member.id}`, assignees: [] },
    changes: { title: [null, 'By her'] },
  });
});
