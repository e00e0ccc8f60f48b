import { describe, expect, inject, test } from 'vitest';
import type { Access } from '../../src/http/endpoint/definition.ts';
import { signToken, type TestTenant, useApi } from '../support/api.ts';
import { insertApiKey } from '../support/api-keys.ts';
import { isSpread } from '../support/database.ts';
import { callExample, definitions, makeIds, makeWorld } from '../support/examples.ts';
import { recordSql } from '../support/sql.ts';

/*
 * What every endpoint must stand, and that it succeeds, in every tier: so each function is called at least once as it
 * is deployed, before that happens. The endpoints and how to call them are read from their definitions and test/support/examples.ts.
 */

const api = useApi();
const asked = () => api.database.endpoint.requests;

/** Endpoints that do not ask the database. */
const WITHOUT_DATABASE = ['docs', 'health', 'openapi'];
/** Endpoints that ask every database where there are three; one that sorts what these say asks the first once more. */
const OF_ALL_DATABASES: Record<string, number> = { ready: 3, 'list-tenants': 4, 'create-tenant': 4 };
/** For each access, who does not have it. */
const TOO_LOW: Record<Exclude<Access, 'public'>, string> = {
  viewer: 'platform',
  member: 'viewer',
  admin: 'member',
  platform: 'admin',
};

/** An API key that acts for a member of its own. */
async function apiKeyFor(tenant: TestTenant, role: string): Promise<string> {
  const { rows } = await api.database.admin.query(
    `insert into members (tenant_id, name) values ($1, 'Script') returning id`,
    [tenant.id],
  );
  return (await insertApiKey(api, tenant, { role, member_id: rows[0].id })).key;
}

/** Each Worker of its own takes long to start, and all are made in the same way: so of these a third, before a deployment all. */
const isPart = inject('tier') === 'split' && !process.env.ALL_TESTS;
const called = isPart ? definitions.filter((_, n) => n % 3 === 0) : definitions;

describe.each(called.map((definition) => [definition.operationId, definition] as const))('%s', (_, definition) => {
  const { operationId, access, success } = definition;

  // That a function checks tokens is the same code in every bundle: `split` has each function's, and a success shows its key.
  const refuses = access !== 'public' && !['lambda', 'server'].includes(inject('tier'));

  test.runIf(refuses)('answers 401 without a token or with a forged one, without asking', async () => {
    const world = await makeIds(api);
    // Nothing is wrong with it but whose secret has signed it.
    const claims = access === 'platform' ? { role: access } : { role: 'admin', tenant_id: world.tenant.id };
    const forged = await signToken(claims, 'a secret of somebody else, and long enough');
    const before = asked();
    for (const token of [undefined as never, forged]) {
      const reply = await callExample(api, definition, world, { token });
      expect(reply).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
      expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
    }
    expect(asked()).toBe(before);
  });

  test.runIf(refuses)('answers 403 to a role that is too low, without asking', async () => {
    const world = await makeIds(api);
    const role = access === 'public' ? '' : TOO_LOW[access];
    const token = await signToken(role === 'platform' ? { role } : { role, tenant_id: world.tenant.id });
    const before = asked();
    const reply = await callExample(api, definition, world, { token });
    expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(asked()).toBe(before);
  });

  test('succeeds in exactly one round trip', async () => {
    const world = await makeWorld(api, definition);
    const before = asked();
    const reply = await callExample(api, definition, world);
    expect(reply.status, reply.text).toBe(success.status);
    const one = WITHOUT_DATABASE.includes(operationId) ? 0 : 1;
    // These two go past a proxy, by a way where nobody counts.
    const isPast = Boolean(api.database.shards?.SHARDING_KEY) && ['ready', 'list-tenants'].includes(operationId);
    const trips = (isSpread() && OF_ALL_DATABASES[operationId]) || one;
    expect(asked() - before).toBe(isPast ? 0 : trips);
    if (isPast) return;
    const timing = reply.headers.get('Server-Timing');
    // A driver that keeps connections checks one that has been idle for 5 s, and counts that, too. The wire does not.
    const counted = ['lambda', 'server'].includes(inject('tier')) ? `[${trips}${trips + 1}]` : trips;
    if (trips === 0) expect(timing).toBeNull();
    else expect(timing).toMatch(new RegExp(`^db;dur=\\d+\\.\\d;desc="${counted} round trips?"$`));
  });

  // The database says the same of them in every tier; test/functions/api-keys.test.ts is in all. Of several databases it has
  // to be the one of the key's tenant, also where what is asked for is in another one, or in all.
  const hasKeys = inject('tier') === 'node' && access !== 'public';
  const isOfTenant = hasKeys && access !== 'platform';

  test.runIf(isOfTenant)('succeeds for an API key, too, in exactly one round trip', async () => {
    const world = await makeWorld(api, definition);
    // A comment is its author's, or an admin's.
    const token = await apiKeyFor(world.tenant, /^(update|delete)-comment$/.test(operationId) ? 'admin' : access);
    const before = asked();
    const reply = await callExample(api, definition, world, { token });
    expect(reply.status, reply.text).toBe(success.status);
    expect(asked() - before).toBe(1);
  });

  test.runIf(hasKeys && access !== 'viewer')('answers 403 to an API key whose role is too low', async () => {
    const world = await makeWorld(api, definition);
    const token = await apiKeyFor(world.tenant, access === 'public' ? '' : TOO_LOW[access]);
    const before = asked();
    const reply = await callExample(api, definition, world, { token });
    expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(asked() - before).toBe(1);
  });

  test.runIf(hasKeys)('answers 401 to an API key that is not good', async () => {
    const world = await makeWorld(api, definition);
    const { key } = await insertApiKey(api, world.tenant, { role: 'admin', revoked_at: '2020-01-01T00:00:00Z' });
    const before = asked();
    const reply = await callExample(api, definition, world, { token: key });
    expect(reply).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
    expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
    expect(asked() - before).toBe(1);
  });

  test.runIf(isOfTenant)('answers 403 to the token of a member who has been deactivated', async () => {
    const world = await makeWorld(api, definition);
    const insert = `insert into members (tenant_id, name, subject, status) values ($1, 'Bob', 'bob', 'deactivated')`;
    await api.database.admin.query(insert, [world.tenant.id]);
    const before = asked();
    const reply = await callExample(api, definition, world, { token: await world.tenant.token('admin', 'bob') });
    expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(asked() - before).toBe(1);
  });

  // Only within this process can a test read what is sent to the database. The platform's statements are others for several.
  test.runIf(inject('tier') === 'node' && !(isSpread() && OF_ALL_DATABASES[operationId]))(
    'sends the SQL that is committed',
    async () => {
      const world = await makeWorld(api, definition);
      const sql = await recordSql(async () => {
        expect((await callExample(api, definition, world)).status).toBe(success.status);
      });
      const advice = `If the SQL was meant to change: npx vitest run --project node test/endpoints/every-endpoint -u, and read the diff`;
      await expect(sql, advice).toMatchFileSnapshot(`../__snapshots__/sql/${operationId}.sql`);
    },
  );
});

test.runIf(isSpread())(
  'the tenants of all this were on several servers, each with a data directory of its own',
  async () => {
    const { rows } = await api.database.admin.query(
      `select current_setting('data_directory') as directory, count(*)::integer as tenants
     from tenants`,
    );
    expect(new Set(rows.map(({ directory }) => directory)).size).toBe(inject('databases'));
    for (const { tenants } of rows) expect(tenants).toBeGreaterThan(0);
  },
);
