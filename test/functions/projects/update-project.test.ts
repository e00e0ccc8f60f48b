import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import {
  heedsIdempotencyKey,
  heedsIfMatch,
  history,
  knowsOnlyItsOwn,
  stored,
  type Write,
} from '../../support/writes.ts';

const api = useApi();

async function world(project: object = {}) {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a' }], ...project });
  const path = `/api/v1/projects/${json.id}`;
  const patch = (body: unknown, headers = {}) => tenant.call(path, { method: 'PATCH', body, headers });
  return { tenant, project: json, path, patch };
}

async function make(): Promise<Write> {
  const { tenant, project, path } = await world();
  return { tenant, table: 'projects', id: project.id, method: 'PATCH', path, body: { name: 'N' } };
}

heedsIfMatch(api, 200, make);
heedsIdempotencyKey(api, 200, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(write.path, { method: 'DELETE' });
  return write;
});

test('changes what it names and nothing else, and answers as the list does', async () => {
  const { tenant, project, path, patch } = await world({ description: 'd', metadata: { k: 1 } });
  const { tasks, tasks_page, ...before } = project;
  const { status, json, headers } = await patch({ name: ' Cafe\u0301 ', description: null, status: 'archived' });
  expect(status).toBe(200);
  expect(json).toEqual({
    ...before,
    name: 'Caf\u00e9',
    description: null,
    status: 'archived',
    version: 2,
    updated_at: json.updated_at,
  });
  expect((await tenant.get('/api/v1/projects')).json.data).toEqual([json]);
  expect(headers.get('ETag')).toMatch(/^"2\.[0-9a-f]{32}"$/);
  const got = await tenant.get(path);
  expect(got.headers.get('ETag')).toMatch(/^"2\./);
  expect(got.json.tasks).toEqual(tasks);
  expect((await history(tenant, project.id)).at(-1)).toMatchObject({
    action: 'update',
    resource_type: 'project',
    changes: { name: ['P', 'Caf\u00e9'], description: ['d', null], status: ['active', 'archived'] },
  });
  const { json: again } = await patch({ status: 'active' }, { 'Content-Type': 'application/merge-patch+json' });
  expect(again).toMatchObject({ status: 'active', version: 3 });
});

test('the ETag of either representation serves If-Match', async () => {
  const { tenant, path, patch } = await world();
  const { headers } = await tenant.get(path);
  const first = await patch({ name: 'b' }, { 'If-Match': headers.get('ETag') ?? '' });
  expect(first.status).toBe(200);
  expect((await patch({ name: 'c' }, { 'If-Match': first.headers.get('ETag') ?? '' })).status).toBe(200);
});

test('a patch that changes nothing leaves the version, updated_at and the audit log alone', async () => {
  const { tenant, project, patch } = await world({ metadata: { a: { b: 1 }, n: null } });
  const row = { table: 'projects', id: project.id } as const;
  const before = [await stored(api, row), await history(tenant, project.id)];
  for (const body of [
    {},
    { name: ' P ', description: null, status: 'active' },
    { metadata: {} },
    { metadata: { a: { b: 1.0 }, x: null } },
    { metadata: { a: {} } },
  ]) {
    const { status, json } = await patch(body);
    expect(status).toBe(200);
    expect(json).toMatchObject({ version: 1, updated_at: json.created_at, metadata: { a: { b: 1 }, n: null } });
  }
  expect([await stored(api, row), await history(tenant, project.id)]).toEqual(before);
});

describe('metadata', () => {
  // RFC 7396, appendix A, as far as both are objects.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ a: 'foo' }, { a: { b: [null, { c: null }] } }, { a: { b: [null, { c: null }] } }],
  ])('%j patched with %j is %j', async (metadata, patched, expected) => {
    const { patch } = await world({ metadata });
    expect((await patch({ metadata: patched })).json.metadata).toEqual(expected);
  });

  test('any patch merges as RFC 7396 says', async () => {
    const key = fc
      .oneof(fc.constantFrom('a', 'b', 'c'), fc.string({ unit: 'grapheme', maxLength: 4 }))
      .filter((name) => name !== '__proto__' && !/[^\P{Cc}\t\n\r]/u.test(name));
    const leaf = fc.oneof(
      fc.constantFrom(null, true, false, '', 'x', 0, -1.5, Number.MAX_SAFE_INTEGER),
      fc.integer(),
      fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/[^\P{Cc}\t\n\r]/u.test(text)),
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(key, tie('json'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    const object = fc.dictionary(key, json, { maxKeys: 4, noNullPrototype: true });
    const { tenant } = await world();
    await fc.assert(
      fc.asyncProperty(object, object, async (metadata, patched) => {
        const created = await tenant.post('/api/v1/projects', { name: 'P', metadata });
        expect(created.status, created.text).toBe(201);
        expect(created.json.metadata).toEqual(metadata);
        const { status, json, text } = await tenant.call(`/api/v1/projects/${created.json.id}`, {
          method: 'PATCH',
          body: { metadata: patched },
        });
        expect(status, text).toBe(200);
        expect(json.metadata).toEqual(mergePatch(metadata, patched));
      }),
      { numRuns: 60 },
    );
  });

  test('are measured after the merge', async () => {
    const { tenant, path, patch } = await world({ metadata: { a: 'x'.repeat(9000) } });
    for (const metadata of [{ b: 'x'.repeat(9000) }, { a: 'x'.repeat(16_376) }]) {
      expect(await patch({ name: 'not', metadata })).toMatchObject({
        status: 400,
        json: { code: 'validation_failed', errors: [{ pointer: '/metadata', code: 'too_large' }] },
      });
    }
    expect((await tenant.get(path)).json).toMatchObject({ name: 'P', version: 1 });
    expect((await patch({ metadata: { a: 'x'.repeat(16_375) } })).status).toBe(200);
    expect((await patch({ metadata: { a: null, b: 'x'.repeat(16_375) } })).status).toBe(200);
  });
});

test.each([
  [{ metadata: null }, '/metadata', 'wrong_type'],
  [{ metadata: [] }, '/metadata', 'wrong_type'],
  [{ metadata: 'x' }, '/metadata', 'wrong_type'],
  [{ name: null }, '/name', 'wrong_type'],
  [{ name: ' ' }, '/name', 'blank'],
  [{ name: 'x'.repeat(256) }, '/name', 'too_long'],
  [{ description: 'x'.repeat(10_001) }, '/description', 'too_long'],
  [{ status: null }, '/status', 'invalid_value'],
  [{ status: 'gone' }, '/status', 'invalid_value'],
  [{ tasks: [] }, '/tasks', 'unknown_member'],
  [{ version: 1 }, '/version', 'unknown_member'],
])('refuses %j', async (body, pointer, code) => {
  const { patch } = await world();
  expect(await patch(body)).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer, code }] },
  });
});

test('a viewer may not', async () => {
  const { tenant, path } = await world();
  const reply = await tenant.call(path, { method: 'PATCH', body: { name: 'x' }, role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});

/** RFC 7396 §2, word by word. */
function mergePatch(target: unknown, patched: unknown): unknown {
  if (!isObject(patched)) return patched;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patched)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
