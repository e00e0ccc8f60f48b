import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import type { Definition } from '../../src/http/endpoint/definition.ts';

/*
 * Where an endpoint takes which kind of value: read from the OpenAPI document, which is generated from the
 * definitions, so that a rule of the input finds every place that it applies to, in new endpoints too.
 */

/** What the document uses of JSON Schema. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  pattern?: string;
  enum?: string[];
  const?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: false | Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  examples?: unknown[];
}

/**
 * What rules of the input go by. `label`: one line for people. `subject`: one line, as it is. `prose`: several lines, but
 * not blank. `choice`: a UUID or a word. `list`: a comma list.
 * `free`: any JSON object. `formed`: a text of a form of its own. `request`: the body of another request, of which its own
 * endpoint says what may be in it.
 */
export type Kind =
  | 'label'
  | 'prose'
  | 'search'
  | 'text'
  | 'actor'
  | 'subject'
  | 'email'
  | 'url'
  | 'enum'
  | 'integer'
  | 'number'
  | 'switch'
  | 'uuid'
  | 'choice'
  | 'date'
  | 'timestamp'
  | 'color'
  | 'cursor'
  | 'sort'
  | 'list'
  | 'json'
  | 'free'
  | 'formed'
  | 'request'
  | 'closed'
  | 'array';

export type Path = (string | number)[];

/** A member of a body. */
export interface Member {
  path: Path;
  kind: Kind;
  schema: Schema;
  required: boolean;
  nullable: boolean;
  /** JSON types that the schema takes at this place. */
  types: Set<string>;
}

/** A parameter of a path or query. */
export interface Parameter {
  name: string;
  kind: Kind;
  schema: Schema;
  repeatable: boolean;
}

interface Operation {
  parameters?: { in: 'path' | 'query' | 'header'; name: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: { $ref: string } }> };
}

function operationOf({ path, method }: Definition): Operation {
  const operations = (document.paths as Record<string, Record<string, unknown>>)[path.replaceAll(/:(\w+)/g, '{$1}')];
  const operation = operations?.[method];
  if (!operation) throw new Error(`${method} ${path} is not in the OpenAPI document: npm run generate`);
  return operation as Operation;
}

/** The schema of the body, where the endpoint takes one. */
export function bodySchema(definition: Definition): Schema | undefined {
  const schema = operationOf(definition).requestBody?.content['application/json']?.schema;
  return schema && dereference(schema);
}

/** What a reference points to. */
export function dereference(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  return name === undefined ? schema : ((document.components.schemas as Record<string, unknown>)[name] as Schema);
}

/** Parameters of the path or the query. */
export function parameters(definition: Definition, place: 'path' | 'query'): Parameter[] {
  return (operationOf(definition).parameters ?? [])
    .filter((parameter) => parameter.in === place)
    .map(({ name, schema }) => {
      const whole = dereference(schema);
      const repeatable = whole.type === 'array';
      const single = (repeatable && whole.items) || whole;
      const kind = kindOf(single, name, 'parameter');
      // The words before the pattern of an id.
      const choice =
        kind === 'choice' ? { format: 'uuid', enum: (single.pattern ?? '').slice(2).split('|').slice(0, -1) } : {};
      return { name, kind, schema: { ...single, ...choice }, repeatable };
    });
}

/** All members of a body, and the body itself, wherever they lie. */
export function members(definition: Definition): Member[] {
  const schema = bodySchema(definition);
  return schema ? [...walk(schema, [], true)] : [];
}

function* walk(schema: Schema, path: Path, required: boolean): Generator<Member> {
  const forms = branches(schema).filter(({ type }) => type !== undefined);
  const nullable = forms.some(({ type }) => type === 'null');
  const types = new Set(forms.map(({ type = '' }) => (type === 'integer' ? 'number' : type)));
  for (const form of forms) {
    if (form.type === 'null') continue;
    const name = String(path.at(-1) ?? '');
    yield { path, kind: kindOf(form, name, 'member'), schema: form, required, nullable, types };
    for (const [member, inner] of Object.entries(form.properties ?? {})) {
      yield* walk(inner, [...path, member], form.required?.includes(member) ?? false);
    }
    if (form.items) yield* walk(form.items, [...path, 0], true);
  }
}

export function branches(schema: Schema): Schema[] {
  const { anyOf, oneOf = anyOf } = schema;
  return oneOf?.flatMap(branches) ?? [dereference(schema)];
}

export function kindOf(schema: Schema, name: string, place: 'member' | 'parameter'): Kind {
  const { type, format, pattern, minLength, maxLength } = schema;
  if (type === 'object') return schema.additionalProperties === false ? 'closed' : name === 'body' ? 'request' : 'free';
  if (type === 'array') return 'array';
  if (type === 'boolean') return 'switch';
  if (type === 'integer' || type === 'number') return type;
  if (schema.enum || schema.const !== undefined) return 'enum';
  if (place === 'member' && ['id', 'path', 'if_match', 'shard'].includes(name)) return 'formed';
  if (format === 'uuid') return 'uuid';
  if (format === 'idn-email') return 'email';
  if (format === 'uri') return 'url';
  if (name === 'subject') return 'subject';
  if (format === 'date') return 'date';
  if (format === 'date-time') return 'timestamp';
  if (place === 'parameter' && name === 'metadata') return 'json';
  if (place === 'parameter' && (name === 'cursor' || name === 'sort')) return name;
  if (pattern?.startsWith('^#')) return 'color';
  if (place === 'parameter' && pattern?.includes('{8}')) return 'choice';
  if (pattern?.includes('|')) return 'list';
  if (name === 'q') return 'search';
  // Line feed and carriage return are the gaps in what the pattern excludes.
  if (minLength === 1 && maxLength) return pattern?.includes('\\u000b\\u000c\\u000e') ? 'prose' : 'label';
  if (maxLength) return place === 'parameter' ? 'actor' : 'text';
  throw new Error(`the rules of the input know no such value as ${name}: ${JSON.stringify(schema)}`);
}

/** What a schema's pattern of a comma list lets stand in it. */
export function listed({ pattern = '' }: Schema): string[] {
  return /\(([^)]*)\)/.exec(pattern)?.[1]?.split('|') ?? [];
}

/** A body that has what is required, and `value` at `path`; `undefined` leaves that member out. */
export function bodyWith(schema: Schema, path: Path, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const forms = branches(schema);
  if (typeof step === 'number') {
    const items = forms.find(({ type }) => type === 'array')?.items ?? {};
    return [bodyWith(items, rest, value)];
  }
  const form = forms.find(({ type }) => type === 'object') ?? {};
  const inner = bodyWith(form.properties?.[step] ?? {}, rest, value);
  const { [step]: _, ...others } = required(form);
  // `Object.fromEntries` defines members, so that `__proto__` is one like any other.
  return inner === undefined ? others : Object.fromEntries([...Object.entries(others), [step, inner]]);
}

/** A smallest object that the schema takes. */
export function required({ properties = {}, required: names = [] }: Schema): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, dereference(properties[name] ?? {}).examples?.[0] ?? 'x']));
}
