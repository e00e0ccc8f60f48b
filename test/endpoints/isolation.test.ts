import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type Definition, takesIdempotencyKey } from '../../src/http/endpoint/definition.ts';
import { type Call, useApi } from '../support/api.ts';
import {
  callExample,
  definitions,
  exampleOf,
  idsOf,
  makeNeighbours,
  makeWorld,
  type World,
} from '../support/examples.ts';
import { idsIn, told, toldOfEquals, UNKNOWN } from '../support/replies.ts';
import { stripPredicates } from '../support/sql.ts';
import { disableRowLevelSecurity, storedRows } from '../support/stored.ts';
import { bodySchema, bodyWith, members, parameters } from './bad-slots.ts';

/*
 * The attack that every endpoint must stand: the token of one tenant with the ids, names, cursors and keys of another.
 * Two walls keep tenants apart: the tenant predicates of every statement, and row-level security. In `node`, each must hold
 * alone against every attack: there a test can change a statement on its way to the database. In the other tiers the
 * statements are the same and both walls stand, as they do where the API is deployed: there every endpoint stands the first.
 */

function withoutPredicates(): void {
  let restore: () => void;
  beforeAll(() => {
    restore = stripPredicates();
  });
  afterAll(() => restore());
}

const inNode = inject('tier') === 'node';
/** An attack that the same statements have stood in `node`, behind either wall alone. */
const testOnce = test.skipIf(!inNode);

const guarded = definitions.filter(({ access }) => access !== 'public' && access !== 'platform');
const withPathId = guarded.filter(({ path }) => path.includes(':'));
const withBody = guarded.filter(({ body }) => body);
/** Those whose inputs the OpenAPI document names; what the tools of the other take, test/functions/mcp attacks. */
const described = guarded.filter(({ protocol }) => !protocol);
const reads = guarded.filter(({ method }) => method === 'get');
const lists = reads.filter((definition) => parameters(definition, 'query').some(({ name }) => name === 'cursor'));
/** What one has written shows at once; in the list of changes only when no other test file's transaction runs any more. */
const steady = reads.filter(({ operationId }) => operationId !== 'list-changes');
const keyed = guarded.filter(takesIdempotencyKey);

/** Query parameters and members of bodies that take an id, of every endpoint: read from the OpenAPI document. */
const idFilters = described.flatMap((definition) =>
  parameters(definition, 'query')
    .filter(({ schema }) => schema.format === 'uuid')
    .map(({ name }) => [definition.operationId, name, definition] as const),
);
const idMembers = withBody.flatMap((definition) =>
  members(definition)
    .filter(({ schema }) => schema.format === 'uuid')
    .map(({ path }) => [definition.operationId, path.join('.'), path, definition] as const),
);

test('the ids that endpoints take are found in the OpenAPI document', () => {
  expect(idFilters.map(([name, filter]) => `${name} ${filter}`)).toContain('list-tasks parent_id');
  expect(idMembers.map(([name, member]) => `${name} ${member}`)).toContain('update-task project_id');
});

/** What stands, how the database is prepared for that, and how statements are changed on their way. */
const walls = [
  ['with both walls', undefined, () => {}],
  ['with the tenant predicates alone', disableRowLevelSecurity, () => {}],
  ['with row-level security alone', undefined, withoutPredicates],
] as const;

describe.each(inNode ? walls.slice(1) : walls.slice(0, 1))('%s', (_walls, prepare, intercept) => {
  const api = useApi(prepare ? { prepare } : {});
  intercept();
  const stored = ({ tenant }: World) => storedRows(api.database.admin, tenant.id);

  async function twoWorlds(definition?: Definition): Promise<{ attacker: World; victim: World; before: unknown }> {
    const [attacker, victim] = [await makeWorld(api, definition), await makeWorld(api, definition)];
    return { attacker, victim, before: await stored(victim) };
  }

  /** For attempts that are all refused, or only read: unless they need rows of their own, one pair of worlds is enough. */
  let shared: ReturnType<typeof twoWorlds> | undefined;
  async function sharedWorlds(definition: Definition): ReturnType<typeof twoWorlds> {
    if (exampleOf(definition).prepare) return twoWorlds(definition);
    shared ??= twoWorlds();
    const { attacker, victim } = await shared;
    return { attacker, victim, before: await stored(victim) };
  }

  test.each(named(withPathId))('%s: a foreign id in the path is an unknown one', async (_, definition) => {
    const { attacker, victim, before } = await sharedWorlds(definition);
    const body = exampleOf(definition).body?.(attacker);
    const inPath = Object.entries(idsOf(attacker)).flatMap(([name, id]) =>
      pathOf(definition, attacker).includes(id) ? [name] : [],
    );
    // Each id of the path by itself, beside ids of one's own, and all of them.
    const attempts = inPath.length > 1 ? [...inPath.map((id) => [id]), inPath] : [inPath];
    for (const ids of attempts) {
      const withIds = (world: World) => ({
        ...attacker,
        ...Object.fromEntries(ids.map((id) => [id, idsOf(world)[id]])),
      });
      // What If-Match says of a row of one's own comes before what is beside it.
      for (const call of ids.length < inPath.length ? [{}] : attacks(definition)) {
        const request = { ...(body ? { body } : {}), ...call };
        const foreign = await callExample(api, definition, withIds(victim), request);
        expect(foreign.status).toBe(404);
        expect(told(foreign)).toEqual(told(await callExample(api, definition, withIds(nowhere(attacker)), request)));
      }
    }
    expect(await stored(victim)).toEqual(before);
  });

  testOnce.each(idMembers)(
    '%s: a foreign id in the body, as %s, is an unknown one',
    async (_, __, path, definition) => {
      const { attacker, victim, before } = await sharedWorlds(definition);
      const ask = (id: string) =>
        callExample(api, definition, attacker, { body: bodyWith(bodySchema(definition) ?? {}, path, id) });
      for (const id of Object.values(idsOf(victim))) {
        const foreign = await ask(id);
        expect(foreign.status).toBe(422);
        expect(told(foreign)).toEqual(told(await ask(UNKNOWN)));
      }
      expect(await stored(victim)).toEqual(before);
    },
  );

  testOnce.each(named(withBody))('%s: a body that another tenant has sent too is a new one', async (_, definition) => {
    const { attacker, victim } = await twoWorlds(definition);
    const body = exampleOf(definition).body?.(victim);
    const theirs = await callExample(api, definition, victim, { body });
    expect(theirs.status).toBe(definition.success.status);
    const before = await stored(victim);
    const mine = await callExample(api, definition, attacker, { body: withIdsOf(attacker, victim, body) });
    // Names, counts, versions and positions are as if no other tenant had them.
    expect(toldOfEquals(mine)).toEqual(toldOfEquals(theirs));
    for (const id of idsIn(JSON.stringify(before))) expect(mine.text).not.toContain(id);
    expect(await stored(victim)).toEqual(before);
  });

  testOnce.each(idFilters)('%s: a foreign id in the filter %s is an unknown one', async (_, filter, definition) => {
    const { attacker, victim, before } = await sharedWorlds(definition);
    const ask = (id: string) =>
      attacker.tenant.get(`${listPath(definition, attacker)}?${new URLSearchParams({ [filter]: id, count: 'true' })}`);
    for (const id of Object.values(idsOf(victim))) {
      const foreign = await ask(id);
      expect(foreign).toMatchObject({ status: 200, json: { data: [], page: { total: 0 } } });
      expect(told(foreign)).toEqual(told(await ask(UNKNOWN)));
    }
    expect(await stored(victim)).toEqual(before);
  });

  testOnce.each(named(guarded))(
    '%s: shows nothing of another tenant and changes nothing there',
    async (_, definition) => {
      const { attacker, victim, before } = await (definition.method === 'get' ? sharedWorlds : twoWorlds)(definition);
      const { text } = await callExample(api, definition, attacker);
      for (const id of idsIn(JSON.stringify(before))) expect(text).not.toContain(id);
      expect(await stored(victim)).toEqual(before);
    },
  );

  testOnce.each(named(lists))('%s: a foreign cursor is refused', async (_, definition) => {
    const { attacker, victim } = await sharedWorlds(definition);
    await changeMuch(victim);
    const { json } = await victim.tenant.get(`${listPath(definition, victim)}?limit=1`);
    expect(json.page.next_cursor).not.toBeNull();
    const reply = await attacker.tenant.get(
      `${listPath(definition, attacker)}?limit=1&cursor=${json.page.next_cursor}`,
    );
    expect(reply).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
  });

  testOnce.each(named(keyed))('%s: a foreign idempotency key is a new one', async (_, definition) => {
    const { attacker, victim } = await twoWorlds(definition);
    const headers = { 'Idempotency-Key': 'the same' };
    const theirs = await callExample(api, definition, victim, { headers });
    const before = await stored(victim);
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
    if (mine.json) expect(mine.text).not.toBe(theirs.text);
    expect(await stored(victim)).toEqual(before);
  });

  testOnce.each(named(steady))('%s: ETags tell nothing of another tenant', async (_, definition) => {
    const { attacker, victim } = await sharedWorlds(definition);
    // One’s own does not change when another tenant changes.
    const own = lists.includes(definition)
      ? `${listPath(definition, attacker)}?count=true`
      : pathOf(definition, attacker);
    const first = await attacker.tenant.get(own);
    expect(first.headers.get('ETag')).toMatch(/^".+"$/);
    await changeMuch(victim);
    expect(told(await attacker.tenant.get(own))).toEqual(told(first));

    // Another tenant’s is as good as none.
    const path = lists.includes(definition) ? listPath(definition, victim) : pathOf(definition, victim);
    const etag = (await victim.tenant.get(path)).headers.get('ETag') ?? '';
    expect(etag).toMatch(/^".+"$/);
    const headers = { 'If-None-Match': etag };
    const foreign = await attacker.tenant.get(path, { headers });
    expect(foreign.status).toBe(definition.path.includes(':') ? 404 : 200);
    expect(foreign.headers.get('ETag')).not.toBe(etag);
    if (!definition.path.includes(':')) return;
    const unknown = await attacker.tenant.get(pathOf(definition, nowhere(attacker)), { headers });
    expect(told(foreign)).toEqual(told(unknown));
  });
});

describe.runIf(inNode)('with neither wall', () => {
  const api = useApi({ prepare: disableRowLevelSecurity });

  test('the attack succeeds, so each wall above was really alone', async () => {
    const [attacker, victim] = await makeNeighbours(api);
    onTestFinished(stripPredicates());
    const { status, json } = await attacker.tenant.get(`/api/v1/projects/${victim.project}`);
    expect(status).toBe(200);
    expect(json.id).toBe(victim.project);
    const projects = await attacker.tenant.get('/api/v1/projects?include=tasks&limit=100');
    expect(projects.text).toContain(victim.task);
    expect((await attacker.tenant.post(`/api/v1/projects/${victim.project}/tasks`, { title: 'x' })).status).not.toBe(
      404,
    );
    const tags = await attacker.tenant.get('/api/v1/tags');
    expect(tags.text).toContain(victim.tag);
    expect((await victim.tenant.post('/api/v1/tags', { name: 'new' })).status).toBe(201);
    expect((await attacker.tenant.get('/api/v1/tags')).headers.get('ETag')).not.toBe(tags.headers.get('ETag'));
  });
});

/** How a foreign id is asked for: plainly, and with what might make the answer tell that it is there. */
function attacks({ method, ifMatch }: Definition): Call[] {
  const conditions: Call[] = ['*', '"1.0"', '"999.0"'].flatMap((tag) => [
    ...(ifMatch ? [{ headers: { 'If-Match': tag } }] : []),
    ...(method === 'get' ? [{ headers: { 'If-None-Match': tag } }] : []),
  ]);
  return [{}, ...conditions, ...(method === 'get' ? [{ method: 'HEAD' }] : [])];
}

/** Gives every list of a tenant more than one row, and changes every row that a world has. A 21st webhook is refused. */
async function changeMuch({ tenant, project, task, comment, webhook }: World): Promise<void> {
  const replies = await Promise.all([
    tenant.post(`/api/v1/projects/${project}/tasks`, { title: 'another', tags: ['design', 'other'] }),
    tenant.call(`/api/v1/projects/${project}`, { method: 'PATCH', body: { name: 'changed' } }),
    tenant.call(`/api/v1/tasks/${task}`, { method: 'PATCH', body: { title: 'changed' } }),
    tenant.post('/api/v1/members', { name: 'Another' }),
    tenant.post('/api/v1/api-keys', { name: 'another' }),
    tenant.post('/api/v1/webhooks', { url: 'https://example.com/another', events: ['*'] }),
    tenant.call(`/api/v1/webhooks/${webhook}/test`, { method: 'POST' }),
    tenant.post(`/api/v1/tasks/${task}/comments`, { body: 'another' }),
    tenant.call(`/api/v1/comments/${comment}`, { method: 'PATCH', body: { body: 'changed' } }),
    ...['trashed', 'trashed too', 'live'].map(async (name) => {
      const { json } = await tenant.post('/api/v1/projects', { name });
      return tenant.call(`/api/v1/projects/${json.id}`, { method: name === 'live' ? 'GET' : 'DELETE' });
    }),
  ]);
  for (const { status, text } of replies) expect([200, 201, 202, 204, 404, 422], text).toContain(status);
}

/** The world of a tenant that knows no id. */
function nowhere(world: World): World {
  return { ...world, ...Object.fromEntries(Object.keys(idsOf(world)).map((id) => [id, UNKNOWN])) };
}

/** A body with the ids of one world in place of those of another. */
function withIdsOf(mine: World, theirs: World, body: unknown): unknown {
  let text = JSON.stringify(body);
  for (const [name, id] of Object.entries(idsOf(theirs))) text = text.replaceAll(id, idsOf(mine)[name] ?? '');
  return JSON.parse(text);
}

function pathOf(definition: Definition, world: World): string {
  return exampleOf(definition).path(world);
}

function listPath(definition: Definition, world: World): string {
  return pathOf(definition, world).replace(/\?.*/, '');
}

function named(list: Definition[]): [string, Definition][] {
  return list.map((definition) => [definition.operationId, definition]);
}
