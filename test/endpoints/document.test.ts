import { expect, test } from 'vitest';
import { makePortable } from '../../dev/openapi/portable.ts';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };

/*
 * What readers and generators of clients need of the OpenAPI document. The generators themselves run in test/generators;
 * this says in milliseconds which rule of theirs a new schema breaks.
 */

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every object of the document with its JSON pointer, but for what examples hold. */
function* objects(value: unknown, pointer = '#'): Generator<[pointer: string, object: Json]> {
  if (isObject(value)) yield [pointer, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (!/^(example|examples|default)$/.test(name)) yield* objects(member, `${pointer}/${name.replaceAll('/', '~1')}`);
  }
}

const all = [...objects(document)];
const { schemas, headers, responses } = document.components as unknown as Record<string, Record<string, Json>>;
const operations = all.filter(([pointer]) => /^#\/paths\/[^/]+\/(get|post|put|patch|delete)$/.test(pointer));

/** What a reference points to. */
function target(value: Json): Json {
  const [, kind, name] = /^#\/components\/(\w+)\/(.+)$/.exec(String(value.$ref)) ?? [];
  if (!kind || !name) return value;
  return { schemas, headers, responses }[kind]?.[name] ?? expect.fail(`${value.$ref} points to nothing`);
}

const isDescribed = (value: Json) => /\w/.test(String(value.description ?? target(value).description ?? ''));

/** The pointers of those that `check` does not hold for; there must be more than `least` to look at. */
function faults(found: [string, Json][], least: number, check: (value: Json, pointer: string) => boolean): string[] {
  expect(found.length).toBeGreaterThan(least);
  return found.filter(([pointer, value]) => !check(value, pointer)).map(([pointer]) => pointer);
}

test('every operation, parameter, member, header, response and tag is described', () => {
  const parts: [part: string, least: number, RegExp][] = [
    ['operations', 50, /^#\/paths\/[^/]+\/(get|post|put|patch|delete)$/],
    ['parameters', 200, /\/parameters\/\d+$/],
    ['members', 200, /\/properties\/[^/]+$/],
    ['headers', 10, /\/headers\/[^/]+$/],
    ['responses', 50, /\/responses\/[^/]+$/],
    ['tags', 8, /^#\/tags\/\d+$/],
    ['schemas', 50, /^#\/components\/schemas\/[^/]+$/],
  ];
  for (const [part, least, pattern] of parts) {
    const found = all.filter(([pointer]) => pattern.test(pointer));
    expect([part, faults(found, least, isDescribed)]).toEqual([part, []]);
  }
});

test('every body has an example', () => {
  const bodies = all.filter(([pointer]) => pointer.endsWith('/requestBody/content/application~1json'));
  expect(faults(bodies, 14, ({ example }) => isObject(example))).toEqual([]);
});

test('every object has a name of its own, in the form that types have', () => {
  expect(Object.keys(schemas ?? {}).filter((name) => !/^([A-Z][a-z]+)+$/.test(name))).toEqual([]);
  const inside = all.filter(([pointer]) => !/^#\/components\/schemas\/\w+$/.test(pointer));
  expect(faults(inside, 1000, ({ properties }) => properties === undefined)).toEqual([]);
});

test('no list of types, and no union but of a type with null or of different types', () => {
  expect(faults(all, 1000, ({ type }) => !Array.isArray(type))).toEqual([]);
  const nullable = all.filter(([, { anyOf }]) => anyOf !== undefined);
  const isNullable = ({ anyOf }: Json) =>
    (anyOf as Json[]).length === 2 && (anyOf as Json[]).some(({ type }) => type === 'null');
  expect(faults(nullable, 20, isNullable)).toEqual([]);
  const unions = all.filter(([, { oneOf }]) => oneOf !== undefined);
  const areDistinct = ({ oneOf }: Json) =>
    new Set((oneOf as Json[]).map((branch) => target(branch).type)).size === (oneOf as Json[]).length;
  expect(faults(unions, 1, areDistinct)).toEqual([]);
});

test('no schema of a body or a response has a default, which is said in words', () => {
  const inComponents = [...objects(document.components, '#/components')];
  const isNamedSo = (pointer: string) => pointer.endsWith('/properties');
  expect(faults(inComponents, 500, (value, pointer) => isNamedSo(pointer) || !('default' in value))).toEqual([]);
  expect(schemas?.CreateProject?.properties).toMatchObject({ status: { description: 'Default: `active`.' } });
});

test('items of a page have all members, but for those that must be asked for', () => {
  const pages = Object.entries(schemas ?? {}).filter(([, { properties }]) => isObject(properties) && properties.data);
  expect(pages.length).toBeGreaterThan(8);
  for (const [name, page] of pages) {
    const { items } = (page.properties as Record<string, Json>).data as { items: Json };
    const { properties, required } = target(items) as { properties: Json; required: string[] };
    const optional = Object.keys(properties).filter((member) => !required.includes(member));
    expect([name, optional]).toEqual([name, name === 'ProjectPage' ? ['tasks', 'tasks_page'] : []]);
  }
});

test('what is created links to the operations at its path', () => {
  const linked = operations.flatMap(([, { operationId, responses: all }]) => {
    const links = (all as Record<string, { links?: Record<string, Json> }>)['201']?.links ?? {};
    return Object.values(links).map((link) => `${operationId} → ${link.operationId}`);
  });
  expect(linked).toEqual(
    expect.arrayContaining([
      'create-project → get-project',
      'create-project → update-project',
      'create-task → get-task',
      'create-comment → get-comment',
      'create-tag → delete-tag',
    ]),
  );
});

test('a schema is put into words that generators know, with the same meaning', () => {
  const portable = (schema: object) => {
    const made = { paths: {}, components: { schemas: { Made: schema } } };
    makePortable(made);
    return made.components.schemas.Made;
  };
  expect(portable({ type: ['string', 'null'], maxLength: 3, description: 'Text.', default: null })).toEqual({
    description: 'Text. Default: `null`.',
    anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }],
  });
  const union = [{ type: 'array', items: {} }, { $ref: '#/components/schemas/Made' }];
  expect(portable({ anyOf: union })).toEqual({ oneOf: union });
  expect(portable({ type: 'object', properties: { default: { type: 'integer', default: 0 } } })).toEqual({
    type: 'object',
    properties: { default: { type: 'integer', description: 'Default: `0`.' } },
  });
  expect(portable({ type: 'string', format: 'uuid', pattern: 'x' })).toEqual({ type: 'string', format: 'uuid' });
});

test('a parameter of one value has it as its example, for Postman makes up another one', () => {
  const onlyValue = ({ schema }: Json) => (isObject(schema) ? [schema.enum ?? [schema.const]].flat() : []);
  const ofOne = all.filter(([, value]) => 'in' in value && onlyValue(value).length === 1 && onlyValue(value)[0]);
  expect(faults(ofOne, 30, (value) => value.example === onlyValue(value)[0])).toEqual([]);
});

test('no header of a request is a constant, for openapi-python-client leaves such an operation out', () => {
  const sent = all.filter(([, value]) => value.in === 'header' && value.schema);
  expect(faults(sent, 100, ({ schema }) => !('const' in (schema as Json)))).toEqual([]);
});
