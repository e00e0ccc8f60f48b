import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { takesDryRun } from '../../src/http/request/dry-run.ts';
import { signToken, useApi } from '../support/api.ts';
import { callExample, makeIds, makeWorld, operations } from '../support/examples.ts';
import { toldOfEquals } from '../support/replies.ts';
import { recordStatements } from '../support/sql.ts';
import { storedRows } from '../support/stored.ts';

/* Dry runs, of every write that there is and will be (docs/api-conventions.md, "Dry run"). */

const api = useApi();
const admin = (sql: string, values: unknown[]) => api.database.admin.query(sql, values);
const stored = (tenantId: string) => storedRows(api.database.admin, tenantId);
const DRY = { 'Onetrip-Dry-Run': 'true' };
/** Whose examples put on a task what is there. */
const CHANGES_NOTHING = ['put-task-blocker', 'put-task-tag'];
const writes = operations.filter(takesDryRun);

test('can be made of every POST, PUT, PATCH and DELETE of a tenant', () => {
  const others = operations.filter((definition) => !takesDryRun(definition));
  for (const { method, access } of others) expect(method === 'get' || access === 'platform').toBe(true);
  expect(writes.length).toBeGreaterThan(25);
});

describe.each(writes.map((definition) => [definition.operationId, definition] as const))('%s', (_, definition) => {
  test('is answered as it would be, in one round trip, and nothing stays, not even its key', async () => {
    const world = await makeWorld(api, definition);
    const before = await stored(world.tenant.id);
    const headers = definition.method === 'post' || definition.method === 'patch' ? { 'Idempotency-Key': 'key' } : {};
    const dry = await callExample(api, definition, world, { headers: { ...headers, ...DRY } });
    expect(dry.status, dry.text).toBe(definition.success.status);
    expect(dry.headers.get('Onetrip-Dry-Run')).toBe('true');
    expect(dry.headers.get('Server-Timing')).toContain('1 round trip"');
    expect(dry.text).not.toMatch(/ot_\w{43}|whsec_/);
    expect(await stored(world.tenant.id)).toEqual(before);

    const real = await callExample(api, definition, world, { headers });
    expect(real.headers.get('Onetrip-Dry-Run')).toBeNull();
    expect(real.headers.get('Idempotency-Replayed')).toBeNull();
    if (!CHANGES_NOTHING.includes(definition.operationId)) expect(await stored(world.tenant.id)).not.toEqual(before);
    const { headers: names, text, ...rest } = toldOfEquals(real) as { headers: string[]; text: string };
    const told = toldOfEquals(dry) as typeof rest & { headers: string[]; text: string };
    expect(told).toMatchObject(rest);
    expect(told.headers.filter((name) => name !== 'onetrip-dry-run')).toEqual(names);
    // Random names are in some examples; a secret is in no dry run.
    const masked = (body: string) =>
      body.replaceAll(/"tag [0-9a-f]{8}"/g, '"tag"').replaceAll(/"grace [0-9a-f]{8}"/g, '"grace"');
    expect(masked(told.text)).toBe(masked(text).replace(/"(key|secret)":"key"/, '"$1":null'));
  });
});

test('every refusal says that it is one, too', async () => {
  const world = await makeWorld(api);
  const { tenant, task } = world;
  const path = `/api/v1/tasks/${task}`;
  const patch = (body: unknown, more: Record<string, string> = {}, token?: string) =>
    api.call(path, { method: 'PATCH', body, headers: { ...DRY, ...more }, ...(token ? { token } : {}) });
  const admins = await tenant.token('admin');
  const replies = [
    [401, await patch({ title: 'x' })],
    [403, await patch({ title: 'x' }, {}, await tenant.token('viewer'))],
    [403, await patch({ title: 'x' }, {}, await signToken({ role: 'admin', tenant_id: randomUUID() }))],
    [400, await patch({ nothing: 'x' }, {}, admins)],
    [400, await patch('{', {}, admins)],
    [409, await patch({ parent_id: task }, {}, admins)],
    [412, await patch({ title: 'x' }, { 'If-Match': '"7.x"' }, admins)],
    [413, await patch({ description: 'x'.repeat(2 ** 20) }, {}, admins)],
    [415, await patch({ title: 'x' }, { 'Content-Type': 'text/plain' }, admins)],
    [422, await patch({ project_id: randomUUID() }, {}, admins)],
  ] as const;
  for (const [status, reply] of replies) {
    expect(reply.status, reply.text).toBe(status);
    expect(reply.headers.get('Onetrip-Dry-Run'), reply.text).toBe('true');
  }
});

test('a key that has been used is neither replayed nor refused', async () => {
  const { tenant } = await makeIds(api);
  const headers = { 'Idempotency-Key': 'k' };
  const first = await tenant.post('/api/v1/projects', { name: 'one' }, { headers });
  const same = await tenant.post('/api/v1/projects', { name: 'one' }, { headers: { ...headers, ...DRY } });
  const other = await tenant.post('/api/v1/projects', { name: 'two' }, { headers: { ...headers, ...DRY } });
  expect([first.status, same.status, other.status]).toEqual([201, 201, 201]);
  expect(same.json.id).not.toBe(first.json.id);
  expect(same.headers.get('Idempotency-Replayed')).toBeNull();
  expect((await tenant.get('/api/v1/projects')).json.data).toHaveLength(1);
});

test('of a purge that takes several transactions, it is one, and nothing of it stays', async () => {
  const { tenant, project } = await makeWorld(api);
  const path = `/api/v1/projects/${project}`;
  expect((await tenant.post(`${path}/purge`, undefined, { headers: DRY })).status).toBe(409);
  await admin(
    `insert into tasks (tenant_id, project_id, title, position) select $1, $2, 'x', n from generate_series(3, 2100) as n`,
    [tenant.id, project],
  );
  await tenant.call(path, { method: 'DELETE' });
  const before = await stored(tenant.id);
  const purged = await tenant.post(`${path}/purge`, undefined, { headers: DRY });
  expect(purged).toMatchObject({ status: 204, text: '' });
  expect(purged.headers.get('Server-Timing')).toContain('1 round trip"');
  expect(await stored(tenant.id)).toEqual(before);
  // A member, too, of whom a thousand entries tell.
  await admin(
    `insert into audit_log (tenant_id, action, resource_type, resource_id, changes, actor)
     select $1, 'update', 'project', $2, '{}', 'ada' from generate_series(1, 1100)`,
    [tenant.id, project],
  );
  const { json: members } = await tenant.get('/api/v1/members');
  const ada = `/api/v1/members/${members.data[0].id}`;
  await tenant.call(ada, { method: 'PATCH', body: { status: 'deactivated' } });
  const erased = await tenant.post(`${ada}/purge`, undefined, { headers: DRY });
  expect(erased).toMatchObject({ status: 204 });
  expect(erased.headers.get('Server-Timing')).toContain('1 round trip"');
  expect((await tenant.get(ada)).json.name).toBe('Ada Lovelace');
});

test('the log of requests tells it from others, and has no error of it', async () => {
  const { tenant } = await makeIds(api);
  const lines: string[] = [];
  for (const level of ['log', 'warn', 'error'] as const) {
    const spy = vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line)));
    onTestFinished(() => spy.mockRestore());
  }
  const { LOG_LEVEL } = api.bindings;
  api.bindings.LOG_LEVEL = 'info';
  await tenant.post('/api/v1/projects', { name: 'tried' }, { headers: DRY });
  await tenant.post('/api/v1/projects', { name: 'made' });
  api.bindings.LOG_LEVEL = LOG_LEVEL;
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'info', event: 'request', status: 201, dry_run: true },
    { level: 'info', event: 'request', status: 201 },
  ]);
  expect(lines[1]).not.toContain('dry_run');
});

test('whoever waits for a row goes on as if it had not been', async () => {
  const { tenant, task } = await makeWorld(api);
  const path = `/api/v1/tasks/${task}`;
  const patch = (title: string, headers = {}) => tenant.call(path, { method: 'PATCH', body: { title }, headers });
  const replies = await Promise.all([patch('a', DRY), patch('b'), patch('c', DRY), patch('d', DRY)]);
  for (const { status, json } of replies) expect([status, json.version]).toEqual([200, expect.any(Number)]);
  expect((await tenant.get(path)).json).toMatchObject({ title: 'b', version: 2 });
});

test('the last statement of its batch, and of no other, ends the transaction', async () => {
  const { tenant } = await makeIds(api);
  const sent = async (headers: Record<string, string>) =>
    (await recordStatements(() => tenant.post('/api/v1/tags', { name: 'x' }, { headers }))).map(({ query }) => query);
  const dry = await sent(DRY);
  expect(dry.at(-1)).toBe('rollback');
  expect(dry.slice(0, -1)).toEqual(await sent({}));
});
