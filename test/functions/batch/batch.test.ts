import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { insertApiKey } from '../../support/api-keys.ts';
import { makeWorld } from '../../support/examples.ts';
import { recordStatements } from '../../support/sql.ts';
import { history } from '../../support/writes.ts';
import { failsWhole, type Operation, operationOf, patch, post, send, taken, trips } from './batch-world.ts';

const api = useApi();

describe('operations', () => {
  test.each(taken.map((definition) => [definition.operationId, definition] as const))('%s', async (_, definition) => {
    const world = await makeWorld(api, definition);
    const reply = await send(world.tenant, [operationOf(definition, world)]);
    expect(reply.status, reply.text).toBe(200);
    const [{ status, location, etag, body }] = reply.json.results;
    expect(status).toBe(definition.success.status);
    expect(location === null).toBe(status !== 201);
    expect(body === null).toBe(status === 204);
    if (etag === null) expect(status).toBe(204);
    else expect(etag).toMatch(new RegExp(`^"${body.version}\\.[0-9a-f]{32}"$`));
    if (location) expect((await world.tenant.get(location)).json.id).toBe(body.id);
  });

  test('are done in their order, as one request, in one round trip', async () => {
    const tenant = await api.tenant();
    const reply = await send(tenant, [
      post('/projects', { name: 'P' }, 'p'),
      patch('/projects/{p}', { name: 'Q' }),
      { method: 'DELETE', path: '/api/v1/projects/{p}' },
      { method: 'POST', path: '/api/v1/projects/{p}/restore' },
    ]);
    expect(reply.status, reply.text).toBe(200);
    expect(trips(reply)).toBe('1 round');
    const { results } = reply.json;
    expect(results.map(({ id, status }: Operation & { status: number }) => [id, status])).toEqual([
      ['p', 201],
      [null, 200],
      [null, 204],
      [null, 200],
    ]);
    expect([0, 1, 3].map((n) => results[n].body.version)).toEqual([1, 2, 4]);
    const entries = await history(tenant, results[0].body.id);
    expect(entries.map(({ action }) => action)).toEqual(['insert', 'update', 'trash', 'restore']);
    expect(new Set(entries.map(({ request_id }) => request_id))).toEqual(new Set([reply.headers.get('X-Request-Id')]));
  });

  test('are at most a hundred, which are one round trip and as many statements as they are apart', async () => {
    const { tenant, project } = await makeWorld(api);
    const create = (n: number) => post(`/projects/${project}/tasks`, { title: `t${n}`, tags: ['design'] });
    const all = Array.from({ length: 100 }, (_, n) => create(n));
    const counts = [];
    for (const some of [all.slice(0, 1), all.slice(0, 2), all]) {
      const statements = await recordStatements(async () => {
        const reply = await send(tenant, some);
        expect(reply.status, reply.text).toBe(200);
        expect(trips(reply)).toBe('1 round');
      });
      counts.push(statements.length);
    }
    const [one = 0, two = 0, hundred = 0] = counts;
    expect(hundred).toBe(one + 99 * (two - one));
    expect((await tenant.get(`/api/v1/tasks?count=true&limit=1`)).json.page.total).toBe(105);
    for (const [wrong, code] of [
      [[...all, create(100)], 'too_long'],
      [[], 'too_short'],
    ] as const) {
      const errors = [{ pointer: '/operations', code }];
      expect(await send(tenant, [...wrong])).toMatchObject({
        status: 400,
        json: { code: 'validation_failed', errors },
      });
    }
  });

  test('may have one slash behind their path, and dots in their query', async () => {
    const { tenant, project } = await makeWorld(api);
    const path = `/api/v1/projects/${project}/`;
    expect((await send(tenant, [{ method: 'PATCH', path, body: {} }])).status).toBe(200);
    const errors = [{ pointer: '/operations/0/path', message: expect.stringMatching(/^\?a /) }];
    expect((await send(tenant, [{ method: 'PATCH', path: `${path}?a=/../b//c`, body: {} }])).json).toMatchObject({
      errors,
    });
  });

  test('that trash have each their own restore', async () => {
    const { tenant, task, blocker } = await makeWorld(api);
    const reply = await send(tenant, [
      patch(`/tasks/${blocker}`, { parent_id: task }),
      { method: 'DELETE', path: `/api/v1/tasks/${blocker}` },
      { method: 'DELETE', path: `/api/v1/tasks/${task}` },
    ]);
    expect(reply.status, reply.text).toBe(200);
    expect((await tenant.get('/api/v1/trash')).json.data).toHaveLength(2);
    expect((await tenant.post(`/api/v1/tasks/${task}/restore`, undefined)).status).toBe(200);
    expect((await tenant.get(`/api/v1/tasks/${blocker}`)).status).toBe(404);
    expect((await tenant.post(`/api/v1/tasks/${blocker}/restore`, undefined)).json.parent_id).toBe(task);
  });
});

describe('names', () => {
  test('stand for ids in paths and in members that take an id, and are text elsewhere', async () => {
    const { tenant, member, task } = await makeWorld(api);
    const assignees = [{ member_id: member }];
    const reply = await send(tenant, [
      post('/projects', { name: '{a}', metadata: { parent_id: '{a}' } }, 'a'),
      post('/projects/{a}/tasks', { title: '{a}', tags: ['{a}'], description: '{b}', assignees }, 'b'),
      post('/projects/%7Ba%7D/tasks', { title: 'c', parent_id: '{b}' }, 'c_2'),
      patch(`/tasks/${task}`, { project_id: '{a}', parent_id: '{c_2}', metadata: { id: '{b}' } }),
      post('/tasks/{b}/comments', { body: 'on {b}, @[{b}]' }, 'said'),
      patch('/comments/{said}', { body: '{said}' }),
      post('/tags', { name: 'new' }, 'tag'),
      { method: 'PUT', path: '/api/v1/tasks/{b}/tags/{tag}' },
      { method: 'PUT', path: '/api/v1/tasks/{c_2}/blockers/{b}' },
    ]);
    expect(reply.status, reply.text).toBe(200);
    const [a, b, c, d, said, edited] = reply.json.results.map(({ body }: { body: object }) => body);
    expect(a).toMatchObject({ name: '{a}', metadata: { parent_id: '{a}' } });
    expect(b).toMatchObject({ project_id: a.id, title: '{a}', description: '{b}', tags: [{ name: '{a}' }] });
    expect(c).toMatchObject({ project_id: a.id, parent_id: b.id });
    expect(d).toMatchObject({ id: task, project_id: a.id, parent_id: c.id, metadata: { id: '{b}' } });
    expect(said).toMatchObject({ task_id: b.id, body: 'on {b}, @[{b}]', mentions: [] });
    expect(edited).toMatchObject({ id: said.id, body: '{said}' });
    const shown = await tenant.get(`/api/v1/tasks/${c.id}`);
    expect(shown.json.blocked_by).toMatchObject([{ id: b.id }]);
  });

  const project = post('/projects', { name: 'P' }, 'p');

  test.each<[string, unknown[], object]>([
    [
      'of nothing',
      [post('/projects/{p}/tasks', { title: 't' })],
      { pointer: '/operations/0/path', code: 'unknown_name' },
    ],
    [
      'of itself',
      [post('/projects/{t}/tasks', { title: 't' }, 't')],
      { pointer: '/operations/0/path', code: 'unknown_name' },
    ],
    ['of a later one', [patch('/projects/{p}', {}), project], { pointer: '/operations/0/path', code: 'unknown_name' }],
    [
      'of nothing, in a member',
      [project, post('/projects/{p}/tasks', { title: 't', assignees: [{ member_id: '{q}' }] })],
      { pointer: '/operations/1/body/assignees/0/member_id', code: 'unknown_name' },
    ],
    [
      'of one that makes nothing',
      [project, { ...patch('/projects/{p}', {}), id: 'q' }, patch('/projects/{q}', {})],
      { pointer: '/operations/2/path', code: 'unknown_name' },
    ],
    ['twice', [project, project], { pointer: '/operations/1/id', code: 'repeated' }],
    ['in upper case', [{ ...project, id: 'P' }], { pointer: '/operations/0/id', code: 'invalid_format' }],
    [
      'with something around it',
      [project, patch('/projects/x{p}', {})],
      { pointer: '/operations/1/path', code: 'invalid_format' },
    ],
  ])('%s are refused', async (_, operations, error) => {
    const reply = await failsWhole(api, await api.tenant(), operations, {
      status: 400,
      json: { code: 'validation_failed', errors: [error] },
    });
    expect(trips(reply)).toBeUndefined();
  });
});

describe('who may', () => {
  test('a viewer may not, and nobody changes the comment of another', async () => {
    const { tenant, task, comment } = await makeWorld(api);
    const operations = [
      post(`/tasks/${task}/comments`, { body: 'mine' }, 'mine'),
      patch('/comments/{mine}', { body: 'm' }),
    ];
    const foreign = patch(`/comments/${comment}`, { body: 'theirs' });
    expect(await send(tenant, operations, { role: 'viewer' })).toMatchObject({
      status: 403,
      json: { code: 'forbidden' },
    });
    expect(await send(tenant, operations, { role: 'member' })).toMatchObject({ status: 200 });
    const refused = await send(tenant, [...operations, foreign], { role: 'member' });
    expect(refused).toMatchObject({ status: 403, json: { code: 'forbidden', operation: 2 } });
    expect(await send(tenant, [...operations, foreign], { role: 'admin' })).toMatchObject({ status: 200 });
    for (const [role, status] of [
      ['viewer', 403],
      ['member', 200],
    ] as const) {
      const { key } = await insertApiKey(api, tenant, { role });
      const reply = await send(tenant, operations, { token: key });
      expect(reply.status).toBe(status);
      if (status === 200) expect(reply.json.results[0].body.actor).toMatch(/^api-key:/);
    }
  });
});
