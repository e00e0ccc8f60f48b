import { describe, expect, test } from 'vitest';
import { type Reply, type TestTenant, useApi } from '../../support/api.ts';
import { insertApiKey } from '../../support/api-keys.ts';
import { definitions, exampleOf, idsOf, makeWorld, type World } from '../../support/examples.ts';
import { addMember } from '../../support/members.ts';
import { idsIn, told, UNKNOWN } from '../../support/replies.ts';
import { recordStatements } from '../../support/sql.ts';
import { storedRows } from '../../support/stored.ts';
import { history, waitForLocks } from '../../support/writes.ts';

const api = useApi();
const sql = (text: string, values: unknown[] = []) => api.database.admin.query(text, values);
const stored = ({ id }: TestTenant) => storedRows(api.database.admin, id);

interface Operation {
  id?: string;
  method: string;
  path: string;
  body?: unknown;
  if_match?: string;
}

const send = (tenant: TestTenant, operations: unknown[], call = {}) =>
  tenant.post('/api/v1/batch', { operations }, call);
const post = (path: string, body: unknown, id?: string): Operation => ({
  ...(id ? { id } : {}),
  method: 'POST',
  path: `/api/v1${path}`,
  body,
});
const patch = (path: string, body: unknown): Operation => ({ method: 'PATCH', path: `/api/v1${path}`, body });

/** All of it has come to nothing, as the reply says. */
async function failsWhole(tenant: TestTenant, operations: unknown[], expected: object): Promise<Reply> {
  const before = await stored(tenant);
  const reply = await send(tenant, operations);
  expect(reply).toMatchObject(expected);
  expect(await stored(tenant)).toEqual(before);
  return reply;
}

const trips = ({ headers }: Reply) => headers.get('Server-Timing')?.match(/\d+ round/)?.[0];

/** The endpoints whose requests are operations: whatever a member may change. */
const taken = definitions.filter(
  ({ operationId, method, access }) => method !== 'get' && access === 'member' && operationId !== 'batch',
);

/** The example of an endpoint as an operation. */
function operationOf({ operationId, method }: (typeof taken)[0], world: World): Operation {
  const { path, body } = exampleOf({ operationId });
  return { method: method.toUpperCase(), path: path(world), ...(body ? { body: body(world) } : {}) };
}

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
    const reply = await failsWhole(await api.tenant(), operations, {
      status: 400,
      json: { code: 'validation_failed', errors: [error] },
    });
    expect(trips(reply)).toBeUndefined();
  });
});

describe('a failure', () => {
  const first = post('/projects', { name: 'first' });

  test.each<[string, (world: World) => Operation, status: number, problem: object]>([
    [
      'of a body',
      ({ task }) => patch(`/tasks/${task}`, { title: '', priority: 9, due: 1 }),
      400,
      {
        code: 'validation_failed',
        errors: [
          { pointer: '/operations/1/body/title' },
          { pointer: '/operations/1/body/priority' },
          { pointer: '/operations/1/body/due' },
        ],
      },
    ],
    [
      'of no body',
      () => post('/tags', undefined),
      400,
      { errors: [{ pointer: '/operations/1/body', code: 'required' }] },
    ],
    [
      'of a body that is too much',
      ({ task }) => ({ method: 'DELETE', path: `/api/v1/tasks/${task}`, body: { a: 1 } }),
      400,
      { errors: [{ pointer: '/operations/1/body/a', code: 'unknown_member' }] },
    ],
    [
      'of a query',
      ({ project }) => ({ method: 'POST', path: `/api/v1/projects/${project}/restore?task_limit=x` }),
      400,
      { errors: [{ pointer: '/operations/1/path', message: expect.stringMatching(/^\?task_limit must/) }] },
    ],
    [
      'of a path',
      () => patch('/tasks/1', {}),
      400,
      { errors: [{ pointer: '/operations/1/path', message: expect.stringMatching(/^\{id\} must be a UUID/) }] },
    ],
    [
      'of If-Match',
      ({ task }) => ({ ...patch(`/tasks/${task}`, {}), if_match: 'x' }),
      400,
      { code: 'invalid_request' },
    ],
    [
      'of If-Match where it is not taken',
      () => ({ ...post('/tags', { name: 'x' }), if_match: '*' }),
      400,
      { errors: [{ pointer: '/operations/1/if_match' }] },
    ],
    [
      'of too many tasks',
      () => post('/projects', { name: 'P', tasks: Array(501).fill({ title: 't' }) }),
      400,
      { errors: [{ pointer: '/operations/1/body/tasks', code: 'too_long' }] },
    ],
    ['of what is not there', () => patch(`/tasks/${UNKNOWN}`, {}), 404, { code: 'not_found' }],
    [
      'of another version',
      ({ task }) => ({ ...patch(`/tasks/${task}`, {}), if_match: '"7.x"' }),
      412,
      { code: 'precondition_failed', current_version: 1 },
    ],
    [
      'of a status',
      ({ task }) => patch(`/tasks/${task}`, { status: 'completed', tags: [] }),
      409,
      { code: 'invalid_transition', from: 'cancelled', to: 'completed', allowed: ['cancelled', 'pending'] },
    ],
    [
      'of a name that is taken',
      () => post('/tags', { name: 'Design' }),
      409,
      { code: 'duplicate', errors: [{ pointer: '/operations/1/body/name', code: 'duplicate' }] },
    ],
    [
      'of a circle',
      ({ task, blocker }) => ({ method: 'PUT', path: `/api/v1/tasks/${blocker}/blockers/${task}` }),
      409,
      { code: 'cycle' },
    ],
    [
      'of metadata that grow too large',
      ({ project }) => patch(`/projects/${project}`, { metadata: { b: 'x'.repeat(9000) } }),
      400,
      {
        detail: '/operations/1/body/metadata: must be at most 16 KiB as the database prints it',
        errors: [{ pointer: '/operations/1/body/metadata', code: 'too_large' }],
      },
    ],
    [
      'of a reference',
      ({ task }) => patch(`/tasks/${task}`, { parent_id: UNKNOWN }),
      422,
      { code: 'unprocessable', errors: [{ pointer: '/operations/1/body/parent_id', code: 'unknown' }] },
    ],
  ])('%s says which operation it is, and undoes all', async (_, make, status, problem) => {
    const world = await makeWorld(api);
    await sql(`update tasks set status = 'cancelled' where id = $1`, [world.task]);
    await sql(`update tasks set version = 1 where id = $1`, [world.task]);
    await sql(`update projects set metadata = $1 where id = $2`, [{ a: 'x'.repeat(9000) }, world.project]);
    const { tenant } = world;
    const version = (await tenant.get(`/api/v1/tasks/${world.task}`)).json.version;
    const expected = 'current_version' in problem ? { ...problem, current_version: version } : problem;
    const reply = await failsWhole(tenant, [first, make(world), post('/tags', { name: 'never' })], {
      status,
      json: { ...expected, operation: 1 },
    });
    expect(trips(reply)).toBe(status === 400 && !/16 KiB/.test(reply.text) ? undefined : '1 round');
  });

  test.each([
    ['GET', '/api/v1/projects', 'method'],
    ['HEAD', '/api/v1/projects', 'method'],
    ['patch', '/api/v1/tags', 'method'],
    ['PATCH', '/api/v1/projects', 'method'],
    ['PUT', `/api/v1/tasks/${UNKNOWN}`, 'method'],
    ['POST', '/api/v1/batch', 'path'],
    ['POST', `/api/v1/projects/${UNKNOWN}/purge`, 'path'],
    ['POST', '/api/v1/members', 'path'],
    ['PUT', '/api/v1/me', 'path'],
    ['POST', '/api/v1/api-keys', 'path'],
    ['POST', '/api/v1/tenants', 'path'],
    ['DELETE', `/api/v1/tenants/${UNKNOWN}`, 'path'],
    ['POST', '/api/v1/nothing', 'path'],
    ['POST', '/health', 'path'],
    ['POST', '/api/v1/../health', 'path'],
    ['POST', '//evil.example.com/api/v1/projects', 'path'],
    ['POST', 'http://evil.example.com/api/v1/projects', 'path'],
    ['POST', '/api/v1/projects#x', 'path'],
    ['POST', '/api/v1/pro jects', 'path'],
    ['POST', '/api/v1/', 'path'],
  ])('of what is no operation: %s %s', async (method, path, member) => {
    const tenant = await api.tenant();
    const reply = await failsWhole(tenant, [first, { method, path, body: { name: 'x' } }], {
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer: `/operations/1/${member}` }] },
    });
    expect(trips(reply)).toBeUndefined();
  });

  test('of a name that somebody else gives at the same time is told of its operation, too', async () => {
    const { tenant, tag } = await makeWorld(api);
    const operations = [post('/tags', { name: 'one' }), patch(`/tags/${tag}`, { name: 'Taken' })];
    await sql('begin');
    await sql('insert into tags (tenant_id, name) values ($1, $2)', [tenant.id, 'taken']);
    const sent = send(tenant, operations);
    expect(await waitForLocks(api, 1)).toBe(1);
    await sql('commit');
    const reply = await sent;
    const errors = [{ pointer: '/operations/1/body/name', code: 'duplicate' }];
    expect(reply).toMatchObject({ status: 409, json: { code: 'duplicate', operation: 1, errors } });
    expect(trips(reply)).toBe('2 round');
    expect((await tenant.get('/api/v1/tags')).json.data).toHaveLength(2);
  });

  test('of answers that are too large together is nobody’s fault', async () => {
    const { tenant, project } = await makeWorld(api);
    await sql(
      `insert into tasks (tenant_id, project_id, title, description, position)
       select $1, $2, 'x', repeat('y', 9900), n from generate_series(3, 445) as n`,
      [tenant.id, project],
    );
    const restored = [
      { method: 'DELETE', path: `/api/v1/projects/${project}` },
      { method: 'POST', path: `/api/v1/projects/${project}/restore?task_limit=500` },
    ];
    const reply = await failsWhole(tenant, [...restored, ...restored], {
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer: '/operations', code: 'answer_too_large' }] },
    });
    expect(reply.json).not.toHaveProperty('operation');
  });
});

describe('another tenant', () => {
  const withIds = taken.filter(({ path }) => path.includes(':'));

  test.each(withIds.map((definition) => [definition.operationId, definition] as const))(
    '%s: a foreign id in the path is an unknown one',
    async (_, definition) => {
      const [attacker, victim] = [await makeWorld(api, definition), await makeWorld(api, definition)];
      const before = await stored(victim.tenant);
      const { path } = exampleOf(definition);
      const attack = (ids: Record<string, string>) =>
        send(attacker.tenant, [
          post('/projects', { name: 'first' }),
          { ...operationOf(definition, attacker), path: path({ ...attacker, ...ids }) },
        ]);
      const foreign = await attack(idsOf(victim));
      expect(foreign).toMatchObject({ status: 404, json: { operation: 1 } });
      const unknown = await attack(Object.fromEntries(Object.keys(idsOf(victim)).map((name) => [name, UNKNOWN])));
      expect(told(foreign)).toEqual(told(unknown));
      expect(await stored(victim.tenant)).toEqual(before);
    },
  );

  test('a foreign id in a body is an unknown one, and a name of another batch none', async () => {
    const [attacker, victim] = [await makeWorld(api), await makeWorld(api)];
    const before = await stored(victim.tenant);
    const { tenant, project, task } = attacker;
    const bodies = (ids: Record<string, string>): Operation[] => [
      post(`/projects/${project}/tasks`, { title: 't', parent_id: ids.task }),
      post(`/projects/${project}/tasks`, { title: 't', assignees: [{ member_id: ids.member }] }),
      post('/projects', { name: 'P', tasks: [{ title: 't', assignees: [{ member_id: ids.member }] }] }),
      post(`/tasks/${task}/comments`, { body: `@[${ids.member}]` }),
      patch(`/tasks/${task}`, { parent_id: ids.task }),
      patch(`/tasks/${task}`, { project_id: ids.project }),
      patch(`/tasks/${task}`, { assignees: { remove: [ids.member] } }),
    ];
    const unknown = bodies(Object.fromEntries(Object.keys(idsOf(victim)).map((name) => [name, UNKNOWN])));
    for (const [index, operation] of bodies(idsOf(victim)).entries()) {
      const foreign = await send(tenant, [operation]);
      expect(foreign).toMatchObject({ status: 422, json: { operation: 0 } });
      expect(told(foreign)).toEqual(told(await send(tenant, [unknown[index]])));
    }
    await send(victim.tenant, [post('/projects', { name: 'P' }, 'theirs')]);
    const named = await send(tenant, [patch('/projects/{theirs}', { name: 'x' })]);
    expect(named).toMatchObject({ status: 400, json: { errors: [{ code: 'unknown_name' }] } });
    const own = await send(tenant, [
      operationOf(taken.find((one) => one.operationId === 'create-project') as never, attacker),
    ]);
    for (const id of idsIn(JSON.stringify(before))) expect(own.text).not.toContain(id);
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

describe('Idempotency-Key', () => {
  const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });

  test('holds for the whole: the answer is given back, and a failure keeps none', async () => {
    const tenant = await api.tenant();
    const operations = [post('/projects', { name: 'P' }, 'p'), post('/projects/{p}/tasks', { title: 't' })];
    const failing = [...operations, patch(`/tasks/${UNKNOWN}`, {})];
    expect((await send(tenant, failing, keyed('k'))).status).toBe(404);
    const first = await send(tenant, operations, keyed('k'));
    const again = await send(tenant, operations, keyed('k'));
    expect(first.status).toBe(200);
    expect(again).toMatchObject({ status: 200, text: first.text });
    expect(again.headers.get('Idempotency-Replayed')).toBe('true');
    expect((await send(tenant, failing, keyed('k'))).status).toBe(422);
    expect((await tenant.get('/api/v1/projects')).json.data).toHaveLength(1);
  });

  test('what is purged is in no stored answer', async () => {
    const tenant = await api.tenant();
    const asked = [
      post('/projects', { name: 'P', tasks: [{ title: 'nested' }] }, 'p'),
      post('/projects/{p}/tasks', { title: 'marker' }, 't'),
      post('/tasks/{t}/comments', { body: 'kept' }, 'said'),
    ];
    for (const [index, path] of ['tasks', 'comments', 'projects', 'nested'].entries()) {
      const operations = [post('/tags', { name: path }), ...asked];
      const { json } = await send(tenant, operations, keyed(path));
      const nested = json.results[1].body.tasks[0].id;
      const id = path === 'nested' ? nested : json.results[[2, 3, 1][index] as number].body.id;
      const at = `/api/v1/${path === 'nested' ? 'tasks' : path}/${id}`;
      await tenant.call(at, { method: 'DELETE' });
      if (path !== 'comments') expect((await tenant.post(`${at}/purge`, undefined)).status).toBe(204);
      expect(await send(tenant, operations, keyed(path))).toMatchObject({ status: 404, json: { code: 'not_found' } });
    }
  });

  test('who is purged is in no stored answer', async () => {
    const tenant = await api.tenant();
    const ada = await addMember(api, tenant, { name: 'Marker', subject: 'marker' });
    const operations = [
      post('/projects', { name: 'P', tasks: [{ title: 'n', assignees: [{ member_id: ada }] }] }, 'p'),
      post('/projects/{p}/tasks', { title: 't', assignees: [{ member_id: ada }] }, 't'),
      post('/tasks/{t}/comments', { body: `@[${ada}]` }),
    ];
    const call = { ...keyed('k'), token: await tenant.token('admin', 'marker') };
    expect((await send(tenant, operations, call)).text.match(/marker/gi)?.length).toBeGreaterThan(5);
    await tenant.call(`/api/v1/members/${ada}`, { method: 'PATCH', body: { status: 'deactivated' } });
    expect((await tenant.post(`/api/v1/members/${ada}/purge`, undefined)).status).toBe(204);
    expect(JSON.stringify(await stored(tenant))).not.toMatch(/marker/i);
    const again = await send(tenant, operations, keyed('k'));
    expect(again.headers.get('Idempotency-Replayed'), again.text).toBe('true');
    expect(again.json.results[2].body).toMatchObject({ author: null, actor: `member:${ada}`, mentions: [] });
  });
});
