import { neonConfig } from '@neondatabase/serverless';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Definition } from '../../src/http/endpoint/definition.ts';
import { type Call, type Reply, useApi } from '../support/api.ts';
import { callExample, definitions, examples, makeWorld, type World } from '../support/examples.ts';

/*
 * The attack that every endpoint must stand: the token of one tenant with the ids, cursors and keys of another. Each
 * wall holds alone: the tenant predicates without row-level security, and row-level security without the predicates.
 */

const UNKNOWN = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
const TABLES = ['tenants', 'projects', 'tasks', 'tags', 'task_tags', 'idempotency_keys', 'audit_log'];

/** A copy of the database without row-level security. */
async function withoutRowLevelSecurity(admin: pg.Client): Promise<void> {
  for (const table of TABLES)
    await admin.query(`alter table ${table} no force row level security, disable row level security`);
}

/** Takes the tenant predicates out of every statement on its way. Returns what puts them back. */
function stripPredicates(): () => void {
  const original = neonConfig.fetchFunction;
  neonConfig.fetchFunction = (url: string, init: RequestInit) => {
    const predicate = /((\\"|\b)\w+(\\"|\b)\.)?(\\"|\b)tenant_id(\\"|\b) = (\$\d+)/g;
    return fetch(url, { ...init, body: String(init.body).replaceAll(predicate, '$6::uuid is not null') });
  };
  return () => {
    neonConfig.fetchFunction = original;
  };
}

function withoutPredicates(): void {
  let restore: () => void;
  beforeAll(() => {
    restore = stripPredicates();
  });
  afterAll(() => restore());
}

/** Everything stored of a tenant. */
async function dump(admin: pg.Client, tenantId: string): Promise<unknown> {
  const rows: Record<string, unknown> = {};
  for (const table of TABLES) {
    const column = table === 'tenants' ? 'id' : 'tenant_id';
    rows[table] = (
      await admin.query(`select t::text from ${table} as t where ${column} = $1 order by 1`, [tenantId])
    ).rows;
  }
  return rows;
}

/** What a caller is told, but for what names the request. */
function told({ status, headers, text }: Reply): unknown {
  const varying = ['x-request-id', 'server-timing'];
  return {
    status,
    headers: [...headers].filter(([name]) => !varying.includes(name)),
    text: text.replace(/"request_id":"[^"]*"/, ''),
  };
}

const nowhere = (tenant: World['tenant']): World => ({ tenant, project: UNKNOWN, task: UNKNOWN, tag: UNKNOWN });

describe.each([
  ['with both walls', undefined, () => {}],
  ['with the tenant predicates alone', withoutRowLevelSecurity, () => {}],
  ['with row-level security alone', undefined, withoutPredicates],
] as const)('%s', (_, prepare, intercept) => {
  const api = useApi(prepare ? { prepare } : {});
  intercept();

  async function twoWorlds(definition: Definition): Promise<{ attacker: World; victim: World; before: unknown }> {
    const attacker = await makeWorld(api, definition);
    const victim = await makeWorld(api, definition);
    return { attacker, victim, before: await dump(api.database.admin, victim.tenant.id) };
  }

  const guarded = definitions.filter(({ access }) => access !== 'public' && access !== 'platform');

  const withId = guarded.filter(({ path }) => path.includes(':'));

  test.each(named(withId))('%s: a foreign id in the path is an unknown one', async (_, definition) => {
    const { attacker, victim, before } = await twoWorlds(definition);
    for (const call of attacks(definition)) {
      const foreign = await callExample(api, definition, { ...victim, tenant: attacker.tenant }, call);
      const unknown = await callExample(api, definition, nowhere(attacker.tenant), call);
      expect(foreign.status).toBe(404);
      expect(told(foreign)).toEqual(told(unknown));
    }
    expect(await dump(api.database.admin, victim.tenant.id)).toEqual(before);
  });

  test.each(named(guarded.filter(({ body }) => body)))(
    '%s: a foreign id in the body is an unknown one',
    async (_, definition) => {
      const { attacker, victim, before } = await twoWorlds(definition);
      const body = (world: World) => examples[definition.name]?.body?.(world);
      const foreign = await callExample(api, definition, attacker, { body: body(victim) });
      const unknown = await callExample(api, definition, attacker, { body: body(nowhere(attacker.tenant)) });
      const takesIds = JSON.stringify(body(nowhere(attacker.tenant))).includes(UNKNOWN);
      expect(foreign.status).toBe(takesIds ? 422 : definition.success.status);
      if (takesIds) expect(told(foreign)).toEqual(told(unknown));
      expect(await dump(api.database.admin, victim.tenant.id)).toEqual(before);
    },
  );

  test('update-task, put-task-tag: a foreign parent and a foreign tag of a task of one’s own are unknown ones', async () => {
    const [attacker, victim] = [await makeWorld(api), await makeWorld(api)];
    const before = await dump(api.database.admin, victim.tenant.id);
    const reparent = (parent_id: string) =>
      attacker.tenant.call(`/api/v1/tasks/${attacker.task}`, { method: 'PATCH', body: { parent_id } });
    const tag = (id: string, method: string) =>
      attacker.tenant.call(`/api/v1/tasks/${attacker.task}/tags/${id}`, { method });
    const foreign = [await reparent(victim.task), await tag(victim.tag, 'PUT'), await tag(victim.tag, 'DELETE')];
    const unknown = [await reparent(UNKNOWN), await tag(UNKNOWN, 'PUT'), await tag(UNKNOWN, 'DELETE')];
    expect(foreign.map(({ status }) => status)).toEqual([422, 404, 404]);
    expect(foreign.map(told)).toEqual(unknown.map(told));
    expect(await dump(api.database.admin, victim.tenant.id)).toEqual(before);
  });

  test.each(
    named(guarded).flatMap(([name, definition]) =>
      ID_FILTERS.filter((filter) => filter in (definition.query?.shape ?? {})).map(
        (filter) => [name, filter, definition] as const,
      ),
    ),
  )('%s: a foreign id in the filter %s is an unknown one', async (_, filter, definition) => {
    const { attacker, victim, before } = await twoWorlds(definition);
    const ask = (id: string) =>
      attacker.tenant.get(`${listPath(definition, attacker)}?${new URLSearchParams({ [filter]: id, count: 'true' })}`);
    for (const id of [victim.project, victim.task, victim.tag]) {
      const foreign = await ask(id);
      expect(foreign).toMatchObject({ status: 200, json: { data: [], page: { total: 0 } } });
      expect(told(foreign)).toEqual(told(await ask(UNKNOWN)));
    }
    expect(await dump(api.database.admin, victim.tenant.id)).toEqual(before);
  });

  test.each(named(guarded))('%s: shows nothing of another tenant and changes nothing there', async (_, definition) => {
    const { attacker, victim, before } = await twoWorlds(definition);
    const { text } = await callExample(api, definition, attacker);
    for (const id of [victim.tenant.id, victim.project, victim.task, victim.tag]) expect(text).not.toContain(id);
    expect(await dump(api.database.admin, victim.tenant.id)).toEqual(before);
  });

  test.each(named(guarded.filter(({ query }) => query && 'cursor' in query.shape)))(
    '%s: a foreign cursor is refused',
    async (_, definition) => {
      const { attacker, victim } = await twoWorlds(definition);
      await fill(victim);
      const { json } = await victim.tenant.get(`${listPath(definition, victim)}?limit=1`);
      expect(json.page.next_cursor).not.toBeNull();
      const reply = await attacker.tenant.get(
        `${listPath(definition, attacker)}?limit=1&cursor=${json.page.next_cursor}`,
      );
      expect(reply).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
    },
  );

  test.each(named(guarded.filter(({ method }) => method === 'post' || method === 'patch')))(
    '%s: a foreign idempotency key is a new one',
    async (_, definition) => {
      const { attacker, victim } = await twoWorlds(definition);
      const headers = { 'Idempotency-Key': 'the same' };
      const theirs = await callExample(api, definition, victim, { headers });
      const before = await dump(api.database.admin, victim.tenant.id);
      // The very request of the victim, and then the attacker's own.
      const repeated = await callExample(api, definition, { ...victim, tenant: attacker.tenant }, { headers });
      if (definition.path.includes(':')) expect(repeated.status).toBe(404);
      expect(repeated.headers.get('Idempotency-Replayed')).toBeNull();
      const mine = await callExample(api, definition, attacker, { headers: { 'Idempotency-Key': '"the same"' } });
      expect(theirs.status).toBe(definition.success.status);
      if (definition.path.includes(':')) {
        expect(mine.status).toBe(definition.success.status);
        expect(mine.headers.get('Idempotency-Replayed')).toBeNull();
      }
      if (mine.json) expect(mine.json.id).not.toBe(theirs.json.id);
      expect(await dump(api.database.admin, victim.tenant.id)).toEqual(before);
    },
  );

  test.each(named(guarded.filter(({ method }) => method === 'get')))(
    '%s: a foreign ETag tells nothing',
    async (_, definition) => {
      const { attacker, victim } = await twoWorlds(definition);
      await fill(victim);
      const path =
        'cursor' in (definition.query?.shape ?? {}) ? listPath(definition, victim) : pathOf(definition, victim);
      const etag = (await victim.tenant.get(path)).headers.get('ETag') ?? '';
      const foreign = await attacker.tenant.get(path, { headers: { 'If-None-Match': etag } });
      expect(foreign.status).toBe(definition.path.includes(':') ? 404 : 200);
      expect(foreign.headers.get('ETag')).not.toBe(etag);
      if (!definition.path.includes(':')) return;
      const unknown = await attacker.tenant.get(pathOf(definition, nowhere(attacker.tenant)), {
        headers: { 'If-None-Match': etag },
      });
      expect(told(foreign)).toEqual(told(unknown));
    },
  );
});

describe('with neither wall', () => {
  const api = useApi({ prepare: withoutRowLevelSecurity });

  test('the attack succeeds, so each wall above was really alone', async () => {
    const [attacker, victim] = [await makeWorld(api), await makeWorld(api)];
    onTestFinished(stripPredicates());
    const { status, json } = await attacker.tenant.get(`/api/v1/projects/${victim.project}`);
    expect(status).toBe(200);
    expect(json.id).toBe(victim.project);
    expect((await attacker.tenant.post(`/api/v1/projects/${victim.project}/tasks`, { title: 'x' })).status).not.toBe(
      404,
    );
    expect((await attacker.tenant.get('/api/v1/tags')).text).toContain(victim.tag);
  });
});

/** Query parameters that take an id. */
const ID_FILTERS = ['project_id', 'parent_id', 'resource_id'];

/** How a foreign id is asked for: plainly, and with what might make the answer tell that it is there. */
function attacks({ method, ifMatch }: Definition): Call[] {
  const conditions: Call[] = ['*', '"1.0"', '"999.0"'].flatMap((tag) => [
    ...(ifMatch ? [{ headers: { 'If-Match': tag } }] : []),
    ...(method === 'get' ? [{ headers: { 'If-None-Match': tag } }] : []),
  ]);
  return [{}, ...conditions, ...(method === 'get' ? [{ method: 'HEAD' }] : [])];
}

/** Gives every list of a tenant more than one row. */
async function fill({ tenant, project }: World): Promise<void> {
  await tenant.post(`/api/v1/projects/${project}/tasks`, { title: 'another' });
  for (const name of ['one', 'two', 'three']) {
    await tenant.post('/api/v1/tags', { name });
    const { json } = await tenant.post('/api/v1/projects', { name, tasks: [{ title: name }] });
    if (name !== 'three') await tenant.call(`/api/v1/projects/${json.id}`, { method: 'DELETE' });
  }
}

function pathOf({ name }: Definition, world: World): string {
  return examples[name]?.path(world) ?? '';
}

function listPath(definition: Definition, world: World): string {
  return pathOf(definition, world).replace(/\?.*/, '');
}

function named(list: Definition[]): [string, Definition][] {
  return list.map((definition) => [definition.name, definition]);
}
