import { describe, expect, it, test } from 'vitest';
import * as z from 'zod';
import { memberErrors, parseForErrors } from '../../../src/http/request/member-errors.ts';
import * as parameters from '../../../src/http/request/parameters.ts';
import * as s from '../../../src/http/request/schemas.ts';

const ID = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';

describe('memberErrors', () => {
  const task = z.strictObject({
    title: s.name255,
    status: s.taskStatus.optional(),
    project_id: s.guid,
    tags: z
      .union([s.tagNames, z.strictObject({ add: s.tagNames.optional(), remove: s.tagNames.optional() })])
      .optional(),
    priority: s.priority.nullable().optional(),
    get subtasks() {
      return z.array(task).optional();
    },
  });
  const valid = { title: 't', project_id: ID };
  const query = z.strictObject({
    limit: parameters.queryInteger({ min: 1, max: 100, default: 20 }),
    tag: z.array(s.tagName).optional(),
    status: parameters.csv(s.taskStatus.options).optional(),
    parent_id: z.union([z.literal('none'), s.guid]).optional(),
    q: parameters.searchText,
    metadata: parameters.jsonObjectParam.optional(),
  });
  const path = z.strictObject({ id: s.guid });

  function faults(schema: z.ZodType, input: unknown, kind: 'body' | 'query' | 'path') {
    const result = parseForErrors(schema, input);
    if (result.success) throw new Error('accepted');
    return memberErrors(result.error, kind).map(({ pointer, code, message }) => `${pointer} ${code}: ${message}`);
  }

  test.each<[unknown, ...string[]]>([
    [{}, '/title required: is required', '/project_id required: is required'],
    [{ ...valid, title: 1 }, '/title wrong_type: must be a string'],
    [{ ...valid, title: null }, '/title wrong_type: must be a string'],
    [{ ...valid, title: 'x'.repeat(256) }, '/title too_long: must be at most 255 characters'],
    [{ ...valid, title: ' ' }, '/title blank: must not be blank'],
    [{ ...valid, project_id: 'x' }, '/project_id invalid_format: must be a UUID, 8-4-4-4-12 hexadecimal digits'],
    [{ ...valid, status: 'x' }, '/status invalid_value: must be one of pending, in_progress, completed, cancelled'],
    [{ ...valid, priority: 5 }, '/priority too_big: must be at most 4'],
    [{ ...valid, priority: -1 }, '/priority too_small: must be at least 0'],
    [{ ...valid, priority: 0.5 }, '/priority wrong_type: must be an integer'],
    [
      { ...valid, id: 1, 'a/b': 2 },
      '/id unknown_member: is not a member that can be sent here',
      '/a~1b unknown_member: is not a member that can be sent here',
    ],
    [{ ...valid, constructor: 1 }, '/constructor unknown_member: is not a member that can be sent here'],
    [{ ...valid, tags: 'x' }, '/tags wrong_type: must be a list, or must be an object'],
    [{ ...valid, tags: null }, '/tags wrong_type: must be a list, or must be an object'],
    [{ ...valid, tags: ['a', ''] }, '/tags/1 blank: must not be blank'],
    [{ ...valid, tags: Array(51).fill('a') }, '/tags too_long: must have at most 50 entries'],
    [
      { ...valid, tags: { add: [1], x: 1 } },
      '/tags/add/0 wrong_type: must be a string',
      '/tags/x unknown_member: is not a member that can be sent here',
    ],
    [{ ...valid, subtasks: [valid, { project_id: ID }] }, '/subtasks/1/title required: is required'],
    [
      { ...valid, subtasks: [{ ...valid, id: 1 }] },
      '/subtasks/0/id unknown_member: is not a member that can be sent here',
    ],
    [{ ...valid, subtasks: {} }, '/subtasks wrong_type: must be a list'],
  ])('body %#', (body, ...expected) => {
    expect(faults(task, body, 'body')).toEqual(expected);
  });

  test.each<[unknown, ...string[]]>([
    [{}, '?q required: is required'],
    [{ q: 'a', x: '1' }, '?x unknown_member: is not a parameter of this endpoint'],
    [JSON.parse('{"q":"a","__proto__":"1"}'), '?__proto__ unknown_member: is not a parameter of this endpoint'],
    [{ q: 'a', limit: '-1' }, '?limit invalid_format: must be a whole number from 1 to 100 in decimal digits'],
    [{ q: 'a', limit: '0' }, '?limit too_small: must be at least 1'],
    [{ q: 'a', tag: ['a', ' ', '\u200b'] }, '?tag blank: must not be blank'],
    [{ q: 'a', status: 'x,y' }, '?status invalid_value: must be one of pending, in_progress, completed, cancelled'],
    [
      { q: 'a', parent_id: 'x' },
      '?parent_id invalid_value: must be none, or must be a UUID, 8-4-4-4-12 hexadecimal digits',
    ],
    [{ q: 'a', metadata: '1' }, '?metadata wrong_type: must be a JSON object'],
    [
      { q: 'a', metadata: '{"a":[0,{"b/c":9007199254740993}]}' },
      '?metadata number_out_of_range: must be a JSON object, but /a/1/b~1c must be a number from -9007199254740991 to 9007199254740991, or a string',
    ],
    [
      { q: 'a', metadata: '{"a":[{"b":1,"b":2}]}' },
      '?metadata duplicate_member: must be a JSON object, but /a/0/b stands twice in one object',
    ],
  ])('query %#', (params, ...expected) => {
    expect(faults(query, params, 'query')).toEqual(expected);
  });

  it('path', () => {
    expect(faults(path, { id: '7' }, 'path')).toEqual([
      '{id} invalid_format: must be a UUID, 8-4-4-4-12 hexadecimal digits',
    ]);
  });

  it('of unions whose branches are alike', () => {
    const either = z.strictObject({
      a: z.union([z.strictObject({ x: z.string() }), z.strictObject({ y: z.string() })]),
    });
    expect(faults(either, { a: { x: 1 } }, 'body')).toEqual([
      '/a invalid_value: is not a member that can be sent here',
    ]);
    expect(faults(either, {}, 'body')).toEqual(['/a required: is required']);
  });

  it('of rules that an endpoint adds', () => {
    const ranged = z
      .strictObject({ a: z.number(), b: z.number() })
      .refine(({ a, b }) => a < b, { ...s.fault('inverted_range', 'must be more than a'), path: ['b'] })
      .refine(({ a }) => a !== 7, 'must not have 7');
    expect(faults(ranged, { a: 2, b: 1 }, 'body')).toEqual(['/b inverted_range: must be more than a']);
    expect(faults(ranged, { a: 7, b: 8 }, 'body')).toEqual([' invalid_value: must not have 7']);
    expect(faults(z.strictObject({ a: z.any().refine(() => false) }), { a: 1 }, 'body')).toEqual([
      '/a invalid_value: is not valid here',
    ]);
  });

  it('are at most 20, with names cut', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i}${'n'.repeat(1000)}`, 1]));
    const list = faults(task, { ...valid, ...many }, 'body');
    expect(list).toHaveLength(20);
    expect(Math.max(...list.map((line) => line.length))).toBeLessThan(150);
  });
});
