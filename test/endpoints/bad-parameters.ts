import { type BadInput, type Case, goodRequest, type Target, withParameter } from './bad-requests.ts';
import { type Kind, listed, type Parameter, type Schema } from './bad-slots.ts';
import { BAD_DATES, BAD_INTEGERS, BAD_TIMESTAMPS, BAD_UUIDS, blanks } from './bad-values.ts';

/* What no query and no path may hold (docs/api-conventions.md, "Query strings" and "Lists"). */

const invalid = (name: string) => ({ name, status: 400, code: 'validation_failed' }) as const;

/** Raw query → the member at fault and its code; for every endpoint, whatever it takes. */
const ANYWHERE: [query: string, pointer: string, fault: string][] = [
  ['nonsense=1', '?nonsense', 'unknown_member'],
  ['tenant_id=01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b', '?tenant_id', 'unknown_member'],
  ['__proto__=1', '?__proto__', 'unknown_member'],
  ['%5F%5Fproto%5F%5F=1', '?__proto__', 'unknown_member'],
  ['constructor=1', '?constructor', 'unknown_member'],
  ['LIMIT=1', '?LIMIT', 'unknown_member'],
  ['limit[]=1', '?limit[]', 'unknown_member'],
  ['filter[name]=x', '?filter[name]', 'unknown_member'],
  ['limit%20=1', '?limit ', 'unknown_member'],
  ['?limit=1', '??limit', 'unknown_member'],
  ['amp;limit=1', '?amp;limit', 'unknown_member'],
  ['=1', '?', 'empty_name'],
  ['nonsense', '?nonsense', 'empty_value'],
  ['nonsense=', '?nonsense', 'empty_value'],
  ['a=1&a=1', '?a', 'repeated_parameter'],
  ['a=1&%61=2', '?a', 'repeated_parameter'],
  ['a=%', '?a', 'invalid_encoding'],
  ['a=%Z', '?a', 'invalid_encoding'],
  ['a=%ZZ', '?a', 'invalid_encoding'],
  ['a=%u0041', '?a', 'invalid_encoding'],
  ['a=%ff', '?a', 'invalid_encoding'],
  ['a=%C0%80', '?a', 'invalid_encoding'],
  ['a=%E2%82', '?a', 'invalid_encoding'],
  ['a=%ED%A0%80', '?a', 'invalid_encoding'],
  ['a=%F4%90%80%80', '?a', 'invalid_encoding'],
  ['%ff=a', '?%ff', 'invalid_encoding'],
  ['a=%00', '?a', 'control_character'],
  ['a=x%1By', '?a', 'control_character'],
  ['a%00=1', '?a\0', 'control_character'],
];

/** For each parameter, whatever its kind: what stands behind its name. */
const EVERY_PARAMETER: [name: string, rest: (name: string) => string, fault: string][] = [
  ['no value', () => '', 'empty_value'],
  ['an empty value', () => '=', 'empty_value'],
  ['bad percent-encoding', () => '=%ZZ', 'invalid_encoding'],
  ['invalid UTF-8', () => '=%ff', 'invalid_encoding'],
  ['NUL', () => '=%00', 'control_character'],
];

interface Rule {
  name: string;
  kinds: Kind[];
  /** Before it is encoded. */
  value: (schema: Schema) => string | undefined;
  fault: string;
}

const RULES: Rule[] = [
  ...BAD_INTEGERS.map((text): Rule => bad('integer', text)),
  {
    name: 'one less than may be',
    kinds: ['integer'],
    value: ({ minimum = 0 }) => (minimum > 0 ? `${minimum - 1}` : undefined),
    fault: 'too_small',
  },
  { name: 'one more than may be', kinds: ['integer'], value: ({ maximum = 0 }) => `${maximum + 1}`, fault: 'too_big' },
  { name: '2^31', kinds: ['integer'], value: () => `${2 ** 31}`, fault: 'too_big' },
  ...['TRUE', 'True', '1', '0', 'yes', 'on', 'null'].map((text): Rule => bad('switch', text, 'invalid_value')),
  ...['nonsense', ' ', 'null'].map((text): Rule => bad('enum', text, 'invalid_value')),
  {
    name: 'in upper case',
    kinds: ['enum'],
    value: (schema) => `${schema.enum?.[0] ?? schema.const}`.toUpperCase(),
    fault: 'invalid_value',
  },
  {
    name: 'two values',
    kinds: ['enum'],
    value: (schema) => schema.enum?.slice(0, 2).join(','),
    fault: 'invalid_value',
  },
  ...BAD_UUIDS.map((text): Rule => bad('uuid', text)),
  ...BAD_UUIDS.map((text): Rule => bad('choice', text, 'invalid_value')),
  ...BAD_DATES.map((text): Rule => bad('date', text)),
  ...BAD_TIMESTAMPS.map((text): Rule => bad('timestamp', text)),
  { name: 'an entry that is none', kinds: ['list'], value: () => 'nonsense', fault: 'invalid_value' },
  {
    name: 'an entry that is none behind one that is',
    kinds: ['list'],
    value: (schema) => `${listed(schema)[0]},x`,
    fault: 'invalid_value',
  },
  {
    name: 'an entry in upper case',
    kinds: ['list'],
    value: (schema) => listed(schema)[0]?.toUpperCase(),
    fault: 'invalid_value',
  },
  {
    name: 'a blank behind the comma',
    kinds: ['list'],
    value: (schema) => listed(schema).slice(0, 2).join(', '),
    fault: 'invalid_value',
  },
  { name: 'an empty entry', kinds: ['list'], value: (schema) => `${listed(schema)[0]},`, fault: 'invalid_format' },
  { name: 'empty entries alone', kinds: ['list'], value: () => ',', fault: 'invalid_format' },
  {
    name: 'an entry twice',
    kinds: ['list'],
    value: (schema) => `${listed(schema)[0]},${listed(schema)[0]}`,
    fault: 'invalid_format',
  },
  ...[
    'nonsense',
    '-',
    ',',
    '--created_at',
    '+created_at',
    'created_at desc',
    'tenant_id',
    'CREATED_AT',
    '1',
    'name;drop table tags',
  ].map((text): Rule => bad('sort', text, 'invalid_value')),
  {
    name: 'a member twice',
    kinds: ['sort'],
    value: (schema) => `${listed(schema)[0]},-${listed(schema)[0]}`,
    fault: 'invalid_value',
  },
  { name: 'a comma at the end', kinds: ['sort'], value: (schema) => `${listed(schema)[0]},`, fault: 'invalid_value' },
  ...Object.entries(blanks)
    .filter(([, text]) => text !== '')
    .map(([name, text]): Rule => {
      return { name: `blank by ${name}`, kinds: ['label'], value: () => text, fault: 'blank' };
    }),
  ...['x', '😀'].map((character): Rule => {
    const value = ({ maxLength = 0 }: Schema) => character.repeat(maxLength + 1);
    return { name: `one ${character} more than may be`, kinds: ['label', 'search', 'actor'], value, fault: 'too_long' };
  }),
  ...['a\nb', 'a\tb'].map((text): Rule => {
    const name = `a control character that only texts may have: ${JSON.stringify(text)}`;
    return { name, kinds: ['label', 'search', 'actor'], value: () => text, fault: 'control_character' };
  }),
  ...(
    [
      ['{', 'invalid_json'],
      ["{'a':1}", 'invalid_json'],
      ['{"a":1,"\\u0061":1}', 'duplicate_member'],
      [`{"a":${'['.repeat(32)}${']'.repeat(32)}}`, 'too_deep'],
      ['[]', 'wrong_type'],
      ['"x"', 'wrong_type'],
      ['null', 'wrong_type'],
      ['{"__proto__":1}', 'forbidden_member'],
      ['{"a":"\\u0000"}', 'control_character'],
      ['{"a":"\\ud800"}', 'unpaired_surrogate'],
      ['{"a":1e400}', 'number_out_of_range'],
      ['{"a":9007199254740993}', 'number_out_of_range'],
      ['{"a":[{"b":-1e20}]}', 'number_out_of_range'],
      [JSON.stringify({ a: 'x'.repeat(16_376) }), 'too_large'],
    ] as const
  ).map(([text, fault]): Rule => ({ name: text.slice(0, 40), kinds: ['json'], value: () => text, fault })),
];

function bad(kind: Kind, text: string, fault = 'invalid_format'): Rule {
  const name = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  return { name, kinds: [kind], value: () => text, fault };
}

export const badParameters: BadInput[] = [
  ...ANYWHERE.map(([query, pointer, fault]): BadInput => {
    const cases = (target: Target) => [{ draft: { ...goodRequest(target), query }, pointer }];
    return { ...invalid(`query: ${query}`), fault, cases };
  }),
  ...EVERY_PARAMETER.map(([name, rest, fault]): BadInput => {
    return { ...invalid(`query: ${name}`), fault, cases: withParameter((p) => `${p.name}${rest(p.name)}`) };
  }),
  {
    ...invalid('query: a parameter twice'),
    fault: 'repeated_parameter',
    cases: withParameter((p) => (p.repeatable ? undefined : `${p.name}=${sample(p)}&${p.name}=${sample(p)}`)),
  },
  {
    ...invalid('query: a parameter more often than may be'),
    fault: 'too_long',
    cases: withParameter((p) =>
      p.repeatable ? Array.from({ length: 51 }, (_, n) => `${p.name}=${n}`).join('&') : undefined,
    ),
  },
  {
    ...invalid('query: one of a repeated parameter is empty'),
    fault: 'empty_value',
    cases: withParameter((p) => (p.repeatable ? `${p.name}=x&${p.name}=` : undefined)),
  },
  ...RULES.map(({ name, kinds, value, fault }): BadInput => {
    const cases = withParameter((parameter) => {
      const text = kinds.includes(parameter.kind) ? value(parameter.schema) : undefined;
      return text === undefined ? undefined : `${parameter.name}=${encodeURIComponent(text)}`;
    });
    return { ...invalid(`query: ${kinds.join(', ')}: ${name}`), fault, cases };
  }),
  ...[...BAD_UUIDS, '%', '%ff', '%00', 'x'.repeat(5000)].map((text): BadInput => {
    const name = `path: ${JSON.stringify(text.slice(0, 40))}`;
    return { ...invalid(name), fault: 'invalid_format', cases: (target) => inPath(target, text) };
  }),
  {
    name: 'query: a range whose end lies before its begin',
    status: 422,
    code: 'unprocessable',
    fault: 'inverted_range',
    cases: withParameter(({ name, kind }) => {
      if (!/(^|_)before$/.test(name)) return undefined;
      const [late, early] =
        kind === 'date' ? ['2024-01-02', '2024-01-01'] : ['2024-01-01T00:00:00Z', '2024-01-01T00:30:00%2B01:00'];
      return `${name.replace(/before$/, 'after')}=${late}&${name}=${early}`;
    }),
  },
  {
    ...invalid('query: what needs include=tasks, without it'),
    fault: 'excluded',
    cases: withParameter(({ name, schema }) => {
      if (name === 'task_limit' && schema.maximum === 200) return 'task_limit=1';
      return listed(schema).includes('tasks_page') ? 'fields=id,tasks' : undefined;
    }),
  },
];

/** A value that the parameter takes, encoded. */
export function sample({ kind, schema }: Parameter): string {
  const { minimum = 0, enum: [first] = [], const: only } = schema;
  const samples: Partial<Record<Kind, unknown>> = {
    integer: minimum,
    switch: true,
    enum: first ?? only,
    uuid: '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b',
    choice: '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b',
    date: '2024-02-29',
    timestamp: '2024-02-29T12:00:00Z',
    list: listed(schema)[0],
    sort: listed(schema)[0],
    json: '{}',
  };
  return encodeURIComponent(String(samples[kind] ?? 'x'));
}

/** One case for each id in the path. What is no percent-encoding is left as it is. */
function inPath(target: Target, text: string): Case[] {
  const steps = target.definition.path.split('/');
  const draft = goodRequest(target);
  const encoded = text.startsWith('%') ? text : encodeURIComponent(text);
  return steps.flatMap((step, i) => {
    if (!step.startsWith(':')) return [];
    const path = draft.path.split('/').with(i, encoded).join('/');
    return [{ draft: { ...draft, path }, pointer: `{${step.slice(1)}}` }];
  });
}
