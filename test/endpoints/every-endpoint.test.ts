import { describe, expect, inject, test } from 'vitest';
import type { Access } from '../../src/http/endpoint/definition.ts';
import { signToken, useApi } from '../support/api.ts';
import { callExample, definitions, makeWorld } from '../support/examples.ts';
import { recordSql } from '../support/sql.ts';

/*
 * What every endpoint must stand, and that it succeeds, in every tier: so each function is called at least once as it
 * is deployed. The endpoints and how to call them are read from their definitions and test/support/examples.ts.
 */

const api = useApi();
const asked = () => api.database.endpoint.requests;

/** Endpoints that do not ask the database. */
const WITHOUT_DATABASE = ['docs', 'health', 'openapi'];
/** For each access, who does not have it. */
const TOO_LOW: Record<Exclude<Access, 'public'>, string> = {
  viewer: 'platform',
  member: 'viewer',
  admin: 'member',
  platform: 'admin',
};

describe.each(definitions.map((definition) => [definition.operationId, definition] as const))('%s', (_, definition) => {
  const { operationId, access, success } = definition;

  test.runIf(access !== 'public')('answers 401 without a token or with a forged one, without asking', async () => {
    const world = await makeWorld(api, definition);
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

  test.runIf(access !== 'public')('answers 403 to a role that is too low, without asking', async () => {
    const world = await makeWorld(api, definition);
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
    const trips = WITHOUT_DATABASE.includes(operationId) ? 0 : 1;
    expect(asked() - before).toBe(trips);
    const timing = reply.headers.get('Server-Timing');
    if (trips === 0) expect(timing).toBeNull();
    else expect(timing).toMatch(/^db;dur=\d+\.\d;desc="1 round trip"$/);
  });

  // Only within this process can a test read what is sent to the database.
  test.runIf(inject('tier') === 'node')('sends the SQL that is committed', async () => {
    const world = await makeWorld(api, definition);
    const sql = await recordSql(async () => {
      expect((await callExample(api, definition, world)).status).toBe(success.status);
    });
    const advice = `If the SQL was meant to change: npx vitest run --project node test/endpoints/every-endpoint -u, and read the diff`;
    await expect(sql, advice).toMatchFileSnapshot(`../__snapshots__/sql/${operationId}.sql`);
  });
});
