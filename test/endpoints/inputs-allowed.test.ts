import { afterAll, expect, test } from 'vitest';
import { takesDryRun } from '../../src/http/request/dry-run.ts';
import { useApi } from '../support/api.ts';
import { operations } from '../support/examples.ts';
import {
  chunked,
  type Draft,
  encode,
  goodRequest,
  isList,
  makeTarget,
  readsBody,
  send,
  type Target,
} from './bad-requests.ts';
import {
  bodySchema,
  bodyWith,
  dereference,
  type Kind,
  listed,
  members,
  parameters,
  required,
  type Schema,
} from './bad-slots.ts';

/*
 * The other side of the suite of bad inputs: the largest and the oddest that is allowed passes at every endpoint that
 * takes it, so that refusing everything is no way to pass.
 */

const api = useApi();
let requests = 0;

/**
 * Sends a good request with one thing changed: a write as a dry run, which does all but commit, so that the rows are there for
 * the next one. What the state of the rows forbids (409, 422) is no bad input.
 */
async function passes(target: Target, change: Partial<Draft>): Promise<string[]> {
  const { definition } = target;
  const draft = { ...goodRequest(target), ...change };
  if (takesDryRun(definition)) draft.headers = { ...draft.headers, 'Onetrip-Dry-Run': 'true' };
  requests++;
  const { status, text } = await send(api, draft);
  const allowed = definition.method === 'get' ? [200] : [definition.success.status, 409, 422];
  if (allowed.includes(status)) return [];
  return [
    `${definition.operationId} ${draft.path}?${draft.query}: ${status} ${text} to ${String(draft.body).slice(0, 200)}`,
  ];
}

const worlds = new Map<string, Target>();
/**
 * Writes that cannot be tried change what a later one needs, so each of those has a world of its own.
 * @param same whether requests differ in nothing that is stored: then only what takes rows away needs a new world
 */
async function targetOf(definition: (typeof operations)[number], same = false): Promise<Target> {
  const { operationId: name, method, success } = definition;
  const changesNothing = method === 'get' || takesDryRun(definition);
  const repeatable = changesNothing || (same ? !/^(delete|purge|restore)-/.test(name) : success.status === 201);
  if (!repeatable) return makeTarget(api, definition);
  const target = worlds.get(name) ?? (await makeTarget(api, definition));
  worlds.set(name, target);
  return target;
}

/** The values to try: the largest, which come first, and of the others one in three; before a deployment all. */
const chosen = <T>(values: T[]): T[] => (process.env.ALL_TESTS ? values : values.filter((_, n) => n % 3 === 0));

/** For tests that send hundreds of requests. */
const PATIENT = { timeout: 60_000 };

const text = (length: number, unit: string) => unit.repeat(length);
const deep = (levels: number): object => (levels === 1 ? {} : { a: deep(levels - 1) });

/** For each kind of member the values that are allowed, as far out as they go. */
const MEMBERS: Partial<Record<Kind, (schema: Schema, depth: number) => unknown[]>> = {
  label: ({ maxLength = 0 }) => [
    text(maxLength, 'x'),
    text(maxLength, '😀'),
    text(maxLength, 'e\u0301'),
    ` \u3000${text(maxLength, 'y')}\u00a0 `,
    '👩\u200d👧 "quoted" \\n \\ {a,b} NULL %s $1 \u202e \u2028 </script>',
    '0',
  ],
  text: ({ maxLength = 0 }) => [text(maxLength, 'x'), text(maxLength, '😀'), '', ' ', 'a\r\n\tb', '\u200b'],
  subject: ({ maxLength = 0 }) => [
    text(maxLength, 'x'),
    text(maxLength, '😀'),
    ' ',
    '\u200b',
    'auth0|0 "\\',
    'API-KEY:x',
  ],
  url: ({ maxLength = 0 }) => [
    `https://example.com/${text(maxLength - 'https://example.com/'.length, 'x')}`,
    'HTTPS://bücher.example:1024/a?b=c&d=%20#e',
  ],
  email: ({ maxLength = 0 }) => [
    `${text(maxLength - '@a.b'.length, 'x')}@a.b`,
    ` ${text(maxLength - '@a.b'.length, '😀')}@a.b\u00a0`,
    "o'hara+tag=x!#$%&*/?^_`{|}~-@sub.example.co.uk",
    'ada@bücher.example',
    'ADA@EXAMPLE.COM',
  ],
  timestamp: () => ['2099-02-28T23:59:59.999999999+23:59', '9999-12-31T23:59:59.999999999Z', '0001-01-01T00:00:00Z'],
  prose: ({ maxLength = 0 }) => [
    text(maxLength, 'x'),
    text(maxLength, '😀'),
    ' \r\n\ta\u200b ',
    '@[none] @[] @[01976D5C-7B1E-7C3A-9F00-3C1D2E4F5A6B',
    '@[01976D5C-7B1E-7C3A-9F00-3C1D2E4F5A6B]'.repeat(21),
  ],
  enum: ({ enum: values = [] }) => values,
  integer: ({ minimum = 0, maximum = 0 }) => [minimum, maximum, 'raw:1.0', 'raw:1e0', 'raw:-0', 'raw:100e-2'],
  number: ({ minimum = 0, maximum = 0 }) => [0, -1.5, minimum, maximum, 5e-324, 'raw:-0', 'raw:1e-400'],
  uuid: () => ['01976D5C-7B1E-7C3A-9F00-3C1D2E4F5A6B', '00000000-0000-0000-0000-000000000000'],
  date: () => ['2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'],
  color: () => ['#000000', '#abCDef'],
  free: (_, depth) => [
    {},
    { '': '', 'a b': 'c\nd', constructor: {}, toString: null, '1': [[], [{}]] },
    { a: 'x'.repeat(16_384 - '{"a": ""}'.length) },
    { a: [Number.MAX_SAFE_INTEGER, 'raw:-9007199254740991.0', 'raw:9.007199254740991e15', 0.1, 5e-324, 'raw:-0'] },
    deep(32 - depth),
  ],
  closed: (schema) => [required(schema)],
  // The example's task has one of these tags already.
  array: ({ minItems = 0, maxItems = 0, items }) => [
    Array.from({ length: minItems }, (_, n) => item(dereference(items ?? {}), n)),
    Array.from({ length: maxItems }, (_, n) => item(dereference(items ?? {}), n)),
  ],
};

/** The n-th of the items of a list, which are all different. */
function item({ type, format, enum: values }: Schema, n: number): unknown {
  if (values) return values[n];
  const id = `01976d5c-7b1e-7c3a-9f00-${String(n).padStart(12, '0')}`;
  if (type === 'object') return { member_id: id };
  return format === 'uuid' ? id : n === 0 ? 'design' : `t${n}`;
}

/** The same for parameters. */
const PARAMETERS: Partial<Record<Kind, (schema: Schema) => string[]>> = {
  label: ({ maxLength = 0 }) => [text(maxLength, 'x'), text(maxLength, '😀'), '\\', '{a,"b\\"}', 'NULL', '%', '"', "'"],
  search: ({ maxLength = 0 }) => [text(maxLength, 'x'), text(maxLength, '😀'), "' | ! & ( <-> :* \\", ' ', '-', 'a:b*'],
  actor: ({ maxLength = 0 }) => [text(maxLength, 'x'), text(maxLength, '😀'), ' ', "'"],
  enum: ({ enum: values, const: only }) => values ?? [String(only)],
  integer: ({ minimum, maximum }) => [`${minimum}`, `${maximum}`, `00${maximum}`],
  switch: ({ const: only }) => (only === undefined ? ['true', 'false'] : [String(only)]),
  uuid: () => ['01976D5C-7B1E-7C3A-9F00-3C1D2E4F5A6B'],
  choice: ({ enum: words = [] }) => [...words, '01976D5C-7B1E-7C3A-9F00-3C1D2E4F5A6B'],
  date: () => ['2024-02-29', '0001-01-01', '9999-12-31'],
  timestamp: () => [
    '2024-02-29T23:59:59.999999999+23:59',
    '2024-02-29t00:00:00z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999999Z',
  ],
  list: (schema) => [listed(schema).join(','), listed(schema).toReversed().join(',')],
  sort: (schema) => [
    ...listed(schema),
    listed(schema)
      .map((member) => `-${member}`)
      .join(','),
  ],
  json: () => ['{}', ' {"a":[1,null,"\\u00fc"]} ', JSON.stringify(deep(32)), JSON.stringify({ a: 'x'.repeat(16_375) })],
};

const named = operations.map((definition) => [definition.operationId, definition] as const);

// What an operation of a batch may have in it, its own endpoint says: test/functions/batch.
test.each(named.filter(([name, { body }]) => body && name !== 'batch'))(
  '%s takes what every member may be',
  PATIENT,
  async (_, definition) => {
    const faults: string[] = [];
    for (const { path, kind, schema, nullable } of members(definition)) {
      // What a database may be called, test/shards says.
      if (path.length === 0 || kind === 'formed') continue;
      const values = [...(MEMBERS[kind]?.(schema, path.length) ?? []), ...(nullable ? [null] : [])];
      expect(values.length, `no value for ${kind}`).toBeGreaterThan(0);
      for (const value of chosen(values)) {
        const target = await targetOf(definition);
        faults.push(...(await passes(target, { body: encode(bodyWith(bodySchema(definition) ?? {}, path, value)) })));
      }
    }
    expect(faults).toEqual([]);
  },
);

test.each(named.filter(([, { query }]) => query))(
  '%s takes what every parameter may be',
  PATIENT,
  async (_, definition) => {
    const faults: string[] = [];
    const all = parameters(definition, 'query');
    const target = await targetOf(definition);
    for (const { name, kind, schema, repeatable } of all) {
      const values = kind === 'cursor' ? [target.cursor] : (PARAMETERS[kind]?.(schema) ?? []);
      expect(values.length, `no value for ${kind}`).toBeGreaterThan(0);
      // Nested tasks must be asked for before anything can be said of them.
      const nests = isList(definition) && name !== 'include' && all.some((other) => other.name === 'include');
      for (const value of chosen(values)) {
        const beside = nests ? 'include=tasks&' : name === 'assignee_role' ? 'assignee=me&' : '';
        const query = `${beside}${name}=${encodeURIComponent(value)}`;
        faults.push(...(await passes(target, { query })));
      }
      if (repeatable) {
        const query = Array.from({ length: 50 }, (_, n) => `${name}=t${n}`).join('&');
        faults.push(...(await passes(target, { query })));
      }
    }
    expect(faults).toEqual([]);
  },
);

const MIB = 1_048_576;
const padding = (body: string) => ' '.repeat(MIB - new TextEncoder().encode(body).length);
/** Ways to send a body. */
const WAYS: Record<string, (body: string) => { body: unknown; headers?: Record<string, string> }> = {
  'with a byte-order mark': (body) => ({ body: `\ufeff${body}` }),
  'with white space around': (body) => ({ body: ` \r\n\t${body}\n` }),
  'of 1 MiB': (body) => ({ body: body + padding(body) }),
  'of 1 MiB in chunks': (body) => ({ body: chunked(body + padding(body), 65_536) }),
  'byte by byte': (body) => ({ body: chunked(body, 1) }),
  'with a charset': (body) => ({ body, headers: { 'Content-Type': 'Application/JSON; Charset="UTF-8"; v=1' } }),
  'with the encoding identity': (body) => ({ body, headers: { 'Content-Encoding': 'identity' } }),
  'with a key of 255 characters': (body) => ({ body, headers: { 'Idempotency-Key': `"${'k'.repeat(255)}"` } }),
  'with a key of one blank in quotes': (body) => ({ body, headers: { 'Idempotency-Key': '" "' } }),
};

test.each(Object.entries(WAYS))('every endpoint takes its body %s', PATIENT, async (_, way) => {
  const faults: string[] = [];
  for (const definition of operations.filter(readsBody)) {
    const target = await targetOf(definition, true);
    const draft = goodRequest(target);
    const { body, headers } = way(JSON.stringify(draft.body ?? {}));
    const all = { ...draft.headers, 'Content-Type': 'application/json', ...headers };
    faults.push(...(await passes(target, { body, headers: all })));
  }
  expect(faults).toEqual([]);
});

const HEADERS: Record<string, Record<string, string>> = {
  'the token in lower case': {},
  'If-Match with any version': { 'If-Match': '*' },
  'If-Match with a list that has the version': { 'If-Match': ', "x", W/"1.x", "2.x" ,,"3.x", "a,b"' },
  'If-None-Match that is no list of entity tags': { 'If-None-Match': '"half, \\ {' },
  'If-None-Match with backslashes and braces': { 'If-None-Match': '"\\", "{a,b}", "NULL"' },
  'a request id that cannot be echoed': { 'X-Request-Id': 'a b' },
  'headers that are of no interest': { Accept: 'text/html', Range: 'bytes=0-1', 'If-Modified-Since': 'never' },
};

test.each(Object.entries(HEADERS))('every endpoint takes %s', PATIENT, async (name, headers) => {
  const faults: string[] = [];
  for (const definition of operations) {
    // Tenants have no version: there the tag is a digest.
    if (name.includes('list that has') && definition.access === 'platform') continue;
    const target = await targetOf(definition, !name.includes('list that has'));
    const own = goodRequest(target).headers;
    const token = name.includes('token') && target.token ? { Authorization: `bEARER ${target.token}` } : {};
    faults.push(...(await passes(target, { headers: { ...own, ...headers, ...token } })));
  }
  expect(faults).toEqual([]);
});

test('every endpoint takes ids in upper case', async () => {
  const faults: string[] = [];
  for (const definition of operations.filter(({ params }) => params)) {
    const target = await targetOf(definition, true);
    const steps = goodRequest(target).path.split('/');
    const path = definition.path
      .split('/')
      .map((step, i) => (step[0] === ':' ? steps[i]?.toUpperCase() : step))
      .join('/');
    faults.push(...(await passes(target, { path })));
  }
  expect(faults).toEqual([]);
});

afterAll(() => console.info(`${requests} requests with what is allowed`));
