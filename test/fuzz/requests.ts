import fc from 'fast-check';
import type { Definition } from '../../src/http/endpoint/definition.ts';
import {
  bodySchema,
  bodyWith,
  branches,
  kindOf,
  members,
  type Parameter,
  parameters,
  type Schema,
} from '../endpoints/bad-slots.ts';
import { definitions as endpoints } from '../support/examples.ts';
import { brokenMember, brokenParameter, idOf, json, resourceOf, TAG_NAMES, text, valid } from './values.ts';

/*
 * Requests for every endpoint, made from the OpenAPI document. Ids stand in them as `@task:live:7@` and are put in when
 * the request is sent, when it is known which rows there are.
 */

/** `valid` and `broken` are so by construction; of `wild` nothing is known. */
export type Intent = 'valid' | 'broken' | 'wild';

export interface Fuzzed extends Pick<Definition, 'operationId' | 'access'> {
  intent: Intent;
  method: string;
  path: string;
  query: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** All endpoints, valid requests twice as often as others. */
export function requests(definitions: Definition[]): fc.Arbitrary<Fuzzed> {
  return fc.oneof(
    ...definitions.flatMap((definition) => {
      // What everybody may read takes no input.
      const weight = definition.access === 'public' ? 1 : definition.body ? 16 : 8;
      return [
        { weight: 2 * weight, arbitrary: validRequest(definition) },
        { weight, arbitrary: brokenRequest(definition) },
        { weight, arbitrary: wildRequest(definition) },
      ];
    }),
  );
}

export function validRequest(definition: Definition): fc.Arbitrary<Fuzzed> {
  const schema = bodySchema(definition);
  return fc.record({
    operationId: fc.constant(definition.operationId),
    access: fc.constant(definition.access),
    intent: fc.constant<Intent>('valid'),
    method: fc.constant(definition.method.toUpperCase()),
    path: validPath(definition),
    query: validQuery(parameters(definition, 'query')),
    headers: validHeaders(definition),
    ...(schema ? { body: validBody(definition, schema).map((value) => JSON.stringify(value)) } : {}),
  });
}

/** Of a batch operations that are valid by themselves, which a schema does not tell. */
function validBody({ operationId }: Definition, schema: Schema): fc.Arbitrary<unknown> {
  if (operationId !== 'batch') return validValue(schema, '');
  const all = endpoints.filter(({ method, access, operationId: name }) => {
    return method !== 'get' && access === 'member' && name !== 'batch';
  });
  const operation = fc.oneof(...all.map(validRequest)).map(({ method, path, query, headers, body }) => ({
    method,
    path: query ? `${path}?${query}` : path,
    ...(typeof body === 'string' ? { body: JSON.parse(body) } : {}),
    ...(headers['If-Match'] ? { if_match: headers['If-Match'] } : {}),
  }));
  return fc.array(operation, { minLength: 1, maxLength: 4 }).map((operations) => ({ operations }));
}

function validPath({ path }: Definition): fc.Arbitrary<string> {
  const steps = path.split('/').map((step, i, all) => {
    if (!step.startsWith(':')) return fc.constant(step);
    return idOf(step.endsWith('_id') ? resourceOf(step.slice(1)) : (all[i - 1] ?? '').replace(/s$/, ''));
  });
  return fc.tuple(...steps).map((all) => all.join('/'));
}

function validQuery(all: Parameter[]): fc.Arbitrary<string> {
  const nests = all.some(({ name }) => name === 'include') && all.some(({ name }) => name === 'task_limit');
  const one = ({ name, kind, schema, repeatable }: Parameter) => {
    const value = valid(kind, schema, name).map((v) => `${name}=${encode(String(v))}`);
    return repeatable ? fc.array(value, { minLength: 1, maxLength: 3 }).map((list) => list.join('&')) : value;
  };
  // A cursor is valid in its place only: the runner follows those that it is given.
  const free = all.filter(({ name }) => name !== 'cursor' && !(nests && name === 'include'));
  return fc
    .subarray(free, { maxLength: Math.min(5, free.length) })
    .chain((chosen) => fc.tuple(...chosen.map(one)))
    .map((pieces) => [...(nests && pieces.length > 0 ? ['include=tasks'] : []), ...pieces].join('&'));
}

/** Leaves placeholders of ids as they are. */
function encode(value: string): string {
  return /^@\w+:\w+:\d+@$/.test(value) ? value : encodeURIComponent(value);
}

const headerText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', ',', 'W/', '*', '\\', '1.', ' '),
    fc
      .nat({ max: 255 })
      .map((n) => String.fromCharCode(n))
      .filter((c) => !/[\0\r\n]/.test(c)),
  ),
  maxLength: 20,
});
const entityTagLists = fc.constantFrom('*', '"1.x"', 'W/"2.x"', '"1.x", "2.x", "3.x"', '""', ',"a",, "*" ,');
const entityTags = fc.oneof(entityTagLists, fc.constantFrom('"a", *', 'x'), headerText);
const key = fc
  .oneof({ weight: 3, arbitrary: fc.constantFrom('a', 'b', '"c"', ' d e ', '\\') }, fc.stringMatching(/^[!-~]{1,40}$/))
  .filter((k) => k !== '""');

const PLAIN = 'application/json;charset=UTF-8';

/** Half of the requests have none, so that enough of them go through. */
function validHeaders({ method, ifMatch }: Definition): fc.Arbitrary<Record<string, string>> {
  const writes = method === 'post' || method === 'patch';
  const all = {
    'X-Request-Id': fc.oneof(fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/), headerText),
    Accept: fc.constantFrom('*/*', 'text/html', 'application/json;q=0'),
    ...(method === 'get'
      ? { 'If-None-Match': entityTags, 'Onetrip-Consistency': fc.constantFrom('strong', 'eventual') }
      : {}),
    ...(method === 'patch' ? { 'Content-Type': fc.constantFrom('application/merge-patch+json', PLAIN) } : {}),
    ...(ifMatch ? { 'If-Match': entityTagLists } : {}),
    ...(writes ? { 'Idempotency-Key': key } : {}),
  };
  return fc.oneof(fc.constant({}), fc.record(all, { requiredKeys: [] }) as fc.Arbitrary<Record<string, string>>);
}

/** A value of a schema, with any of what is optional. */
function validValue(schema: Schema, name: string): fc.Arbitrary<unknown> {
  return fc.oneof(...branches(schema).map((form) => validForm(form, name)));
}

function validForm(form: Schema, name: string): fc.Arbitrary<unknown> {
  if (form.type === 'null') return fc.constant(null);
  const { properties = {}, required = [], items = {}, minItems = 0, maxItems } = form;
  const kind = kindOf(form, name, 'member');
  if (kind === 'array') {
    if (maxItems === 0) return fc.constant([]);
    if (name === 'tags') return fc.subarray(TAG_NAMES, { maxLength: 6 });
    // Of two, both could be the owner, or the same member.
    return fc.uniqueArray(validValue(items, name), { minLength: minItems, maxLength: name === 'assignees' ? 1 : 3 });
  }
  if (kind !== 'closed') return valid(kind, form, name);
  if (properties.add && properties.remove) {
    if (name === 'tags') return addAndRemove;
    const part = (member: 'add' | 'remove') =>
      fc.array(validValue(properties[member]?.items ?? {}, 'member_id'), { maxLength: 1 });
    return fc.oneof(fc.record({ add: part('add') }), fc.record({ remove: part('remove') }));
  }
  const all = Object.fromEntries(
    Object.entries(properties)
      // Here is one database, which has no name.
      .filter(([member]) => member !== 'shard')
      .map(([member, inner]) => [member, validValue(inner, member)]),
  );
  return fc.record(all, { requiredKeys: required });
}

/** No name is in both. */
const addAndRemove = fc
  .tuple(fc.shuffledSubarray(TAG_NAMES, { maxLength: 8 }), fc.nat({ max: 8 }))
  .map(([names, n]) => ({ add: names.slice(0, n), remove: names.slice(n) }));

/** A valid request with one thing broken. */
function brokenRequest(definition: Definition): fc.Arbitrary<Fuzzed> {
  const ways = [brokenQuery(parameters(definition, 'query')).map((query) => ({ query }))];
  if (definition.params) ways.push(brokenPath(definition).map((path) => ({ path })) as never);
  if (definition.method === 'post' || definition.method === 'patch') {
    const keys = fc.constantFrom('', '""', 'k'.repeat(256), 'ü', 'a\tb', '\x7f');
    ways.push(keys.map((k) => ({ headers: { 'Idempotency-Key': k } })) as never);
  }
  if (bodySchema(definition)) {
    const body = brokenBody(definition);
    ways.push(body as never, body as never, body as never, body as never);
  }
  return fc
    .tuple(validRequest(definition), fc.oneof(...ways))
    .map(([request, change]) => ({ ...request, ...change, intent: 'broken' }));
}

function brokenQuery(all: Parameter[]): fc.Arbitrary<string> {
  const known = all.map(({ name }) => name);
  const ways = [
    text(8)
      .filter((name) => name !== '' && !known.includes(name))
      .map((name) => `${encodeURIComponent(name)}=1`),
    fc.constantFrom('=1', 'a=%', 'a=%ff', '%00=1', 'a=%ED%A0%80', 'x&y'),
    ...all.flatMap(({ name, kind, repeatable }) => [
      fc.constantFrom(`${name}=`, name, `${name}=%ZZ`, ...(repeatable ? [] : [`${name}=1&${name}=1`])),
      brokenParameter(kind).map((value) => `${name}=${encodeURIComponent(value)}`),
    ]),
  ];
  return fc.oneof(...ways);
}

function brokenPath({ path }: Definition): fc.Arbitrary<string> {
  // Dots alone would be taken out of the path before anybody sees it.
  const id = text(36).filter((t) => t !== '' && !/^\.{1,2}$/.test(t));
  return id.map((t) => path.replaceAll(/:\w+/g, () => encodeURIComponent(t)));
}

function brokenBody(definition: Definition): fc.Arbitrary<Partial<Fuzzed>> {
  const schema = bodySchema(definition) ?? {};
  const all = members(definition);
  const atMember = fc
    .constantFrom(...all.filter(({ path }) => path.length > 0))
    .chain(({ path, kind, nullable, types }) =>
      brokenMember(kind, nullable)
        .filter((value) => !(types.size > 1 && types.has(typeOf(value)) && !(nullable && types.size === 2)))
        .map((value) => JSON.stringify(bodyWith(schema, path, value))),
    );
  const extra = fc
    .tuple(fc.constantFrom(...all.filter(({ kind }) => kind === 'closed')), text(10), json)
    .filter(
      ([
        {
          schema: { properties = {} },
        },
        name,
      ]) => !Object.hasOwn(properties, name),
    )
    .map(([{ path }, name, value]) => JSON.stringify(bodyWith(schema, [...path, name], value)));
  const raw = fc.constantFrom(
    ...['', ' ', '[]', 'null', '1', '"x"', '{', '{"a":1,"a":1}', '{"a":1e999}', '{"__proto__":{}}', '{"a":"\\u0000"}'],
    `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
    '{"a":"\\ud800"}',
    '['.repeat(100_000),
  );
  const mediaType = fc.constantFrom('text/plain', '', 'application/json; charset=latin1', 'application/xml');
  return fc.oneof(
    { weight: 5, arbitrary: atMember.map((body) => ({ body })) },
    { weight: 2, arbitrary: extra.map((body) => ({ body })) },
    { weight: 2, arbitrary: raw.map((body) => ({ body })) },
    { weight: 1, arbitrary: mediaType.map((type) => ({ headers: { 'Content-Type': type } })) },
    { weight: 1, arbitrary: validValue(schema, '').map((value) => ({ body: notUtf8(JSON.stringify(value)) })) },
  );
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function notUtf8(body: string): Uint8Array {
  return Uint8Array.of(...new TextEncoder().encode(body).slice(0, -1), 0x20, 0xff, 0x7d);
}

const wildHeaders = fc.dictionary(
  fc.constantFrom(
    ...['Content-Type', 'Content-Encoding', 'Content-Length', 'If-Match', 'If-None-Match', 'Idempotency-Key'],
    'X-Request-Id',
  ),
  headerText,
  { maxKeys: 2 },
);

function wildQuery(definition: Definition): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(''),
    fc.stringMatching(/^[A-Za-z0-9_-]{1,40}\.[0-9a-f]{16}$/).map((cursor) => `cursor=${cursor}`),
    text(20).map((t) => encodeURIComponent(t).replaceAll('%3D', '=').replaceAll('%26', '&').replaceAll('%25', '%')),
    validQuery(parameters(definition, 'query')).chain((query) =>
      fc.constantFrom(`${query}&`, `&&${query}`, `${query}&skip=3`, query.replace(/.$/, '')),
    ),
  );
}

/** Anything: bytes of a valid body changed, headers and queries out of thin air. */
function wildRequest(definition: Definition): fc.Arbitrary<Fuzzed> {
  const noMembers: Schema = { type: 'object', additionalProperties: false };
  const body = validValue(bodySchema(definition) ?? noMembers, '').map((value) => JSON.stringify(value));
  const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('set', 'insert', 'remove'));
  const takesBody = definition.body !== undefined || definition.method === 'post';
  return fc
    .tuple(validRequest(definition), wildQuery(definition), wildHeaders, body, fc.array(change, { maxLength: 4 }))
    .map(([request, query, headers, text, changes]) => ({
      ...request,
      intent: 'wild',
      method: request.method === 'GET' && changes.length > 2 ? 'HEAD' : request.method,
      query,
      headers: { ...request.headers, ...headers },
      ...(takesBody ? { body: changes.length === 0 ? text : mutated(text, changes) } : {}),
    }));
}

function mutated(body: string, changes: [number, number, string][]): Uint8Array {
  let bytes = [...new TextEncoder().encode(body)];
  for (const [where, byte, how] of changes) {
    const at = where % (bytes.length + 1);
    bytes = bytes.toSpliced(at, how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [byte]));
  }
  return Uint8Array.from(bytes);
}
