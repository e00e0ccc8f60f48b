import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { addMember, addMembers } from '../../support/members.ts';
import { told, UNKNOWN } from '../../support/replies.ts';
import { history, meetingAt } from '../../support/writes.ts';

/* Assignees in the bodies of projects and tasks, in patches, in lists and in what a project adds up to. */

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const add = (name: string, more = {}) => addMember(api, tenant, { name, ...more });
  const [ada, grace, alan] = [await add('Ada', { subject: 'ada' }), await add('Grace'), await add('alan')];
  const gone = await add('Gone', { status: 'deactivated' });
  const make = (body: object) => tenant.post('/api/v1/projects', { name: 'P', ...body });
  const { json: project } = await make({
    tasks: [
      { title: 'a', assignees: [{ member_id: ada, role: 'owner' }, { member_id: grace }] },
      { title: 'b', assignees: [{ member_id: ada, role: 'watcher' }] },
      { title: 'c' },
    ],
  });
  const path = `/api/v1/tasks/${project.tasks[0].id}`;
  const patch = (assignees: unknown, more = {}) => tenant.call(path, { method: 'PATCH', body: { assignees, ...more } });
  return { tenant, project, make, ada, grace, alan, gone, path, patch };
}

const roles = (json: { assignees: { name: string; role: string }[] }) =>
  json.assignees.map(({ name, role }) => `${name} ${role}`);

describe('in a new project', () => {
  test('at every level, the owner first, then by name', async () => {
    const { make, ada, grace, alan } = await world();
    const { status, json } = await make({
      tasks: [
        {
          title: 'a',
          assignees: [{ member_id: grace }, { member_id: ada, role: 'watcher' }, { member_id: alan, role: 'owner' }],
          subtasks: [{ title: 'b', tags: ['t'], assignees: [{ member_id: grace, role: 'reviewer' }] }],
        },
      ],
    });
    expect(status).toBe(201);
    expect(json.tasks.map(roles)).toEqual([['alan owner', 'Ada watcher', 'Grace contributor'], ['Grace reviewer']]);
    expect(json.tasks.map(({ version }: { version: number }) => version)).toEqual([1, 1]);
  });

  test('the text that it was inserted with is the one that a read makes', async () => {
    const { tenant, project } = await world();
    const path = `/api/v1/projects/${project.id}`;
    const { text } = await tenant.get(path);
    expect(text).toContain('"role":"owner"');
    await api.database.admin.query('insert into stale_tags_json (tenant_id) values ($1)', [tenant.id]);
    expect((await tenant.get(path)).text).toBe(text);
  });

  test('who is unknown, deactivated or another tenant’s is named by pointer, and nothing is made', async () => {
    const { tenant, make, ada, gone } = await world();
    const stranger = await world();
    const tasks = (id: string) => [
      { title: 'a' },
      {
        title: 'b',
        subtasks: [
          { title: 'c', tags: ['new'], assignees: [{ member_id: ada }, { member_id: id }, { member_id: gone }] },
        ],
      },
    ];
    const unknown = await make({ tasks: tasks(UNKNOWN) });
    const pointer = '/tasks/1/subtasks/0/assignees';
    expect(unknown).toMatchObject({
      status: 422,
      json: {
        code: 'unprocessable',
        errors: [
          { pointer: `${pointer}/1/member_id`, code: 'unknown' },
          { pointer: `${pointer}/2/member_id`, code: 'deactivated' },
        ],
      },
    });
    expect(told(await make({ tasks: tasks(stranger.ada) }))).toEqual(told(unknown));
    expect((await tenant.get('/api/v1/projects')).json.data).toHaveLength(1);
    expect((await tenant.get('/api/v1/tags')).json.data).toEqual([]);
  });

  test('500 tasks with 20 assignees each', async () => {
    const { tenant, make } = await world();
    const ids = await addMembers(api, tenant, 20);
    const assignees = ids.map((member_id, n) => ({ member_id, role: n === 0 ? 'owner' : 'contributor' }));
    const reply = await make({ tasks: Array.from({ length: 500 }, (_, n) => ({ title: `t${n}`, assignees })) });
    expect(reply.status).toBe(201);
    expect(reply.json.tasks[499].assignees).toHaveLength(20);
  });
});

test('in a new task', async () => {
  const { tenant, project, ada } = await world();
  const post = (assignees: unknown) => tenant.post(`/api/v1/projects/${project.id}/tasks`, { title: 'x', assignees });
  expect(roles((await post([{ member_id: ada }])).json)).toEqual(['Ada contributor']);
  expect(await post([{ member_id: UNKNOWN }])).toMatchObject({
    status: 422,
    json: { errors: [{ pointer: '/assignees/0/member_id', code: 'unknown' }] },
  });
});

describe('in a patch', () => {
  test('as the whole list', async () => {
    const { ada, grace, alan, patch } = await world();
    const { json } = await patch([{ member_id: grace, role: 'owner' }, { member_id: alan }]);
    expect(roles(json)).toEqual(['Grace owner', 'alan contributor']);
    expect(json.version).toBe(2);
    expect(roles((await patch([{ member_id: grace }, { member_id: ada, role: 'owner' }])).json)).toEqual([
      'Ada owner',
      'Grace contributor',
    ]);
    expect((await patch([])).json).toMatchObject({ version: 4, assignees: [] });
  });

  test('as whom to add and whom to remove', async () => {
    const { ada, grace, alan, patch } = await world();
    const { json } = await patch({ add: [{ member_id: alan, role: 'owner' }], remove: [grace] });
    expect(roles(json)).toEqual(['alan owner', 'Ada contributor']);
    expect(json.version).toBe(2);
    expect(roles((await patch({ add: [{ member_id: ada, role: 'reviewer' }] })).json)).toEqual([
      'alan owner',
      'Ada reviewer',
    ]);
    expect(roles((await patch({ remove: [alan] })).json)).toEqual(['Ada reviewer']);
  });

  test('with members and tags of the task it is one version', async () => {
    const { tenant, project, alan, patch } = await world();
    const { json } = await patch({ add: [{ member_id: alan, role: 'owner' }] }, { title: 'new', tags: ['x'] });
    expect(json).toMatchObject({ version: 2, title: 'new', tags: [{ name: 'x' }] });
    expect(roles(json)).toEqual(['alan owner', 'Ada contributor', 'Grace contributor']);
    const log = await history(tenant, project.tasks[0].id);
    expect(log.filter(({ resource_type }) => resource_type === 'task')).toHaveLength(2);
  });

  test('what changes nothing leaves version and log as they are', async () => {
    const { tenant, project, ada, grace, alan, path, patch } = await world();
    const before = [(await tenant.get(path)).text, await history(tenant, project.tasks[0].id)];
    await patch([{ member_id: grace }, { member_id: ada, role: 'owner' }]);
    await patch({ add: [{ member_id: ada, role: 'owner' }], remove: [alan] });
    await patch({});
    expect([(await tenant.get(path)).text, await history(tenant, project.tasks[0].id)]).toEqual(before);
  });

  test('a deactivated member stays, and is not newly assigned', async () => {
    const { ada, grace, gone, patch } = await world();
    await api.database.admin.query(`update members set status = 'deactivated' where id = $1`, [grace]);
    expect(roles((await patch([{ member_id: grace, role: 'owner' }, { member_id: ada }])).json)).toEqual([
      'Grace owner',
      'Ada contributor',
    ]);
    expect(await patch({ add: [{ member_id: gone }] })).toMatchObject({
      status: 422,
      json: { errors: [{ pointer: '/assignees/add/0/member_id', code: 'deactivated' }] },
    });
    expect((await patch({ remove: [grace] })).status).toBe(200);
    expect((await patch({ remove: [gone] })).status).toBe(200);
    expect((await patch({ add: [{ member_id: grace }] })).status).toBe(422);
  });

  test('who is unknown or another tenant’s is named by pointer, to be removed too', async () => {
    const { ada, alan, patch } = await world();
    const stranger = await world();
    const ask = (id: string) => patch({ add: [{ member_id: alan }, { member_id: id }], remove: [ada] });
    const unknown = await ask(UNKNOWN);
    expect(unknown).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer: '/assignees/add/1/member_id', code: 'unknown' }] },
    });
    expect(told(await ask(stranger.ada))).toEqual(told(unknown));
    expect(await patch({ remove: [ada, stranger.grace] })).toMatchObject({
      status: 422,
      json: { errors: [{ pointer: '/assignees/remove/1', code: 'unknown' }] },
    });
  });

  test('a 21st is refused', async () => {
    const { tenant, patch, path } = await world();
    const more = await addMembers(api, tenant, 19);
    const add = more.map((member_id) => ({ member_id }));
    expect((await patch({ add: add.slice(1) })).status).toBe(200);
    expect(await patch({ add })).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
    expect((await tenant.get(path)).json.assignees).toHaveLength(20);
  });

  test.each([
    ['null', () => null],
    ['a member twice', (id: string) => [{ member_id: id }, { member_id: id.toUpperCase(), role: 'watcher' }]],
    [
      'two owners',
      (id: string) => [
        { member_id: id, role: 'owner' },
        { member_id: UNKNOWN, role: 'owner' },
      ],
    ],
    ['a member in both', (id: string) => ({ add: [{ member_id: id }], remove: [id.toUpperCase()] })],
    ['another role', (id: string) => [{ member_id: id, role: 'boss' }]],
    ['a bare id', (id: string) => [id]],
    ['more than 20', () => Array.from({ length: 21 }, (_, n) => ({ member_id: UNKNOWN.slice(0, -2) + (10 + n) }))],
  ])('refuses %s', async (_, assignees) => {
    const { ada, patch } = await world();
    const reply = await patch(assignees(ada));
    expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
    expect(reply.json.errors[0].pointer).toMatch(/^\/assignees/);
  });

  test('two that come at once leave what both say', async () => {
    const { tenant, project, alan, grace, path, patch } = await world();
    const replies = await meetingAt(api, { table: 'tasks', id: project.tasks[0].id }, () => [
      patch({ add: [{ member_id: alan, role: 'owner' }] }),
      patch({ remove: [grace] }),
    ]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    expect(roles((await tenant.get(path)).json)).toEqual(['alan owner', 'Ada contributor']);
  });
});

test('a member who is renamed shows the new name, without a new version', async () => {
  const { tenant, project, ada } = await world();
  await api.database.admin.query(`update members set name = 'Zoe' where id = $1`, [ada]);
  const { json } = await tenant.get(`/api/v1/projects/${project.id}`);
  expect(json.tasks.map(roles)).toEqual([['Zoe owner', 'Grace contributor'], ['Zoe watcher'], []]);
  expect(json.tasks[0].version).toBe(1);
});

describe('lists', () => {
  test('by member, me, none and role', async () => {
    const { tenant, project, ada, alan } = await world();
    const token = await tenant.token('viewer', 'ada');
    for (const base of ['/api/v1/tasks?sort=title', `/api/v1/projects/${project.id}/tasks?sort=title`]) {
      const titles = async (query: string) => {
        const { json } = await api.call(`${base}&count=true&${query}`, { token });
        expect(json.page.total).toBe(json.data.length);
        return json.data.map(({ title }: { title: string }) => title);
      };
      expect(await titles(`assignee=${ada}`)).toEqual(['a', 'b']);
      expect(await titles(`assignee=${ada.toUpperCase()}&assignee_role=owner`)).toEqual(['a']);
      expect(await titles('assignee=me&assignee_role=watcher')).toEqual(['b']);
      expect(await titles('assignee=me')).toEqual(['a', 'b']);
      expect(await titles('assignee=none')).toEqual(['c']);
      expect(await titles(`assignee=${alan}`)).toEqual([]);
      expect(await titles(`assignee=${UNKNOWN}`)).toEqual([]);
    }
    expect((await tenant.get('/api/v1/tasks?assignee=me')).json.data).toEqual([]);
  });

  test.each(['assignee_role=owner', 'assignee=none&assignee_role=owner'])('%s: a role of nobody', async (query) => {
    const { tenant, project } = await world();
    for (const list of ['tasks', `projects/${project.id}/tasks`]) {
      const reply = await tenant.get(`/api/v1/${list}?${query}`);
      expect(reply).toMatchObject({
        status: 422,
        json: { code: 'unprocessable', errors: [{ pointer: '?assignee_role' }] },
      });
    }
  });

  test.each(['assignee=ada', 'assignee=', 'assignee=me&assignee_role=boss'])('refuses %s', async (query) => {
    const { tenant } = await world();
    expect((await tenant.get(`/api/v1/tasks?${query}`)).status).toBe(400);
  });

  test('a cursor is bound to the assignee', async () => {
    const { tenant, ada, alan } = await world();
    const { json } = await tenant.get(`/api/v1/tasks?limit=1&assignee=${ada}`);
    const cursor = json.page.next_cursor;
    expect((await tenant.get(`/api/v1/tasks?limit=1&assignee=${ada}&cursor=${cursor}`)).json.data).toHaveLength(1);
    expect((await tenant.get(`/api/v1/tasks?limit=1&assignee=${alan}&cursor=${cursor}`)).status).toBe(400);
  });
});

test('stats count the tasks of each assignee, by count and then by name', async () => {
  const { tenant, project, ada, grace } = await world();
  const { json } = await tenant.get(`/api/v1/projects/${project.id}/stats`);
  expect(json.by_assignee).toEqual([
    { id: ada, name: 'Ada', task_count: 2 },
    { id: grace, name: 'Grace', task_count: 1 },
  ]);
  await tenant.call(`/api/v1/tasks/${project.tasks[1].id}`, { method: 'DELETE' });
  expect((await tenant.get(`/api/v1/projects/${project.id}/stats`)).json.by_assignee[0].task_count).toBe(1);
});

test('trash and restore keep them, a purge takes them along', async () => {
  const { tenant, project, path } = await world();
  const before = (await tenant.get(path)).json.assignees;
  await tenant.call(path, { method: 'DELETE' });
  expect((await tenant.post(`${path}/restore`, undefined)).json.assignees).toEqual(before);
  await tenant.call(path, { method: 'DELETE' });
  expect((await tenant.post(`${path}/purge`, undefined)).status).toBe(204);
  const { rowCount } = await api.database.admin.query('select from assignees where task_id = $1', [
    project.tasks[0].id,
  ]);
  expect(rowCount).toBe(0);
});
