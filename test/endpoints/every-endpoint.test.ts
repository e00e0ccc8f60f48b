import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { functions } from '../../src/functions/index.ts';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { signToken, useApi } from '../support/api.ts';
import { callExample, definitions, examples, makeWorld } from '../support/examples.ts';
import { exampleFaults } from '../support/openapi.ts';
import { recordSql } from '../support/sql.ts';

/* What every endpoint must have and stand. A new file under src/functions that lacks any of it fails here. */

const files = readdirSync('src/functions', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.includes('/') && file.endsWith('.ts'))
  .sort();

describe.each(files)('src/functions/%s', (file) => {
  const name = file.replace(/^.*\//, '').replace(/\.ts$/, '');

  test('is one endpoint, named like its file, composed, tested and with an example', async () => {
    const { default: fn } = await import(`../../src/functions/${file}`);
    expect(fn.definition.name).toBe(name);
    expect(functions).toContain(fn);
    expect(readdirSync(`test/functions/${file.replace(/\/.*$/, '')}`)).toContain(`${name}.test.ts`);
    expect(examples).toHaveProperty(name);
  });

  test('is in the OpenAPI document', async () => {
    const { default: fn } = await import(`../../src/functions/${file}`);
    const path = fn.definition.path.replaceAll(/:(\w+)/g, '{$1}');
    expect(document.paths).toHaveProperty([path, fn.definition.method, 'operationId'], name);
  });
});

test('every example in the OpenAPI document is valid against its schema', () => {
  const faults = exampleFaults();
  expect(faults.checked).toBeGreaterThan(50);
  expect(faults.invalid).toEqual([]);
});

describe.each(definitions.map((definition) => [definition.name, definition] as const))('%s', (_, definition) => {
  const api = useApi();
  const asked = () => api.database.endpoint.requests;

  test.runIf(definition.access !== 'public')('answers 401 without a token, and the database is not asked', async () => {
    const world = await makeWorld(api, definition);
    const before = asked();
    const reply = await callExample(api, definition, world, { token: undefined as never });
    expect(reply).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
    expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
    expect(asked()).toBe(before);
  });

  test.runIf(definition.access !== 'public')('answers 403 to a role that is too low, without asking', async () => {
    const world = await makeWorld(api, definition);
    const role = { viewer: 'platform', member: 'viewer', admin: 'member', platform: 'admin', public: '' }[
      definition.access
    ];
    const claims = role === 'platform' ? { role } : { role, tenant_id: world.tenant.id };
    const before = asked();
    const reply = await callExample(api, definition, world, { token: await signToken(claims) });
    expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(asked()).toBe(before);
  });

  test('succeeds in exactly one round trip', async () => {
    const world = await makeWorld(api, definition);
    const before = asked();
    const reply = await callExample(api, definition, world);
    expect(reply.status, reply.text).toBe(definition.success.status);
    const trips = ['docs', 'health', 'openapi'].includes(definition.name) ? 0 : 1;
    expect(asked() - before).toBe(trips);
    const timing = reply.headers.get('Server-Timing');
    if (trips === 0) expect(timing).toBeNull();
    else expect(timing).toMatch(/^db;dur=\d+\.\d;desc="1 round trip"$/);
  });

  test('sends the SQL that is committed', async () => {
    const world = await makeWorld(api, definition);
    const sql = await recordSql(() => callExample(api, definition, world));
    await expect(sql).toMatchFileSnapshot(`../__snapshots__/sql/${definition.name}.sql`);
  });
});
