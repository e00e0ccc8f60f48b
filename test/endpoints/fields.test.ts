import { describe, expect, test } from 'vitest';
import { useApi } from '../support/api.ts';
import { exampleOf, makeWorld, operations } from '../support/examples.ts';
import { listed, parameters } from './bad-slots.ts';

/*
 * Each member that `fields` declares in the OpenAPI document can be asked for, at every endpoint that takes `fields`:
 * it comes back, and nothing else does.
 */

const api = useApi();

const chosen = operations.flatMap((definition) => {
  const query = parameters(definition, 'query');
  const fields = query.find(({ name }) => name === 'fields');
  return fields ? [[definition.operationId, definition, listed(fields.schema), query] as const] : [];
});

test('there are such endpoints', () => {
  expect(chosen.map(([name]) => name)).toContain('list-projects');
});

describe.each(chosen)('%s', (_, definition, fields, query) => {
  test('gives each member of `fields` by itself', async () => {
    const world = await makeWorld(api, definition);
    expect(fields.length).toBeGreaterThan(2);
    const path = exampleOf(definition).path(world).replace(/\?.*/, '');
    // What is nested is there only when it is included.
    const included = query.find(({ name }) => name === 'include')?.schema.const;
    const get = definition.access === 'platform' ? api.platform : world.tenant.get;
    for (const field of fields) {
      const { status, json, text } = await get(`${path}?fields=${field}${included ? `&include=${included}` : ''}`);
      expect(status, text).toBe(200);
      const [shown] = json.data ?? [json];
      expect(Object.keys(shown), text).toEqual([field]);
    }
  });
});
