import { describe, expect, test } from 'vitest';
import { type TestTenant, useApi } from '../../support/api.ts';
import { makeWorld, type World } from '../../support/examples.ts';
import { UNKNOWN } from '../../support/replies.ts';
import { waitForLocks } from '../../support/writes.ts';
import { failsWhole, type Operation, patch, post, send, trips } from './batch-world.ts';

/* Batches that fail: what they say, and that nothing of them stays. */

const api = useApi();
const sql = (text: string, values: unknown[] = []) => api.database.admin.query(text, values);

describe('a failure', () => {
  /** For what is refused before the database is asked. */
  let shared: Promise<TestTenant> | undefined;
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
      { code: 'validation_failed', errors: [{ pointer: '/operations/1/if_match', code: 'invalid_format' }] },
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
    const reply = await failsWhole(api, tenant, [first, make(world), post('/tags', { name: 'never' })], {
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
    // Each of these would be resolved to the path of an operation.
    ['POST', '/api/v1/../v1/projects', 'path'],
    ['POST', '/api/v1/./projects', 'path'],
    ['POST', '/api/v1/projects/.', 'path'],
    ['POST', '/api/v1/projects/x/..', 'path'],
    ['POST', '/api/v1/projects/x/..?task_limit=1', 'path'],
    ['POST', '/api/v1/%2e%2E/v1/projects', 'path'],
    ['POST', '/api/v1/.%2e/v1/projects', 'path'],
    ['POST', '/api/v1//projects', 'path'],
    ['POST', '/api/v1/projects//', 'path'],
  ])('of what is no operation: %s %s', async (method, path, member) => {
    shared ??= api.tenant();
    const tenant = await shared;
    const reply = await failsWhole(api, tenant, [first, { method, path, body: { name: 'x' } }], {
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer: `/operations/1/${member}` }], operation: 1 },
    });
    expect(trips(reply)).toBeUndefined();
  });

  test('of form names the first operation at fault, where nothing else is', async () => {
    shared ??= api.tenant();
    const call = async (body: unknown) => (await (await shared)?.post('/api/v1/batch', body))?.json;
    const bad = { method: 'GET', path: 'x' };
    expect(await call({ operations: [first, bad, first, bad] })).toMatchObject({ status: 400, operation: 1 });
    expect(await call({ operations: [first, { ...first, body: { name: 'a\u0000' } }] })).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/operations/1/body/name', code: 'control_character' }],
      operation: 1,
    });
    for (const body of [{ operations: [] }, { operations: [first, bad], dry: true }]) {
      const json = await call(body);
      expect([json.status, json.operation]).toEqual([400, undefined]);
    }
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
    const reply = await failsWhole(api, tenant, [...restored, ...restored], {
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer: '/operations', code: 'answer_too_large' }] },
    });
    expect(reply.json).not.toHaveProperty('operation');
  });
});

test('what would be more than the database’s endpoint takes is refused before it is asked', async () => {
  const tenant = await api.tenant();
  const tags = Array.from({ length: 50 }, (_, n) => n.toString(36));
  const large = post('/projects', { name: 'P', tasks: Array(500).fill({ title: 't', tags }) });
  const reply = await send(tenant, Array(6).fill(large));
  expect(reply).toMatchObject({
    status: 422,
    json: { code: 'unprocessable', detail: expect.stringContaining('10 MiB') },
  });
  expect(reply.headers.get('Server-Timing')).toBeNull();
  expect((await tenant.get('/api/v1/projects')).json.data).toEqual([]);
});
