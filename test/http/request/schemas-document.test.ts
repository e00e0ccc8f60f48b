import { describe, expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import { createDocument } from 'zod-openapi';
import * as parameters from '../../../src/http/request/parameters.ts';
import * as s from '../../../src/http/request/schemas.ts';

/* What the schemas of inputs become in the OpenAPI document and in types. */

describe('the document', () => {
  const query = z.object({
    id: s.guid,
    name: s.name255,
    limit: parameters.queryInteger({ min: 1, max: 100, default: 20 }),
    task_limit: parameters.queryInteger({ min: 0, max: 1000 }).optional(),
    overdue: parameters.queryTrue.optional(),
    flag: parameters.queryBoolean.optional(),
    sort: parameters.csv(['name', '-name']).optional(),
    metadata: parameters.jsonObjectParam.optional(),
    q: parameters.searchText.optional(),
    day: s.date.optional(),
    after: s.timestamp.optional(),
  });
  const body = z.strictObject({
    tags: s.tagNames,
    description: s.description,
    metadata: s.metadata,
    status: s.taskStatus,
    priority: s.priority,
    position: s.position,
    color: s.color,
  });
  const operation = createDocument({
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    paths: {
      '/x': {
        post: {
          requestParams: { query },
          requestBody: { content: { 'application/json': { schema: body } } },
          responses: { 200: { description: 'ok', content: { 'application/json': { schema: body } } } },
        },
      },
    },
  }).paths?.['/x']?.post;

  test('shows parameters as they are sent', () => {
    const parameters = Object.fromEntries(
      (operation?.parameters ?? []).map((parameter) => {
        if (!('schema' in parameter)) throw new Error('a reference');
        return [`${parameter.name}${parameter.required ? '' : '?'}`, parameter.schema];
      }),
    );
    expect(parameters).toMatchObject({
      id: { type: 'string', format: 'uuid' },
      name: { type: 'string', minLength: 1, maxLength: 255 },
      'limit?': { type: 'integer', minimum: 1, maximum: 100, default: 20 },
      'task_limit?': { type: 'integer', minimum: 0, maximum: 1000 },
      'overdue?': { type: 'boolean', const: true },
      'flag?': { type: 'boolean' },
      'sort?': { type: 'string', pattern: '^(name|-name)(,(name|-name))*$' },
      'metadata?': { type: 'string' },
      'q?': { type: 'string', minLength: 1, maxLength: 200 },
      'day?': { type: 'string', format: 'date' },
      'after?': { type: 'string', format: 'date-time' },
    });
  });

  test('shows members alike in requests and responses', () => {
    const properties = {
      tags: { type: 'array', maxItems: 50, items: { type: 'string', minLength: 1, maxLength: 100 } },
      description: { anyOf: [{ type: 'string', maxLength: 10_000 }, { type: 'null' }] },
      metadata: { $ref: '#/components/schemas/Metadata' },
      status: { $ref: '#/components/schemas/TaskStatus' },
      priority: { type: 'integer', minimum: 0, maximum: 4 },
      position: { type: 'number', minimum: -1e15, maximum: 1e15 },
      color: { type: 'string', pattern: '^#[0-9A-Fa-f]{6}$' },
    };
    const content = { 'application/json': { schema: { properties } } };
    expect(operation?.requestBody).toMatchObject({ content });
    expect(operation?.responses?.['200']).toMatchObject({ content });
  });
});

test('the types of inputs and outputs', () => {
  const limit = parameters.queryInteger({ min: 1, max: 2, default: 1 });
  const skip = parameters.queryInteger({ min: 1, max: 2 });
  const sort = parameters.csv(['name', '-name']);
  expectTypeOf<z.input<typeof limit>>().toEqualTypeOf<string | undefined>();
  expectTypeOf<z.output<typeof limit>>().toEqualTypeOf<number>();
  expectTypeOf<z.input<typeof skip>>().toEqualTypeOf<string>();
  expectTypeOf<z.output<typeof skip>>().toEqualTypeOf<number>();
  expectTypeOf<z.input<typeof sort>>().toEqualTypeOf<string>();
  expectTypeOf<z.output<typeof sort>>().toEqualTypeOf<('name' | '-name')[]>();
  expectTypeOf<z.input<typeof parameters.queryTrue>>().toEqualTypeOf<string>();
  expectTypeOf<z.output<typeof parameters.queryTrue>>().toEqualTypeOf<true>();
  expectTypeOf<z.output<typeof parameters.queryBoolean>>().toEqualTypeOf<boolean>();
  expectTypeOf<z.input<typeof parameters.jsonObjectParam>>().toEqualTypeOf<string>();
  expectTypeOf<z.output<typeof parameters.jsonObjectParam>>().toEqualTypeOf<Record<string, unknown>>();
  expectTypeOf<z.output<typeof s.metadata>>().toEqualTypeOf<Record<string, unknown>>();
  expectTypeOf<z.output<typeof s.description>>().toEqualTypeOf<string | null>();
  expectTypeOf<z.output<typeof s.timestamp>>().toEqualTypeOf<string>();
});
