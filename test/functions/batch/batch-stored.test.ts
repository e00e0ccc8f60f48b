import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../src/http/endpoint/definition.ts';
import { type TestTenant, useApi } from '../../support/api.ts';
import { exampleOf, idsOf, makeWorld, type World } from '../../support/examples.ts';
import { addMember } from '../../support/members.ts';
import { idsIn, told, UNKNOWN } from '../../support/replies.ts';
import { storedRows } from '../../support/stored.ts';
import { type Operation, operationOf, patch, post, send, taken } from './batch-world.ts';

/* Batches beside what other tenants have, and what is stored of them for an Idempotency-Key. */

const api = useApi();
const stored = ({ id }: TestTenant) => storedRows(api.database.admin, id);

describe('another tenant', () => {
  let shared: Promise<[World, World]> | undefined;
  const twoWorlds = async (definition?: Definition): Promise<[World, World]> => [
    await makeWorld(api, definition),
    await makeWorld(api, definition),
  ];
  /** As all attempts are refused, those that need no rows of their own have the same. */
  function worldsFor(definition: Definition): Promise<[World, World]> {
    if (exampleOf(definition).prepare) return twoWorlds(definition);
    shared ??= twoWorlds();
    return shared;
  }

  const withIds = taken.filter(({ path }) => path.includes(':'));

  test.each(withIds.map((definition) => [definition.operationId, definition] as const))(
    '%s: a foreign id in the path is an unknown one',
    async (_, definition) => {
      const [attacker, victim] = await worldsFor(definition);
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

  test('a comment that a batch makes and deletes is not in its own stored answer', async () => {
    const tenant = await api.tenant();
    const made = [post('/projects', { name: 'P' }, 'p'), post('/projects/{p}/tasks', { title: 't' }, 't')];
    const said = post('/tasks/{t}/comments', { body: 'marker' }, 'said');
    const remove = { method: 'DELETE', path: '/api/v1/comments/{said}' };
    for (const operations of [
      [...made, said, remove],
      [...made, said, patch('/comments/{said}', { body: 'marker, too' }), remove],
    ]) {
      const key = `k${operations.length}`;
      expect((await send(tenant, operations, keyed(key))).text).toContain('marker');
      expect(JSON.stringify(await stored(tenant))).not.toContain('marker');
      expect(await send(tenant, operations, keyed(key))).toMatchObject({ status: 404, json: { code: 'not_found' } });
    }
    // What deletes another one is stored.
    const { json } = await send(tenant, [...made, said]);
    const other = { method: 'DELETE', path: `/api/v1/comments/${json.results[2].body.id}` };
    expect((await send(tenant, [...made, other, said], keyed('other'))).status).toBe(200);
    expect((await send(tenant, [...made, other, said], keyed('other'))).headers.get('Idempotency-Replayed')).toBe(
      'true',
    );
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
