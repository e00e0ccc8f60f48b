import { type BadInput, type Case, encode, goodRequest, type Target } from './bad-requests.ts';
import { bodySchema, bodyWith, type Kind, type Member, members, required, type Schema } from './bad-slots.ts';
import { BAD_COLORS, BAD_DATES, BAD_EMAILS, BAD_TIMESTAMPS, BAD_UUIDS, blanks } from './bad-values.ts';

/* What no member of a body may be: each rule at every member that takes such a value. */

interface Rule {
  name: string;
  kinds: Kind[];
  value: (schema: Schema) => unknown;
  fault: string;
  /** Where in the value the fault lies. */
  inside?: string;
  asks?: BadInput['asks'];
}

const isPatch: BadInput['asks'] = ({ method }) => method === 'patch';

const RULES: Rule[] = [
  ...Object.entries(blanks).map(([name, text]): Rule => {
    return { name: `blank by ${name}`, kinds: ['label', 'prose'], value: () => text, fault: 'blank' };
  }),
  long('label', 'a character more than may be', 'x'),
  long('label', 'an astral character more than may be', '😀'),
  long('label', 'a character more than may be in NFC', '\u0958'),
  long('prose', 'a character more than may be', 'x'),
  long('prose', 'an astral character more than may be', '😀'),
  { name: 'line breaks alone', kinds: ['prose'], value: () => ' \r\n\t', fault: 'blank' },
  {
    name: 'a mention more than may be',
    kinds: ['prose'],
    value: () => Array.from({ length: 21 }, (_, n) => `@[01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a${10 + n}]`).join(' '),
    fault: 'too_many_mentions',
  },
  long('text', 'a character more than may be', 'x'),
  long('text', 'an astral character more than may be', '😀'),
  long('subject', 'a character more than may be', 'x'),
  long('subject', 'an astral character more than may be', '😀'),
  { name: 'nothing', kinds: ['subject'], value: () => '', fault: 'too_short' },
  ...['api-key:', 'member:', 'api-key:01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b'].map((text): Rule => {
    return { name: `a beginning that is kept: ${text}`, kinds: ['subject'], value: () => text, fault: 'reserved' };
  }),
  {
    name: 'a character more than may be',
    kinds: ['email'],
    value: ({ maxLength = 0 }) => `${'x'.repeat(maxLength - '@example.com'.length + 1)}@example.com`,
    fault: 'too_long',
  },
  ...BAD_EMAILS.map((text): Rule => bad('email', text)),
  ...['', 'example.com', 'http://example.com/', 'https://a b/', '//example.com/'].map((text): Rule => bad('url', text)),
  ...BAD_TIMESTAMPS.map((text): Rule => bad('timestamp', text)),
  {
    name: 'an endless pile of accents',
    kinds: ['label'],
    value: () => `a${'\u0315'.repeat(99_999)}`,
    fault: 'too_long',
  },
  ...['a\nb', 'a\tb', 'a\r', '\u2028\n'].map((text): Rule => {
    const name = `a control character that only texts may have: ${JSON.stringify(text)}`;
    return { name, kinds: ['label', 'subject', 'email'], value: () => text, fault: 'control_character' };
  }),
  ...['\0', 'a\0b', '\u001b[0m', '\u0085', '\u007f'].map((text): Rule => {
    const name = `a control character: ${JSON.stringify(text)}`;
    return {
      name,
      kinds: ['label', 'text', 'subject', 'email', 'color', 'date', 'timestamp', 'uuid', 'enum', 'prose'],
      value: () => text,
      fault: 'control_character',
    };
  }),
  ...['\ud800', 'a\udfff', '\udc00\ud800'].map((text): Rule => {
    const name = `an unpaired surrogate: ${JSON.stringify(text)}`;
    return {
      name,
      kinds: ['label', 'text', 'subject', 'email', 'color', 'date', 'timestamp', 'uuid', 'enum', 'prose'],
      value: () => text,
      fault: 'unpaired_surrogate',
    };
  }),
  ...(
    [
      ['a value with NUL', { a: ['\0'] }, '/a/0', 'control_character'],
      ['a name with NUL', { '\0': 1 }, '/\0', 'control_character'],
      ['an unpaired surrogate', { a: { b: '\ud800' } }, '/a/b', 'unpaired_surrogate'],
      ['__proto__', { a: [Object.fromEntries([['__proto__', 1]])] }, '/a/0/__proto__', 'forbidden_member'],
      ['a number beyond a double', { a: 'raw:1e400' }, '/a', 'number_out_of_range'],
      ...['9007199254740992', '-9007199254740993', '9007199254740993.0', '1e20', '-1.5e300'].map(
        (text) =>
          [
            `a number that is not exact: ${text}`,
            { a: [0, { 'b/c': `raw:${text}` }] },
            '/a/1/b~1c',
            'number_out_of_range',
          ] as const,
      ),
    ] as const
  ).map(([name, value, inside, fault]): Rule => ({ name, kinds: ['free'], value: () => value, inside, fault })),
  { name: 'a byte more than 16 KiB', kinds: ['free'], value: () => sized('x'), fault: 'too_large', asks: isPatch },
  {
    name: '16 KiB by small numbers',
    kinds: ['free'],
    value: () => ({ a: Array(51).fill(5e-324) }),
    fault: 'too_large',
    asks: isPatch,
  },
  { name: '16 KiB by umlauts', kinds: ['free'], value: () => sized('ü'), fault: 'too_large', asks: isPatch },
  { name: 'nonsense', kinds: ['enum'], value: () => 'nonsense', fault: 'invalid_value' },
  {
    name: 'a known value in upper case',
    kinds: ['enum'],
    value: ({ enum: [one = ''] = [] }) => one.toUpperCase(),
    fault: 'invalid_value',
  },
  {
    name: 'a known value with a blank',
    kinds: ['enum'],
    value: ({ enum: [one = ''] = [] }) => `${one} `,
    fault: 'invalid_value',
  },
  { name: 'an empty string', kinds: ['enum'], value: () => '', fault: 'invalid_value' },
  ...BAD_UUIDS.map((text): Rule => bad('uuid', text)),
  ...BAD_DATES.map((text): Rule => bad('date', text)),
  ...BAD_COLORS.map((text): Rule => bad('color', text)),
  { name: 'one less than may be', kinds: ['integer'], value: ({ minimum = 0 }) => minimum - 1, fault: 'too_small' },
  { name: 'one more than may be', kinds: ['integer'], value: ({ maximum = 0 }) => maximum + 1, fault: 'too_big' },
  { name: '2^31', kinds: ['integer'], value: () => 2 ** 31, fault: 'too_big' },
  { name: '-2^31 - 1', kinds: ['integer'], value: () => -(2 ** 31) - 1, fault: 'too_small' },
  { name: '2^53', kinds: ['integer'], value: () => 2 ** 53, fault: 'too_big' },
  { name: '1e300', kinds: ['integer'], value: () => 1e300, fault: 'too_big' },
  { name: '0.5', kinds: ['integer'], value: () => 0.5, fault: 'wrong_type' },
  { name: '1e-7', kinds: ['integer'], value: () => 1e-7, fault: 'wrong_type' },
  ...['1e400', '-1e400'].map((text): Rule => {
    return { name: text, kinds: ['integer', 'number'], value: () => `raw:${text}`, fault: 'number_out_of_range' };
  }),
  { name: 'an entry more than may be', kinds: ['array'], value: oneTooMany, fault: 'too_long' },
  {
    name: 'a level more than may be',
    kinds: ['array'],
    value: ({ maxItems }) => (maxItems === 0 ? [{ title: 'x' }] : undefined),
    fault: 'too_deep',
  },
  ...['id', 'tenant_id', 'created_at', 'version', 'constructor', '', 'Name', 'a/b~c'].map((member): Rule => {
    const inside = `/${member.replace('~', '~0').replace('/', '~1')}`;
    const name = `a member that the schema does not name: ${JSON.stringify(member)}`;
    return { name, kinds: ['closed'], value: () => ({ [member]: 1 }), inside, fault: 'unknown_member' };
  }),
];

function long(kind: Kind, name: string, character: string): Rule {
  return { name, kinds: [kind], value: ({ maxLength = 0 }) => character.repeat(maxLength + 1), fault: 'too_long' };
}

function bad(kind: Kind, text: string): Rule {
  return { name: JSON.stringify(text), kinds: [kind], value: () => text, fault: 'invalid_format' };
}

/** An object that the database prints in 16 385 bytes: `{"a": "…"}`. */
function sized(character: string): object {
  const length = new TextEncoder().encode(character).length;
  return { a: character.repeat(Math.ceil((16_385 - '{"a": ""}'.length) / length)) };
}

function oneTooMany({ maxItems, items }: Schema): unknown {
  return maxItems ? Array.from({ length: maxItems + 1 }, (_, n) => `${n}${items?.examples?.[0] ?? ''}`) : undefined;
}

/** JSON types, each with a value. */
const TYPES = { null: null, boolean: true, number: 0, string: 'x', array: [], object: {} };

export const badMembers: BadInput[] = [
  ...RULES.map(({ name, kinds, value, fault, inside = '', asks }): BadInput => {
    return {
      name: `${kinds.join(', ')}: ${name}`,
      status: 400,
      code: 'validation_failed',
      fault,
      ...(asks ? { asks } : {}),
      cases: (target) =>
        members(target.definition)
          .filter(({ kind }) => kinds.includes(kind))
          .flatMap((member) => atMember(target, member, value(member.schema), inside)),
    };
  }),
  ...Object.entries(TYPES).map(([type, value]) => wrongType(type, value, ({ kind }) => kind !== 'enum', 'wrong_type')),
  ...Object.entries(TYPES)
    .filter(([type]) => type !== 'string')
    .map(([type, value]) => wrongType(type, value, ({ kind }) => kind === 'enum', 'invalid_value')),
  {
    name: 'a member that is needed: left out',
    status: 400,
    code: 'validation_failed',
    fault: 'required',
    cases: (target) =>
      members(target.definition)
        .filter(({ path, required }) => required && typeof path.at(-1) === 'string')
        .flatMap((member) => inBody(target, member, undefined, '')),
  },
  {
    name: 'one tag or member to be added and removed',
    status: 400,
    code: 'validation_failed',
    fault: 'contradiction',
    asks: () => true,
    cases: (target) =>
      members(target.definition)
        .filter(({ kind, schema }) => kind === 'closed' && schema.properties?.add && schema.properties.remove)
        .flatMap((member) => {
          const ofTags = member.schema.properties?.remove?.items?.format !== 'uuid';
          const id = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
          const both = ofTags
            ? { add: ['Straße'], remove: ['STRASSE'] }
            : { add: [{ member_id: id }], remove: [id.toUpperCase()] };
          return inBody(target, member, both, '');
        }),
  },
];

function wrongType(type: string, value: unknown, applies: (member: Member) => boolean, fault: string): BadInput {
  return {
    name: `a member of another JSON type: ${type} (${fault})`,
    status: 400,
    code: 'validation_failed',
    fault,
    cases: (target) =>
      members(target.definition)
        .filter((member) => applies(member) && member.path.length > 0 && !member.types.has(type))
        .flatMap((member) => inBody(target, member, value, '')),
  };
}

function atMember(target: Target, member: Member, value: unknown, inside: string): Case[] {
  if (value === undefined) return [];
  // An object has what it needs, beside what is wrong in it.
  const whole = member.kind === 'closed' ? { ...required(member.schema), ...(value as object) } : value;
  return inBody(target, member, whole, inside);
}

function inBody(target: Target, { path }: Member, value: unknown, inside: string): Case[] {
  const schema = bodySchema(target.definition);
  const body = encode(bodyWith(schema ?? {}, path, value));
  const pointer = path.map((step) => `/${step}`).join('') + inside;
  return [{ draft: { ...goodRequest(target), body }, pointer }];
}
