import { expect, test } from 'vitest';
import { tools } from '../../../src/functions/mcp/tools/tools.ts';
import generated from '../../../src/functions/mcp/tools.json' with { type: 'json' };
import { MAX_RESULT_BYTES, pathArguments, type Tool } from '../../../src/http/mcp/tool.ts';
import { checkResult, type InputSchema, toolRequest } from '../../../src/http/mcp/tool-request.ts';
import type { Problem } from '../../../src/problem.ts';

const id = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
const tool = (name: string) => tools.find((one) => one.name === name) as Tool;
const { descriptions } = generated;
const schemaOf = (name: string) => descriptions[name as keyof typeof descriptions].inputSchema as InputSchema;
const request = (name: string, given: object) =>
  toolRequest(tool(name), schemaOf(name), given as Record<string, unknown>);

function errorsOf(name: string, given: object) {
  try {
    request(name, given);
  } catch (error) {
    return (error as Problem).options.errors?.map(({ pointer, code }) => `${pointer} ${code}`);
  }
  return undefined;
}

test('each argument goes where the endpoint takes it', () => {
  expect(request('update_task', { task_id: id, title: 'x', project_id: id, if_version: 3 })).toEqual({
    path: `/api/v1/tasks/${id}`,
    method: 'PATCH',
    headers: { 'If-Match': '"3.0"', 'Content-Type': 'application/json' },
    body: JSON.stringify({ title: 'x', project_id: id }),
  });
  expect(request('find_tasks', { tag: ['a&b', 'c'], limit: 5, overdue: true, q: 'x y' })).toEqual({
    path: '/api/v1/tasks?tag=a%26b&tag=c&limit=5&overdue=true&q=x+y',
    method: 'GET',
    headers: {},
  });
  expect(request('put_task_blocker', { task_id: id, blocker_id: id.toUpperCase() }).path).toBe(
    `/api/v1/tasks/${id}/blockers/${id.toUpperCase()}`,
  );
});

test('a plan is tried where that is asked for, and no other tool can be', () => {
  const operations = [{ method: 'DELETE', path: `/api/v1/tasks/${id}` }];
  const tried = request('plan_changes', { operations, dry_run: true });
  expect(tried).toMatchObject({ headers: { 'Onetrip-Dry-Run': 'true' }, body: JSON.stringify({ operations }) });
  expect(request('plan_changes', { operations, dry_run: false }).headers).not.toHaveProperty('Onetrip-Dry-Run');
  for (const bad of ['true', 1, null]) {
    expect(errorsOf('plan_changes', { operations, dry_run: bad })).toEqual(['/dry_run wrong_type']);
  }
  expect(request('create_comment', { task_id: id, body: 'x', dry_run: true }).body).toContain('"dry_run":true');
});

test('what an endpoint does not know reaches it in its body, to be refused there, and no query', () => {
  expect(request('create_task', { project_id: id, title: 'x', id, tenant_id: id }).body).toContain('"tenant_id"');
  expect(request('create_comment', { task_id: id, body: 'x', if_version: 1 }).body).toContain('"if_version"');
  expect(errorsOf('delete_task', { task_id: id, force: true })).toEqual(['/force unknown_member']);
  expect(errorsOf('restore_task', { task_id: id, title: 'x' })).toEqual(['/title unknown_member']);
  expect(errorsOf('find_tags', { constructor: 'x' })).toEqual(['/constructor unknown_member']);
});

const inQueries = tools
  .filter(({ endpoint: { definition } }) => !definition.body)
  .flatMap(({ name, endpoint: { definition } }) =>
    Object.keys(definition.query?.shape ?? {}).map((argument) => [name, argument] as const),
  );

test.each(inQueries)('%s takes %s of the type that its schema says, and of no other', (name, argument) => {
  const schema = schemaOf(name).properties?.[argument] as { type: string };
  const ids = Object.fromEntries((schemaOf(name).required ?? []).map((required) => [required, id]));
  const values: Record<string, unknown> = { string: '5', integer: 5, boolean: true, array: ['5'] };
  expect(Object.keys(values)).toContain(schema.type);
  for (const [type, value] of Object.entries(values)) {
    const given = { ...ids, [argument]: value };
    expect(errorsOf(name, given)).toEqual(type === schema.type ? undefined : [`/${argument} wrong_type`]);
  }
  for (const value of [null, {}, 5.5, [['5']]]) {
    expect(errorsOf(name, { ...ids, [argument]: value })?.[0]).toMatch(/ wrong_type$/);
  }
});

test('what is at fault is named in the list that it stands in', () => {
  expect(errorsOf('find_tasks', { tag: ['a', 1, 'b', true] })).toEqual(['/tag/1 wrong_type', '/tag/3 wrong_type']);
  expect(errorsOf('find_tasks', { limit: '05', blocked: 'true' })).toEqual([
    '/limit wrong_type',
    '/blocked wrong_type',
  ]);
});

test('what would not arrive as it was sent is refused here', () => {
  expect(errorsOf('get_task', {})).toEqual(['/task_id required']);
  for (const bad of ['', '../tags', `${id}/purge`, `${id}?x=1`, 7, null, [id], { id }]) {
    expect(errorsOf('get_task', { task_id: bad })).toHaveLength(1);
    expect(errorsOf('put_task_blocker', { task_id: id, blocker_id: bad })?.[0]).toMatch(/^\/blocker_id /);
  }
  expect(errorsOf('find_tasks', { q: null, metadata: { a: 1 }, tag: [['x']] })).toEqual([
    '/q wrong_type',
    '/metadata wrong_type',
    '/tag/0 wrong_type',
  ]);
  for (const version of [0, -1, 1.5, '1', null]) {
    expect(errorsOf('update_task', { task_id: id, if_version: version })).toEqual(['/if_version wrong_type']);
  }
  // JSON has no such number: it would arrive as null, which is another request.
  expect(errorsOf('update_task', JSON.parse(`{"task_id":"${id}","description":1e999}`))).toEqual([
    '/description number_out_of_range',
  ]);
  expect(errorsOf('create_project', JSON.parse('{"name":"x","metadata":{"__proto__":1}}'))).toEqual([
    '/metadata/__proto__ forbidden_member',
  ]);
  expect(errorsOf('create_project', { name: 'a\u0000' })).toEqual(['/name control_character']);
});

test('a result that is too long is refused where it was read, and says what to lower', () => {
  const long = MAX_RESULT_BYTES + 1;
  expect(() => checkResult(tool('get_project'), long)).toThrow(/ask for less with task_limit\.$/);
  expect(() => checkResult(tool('find_tasks'), long)).toThrow(/ask for less with limit or fields\.$/);
  expect(() => checkResult(tool('get_task'), long)).toThrow(/bytes\.$/);
  checkResult(tool('get_project'), long - 1);
  checkResult(tool('create_project'), long);
});

test('ids in a path are named after what they are of', () => {
  expect(pathArguments('/api/v1/tasks/:id/blockers/:blocker_id')).toEqual({ id: 'task_id', blocker_id: 'blocker_id' });
  expect(pathArguments('/api/v1/api-keys/:id')).toEqual({ id: 'api_key_id' });
  expect(pathArguments('/api/v1/me')).toEqual({});
});
