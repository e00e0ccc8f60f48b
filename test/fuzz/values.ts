import fc from 'fast-check';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { type Kind, listed, type Schema } from '../endpoints/bad-slots.ts';

/* What single members and parameters can be: valid by construction, or broken by construction. */

/** Characters that have been trouble somewhere: to SQL, to arrays in text, to full-text search, to JSON, to Unicode. */
const ODD = [
  ...'\'"\\{},%_$1;:|&!()<>*-/~^.#?@=+`',
  ' ',
  'NULL',
  'ß',
  'İ',
  'ﬁ',
  'e\u0301',
  '\u0958',
  '😀',
  '👩\u200d👧',
  '\u202e',
  '\u2028',
  '\u200b',
  '\u00a0',
  '\ufeff',
  '한',
  'ａ',
  '0',
  'a',
  'Z',
  '</script>',
  '--',
  '/*',
  '\uffff',
  '\u{10ffff}',
];
const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ODD) },
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);

const isOneLine = (text: string) => !/\p{Cc}/u.test(text);
const hasNoControls = (text: string) => isOneLine(text.replaceAll(/[\t\r\n]/g, ''));
const length = (text: string) => [...text].length;
/** Shows something, by a definition other than the one that is tested. */
const isVisible = (text: string) =>
  /[\p{L}\p{N}\p{S}]/u.test(text.replaceAll(/[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/g, ''));

/** A name or title as the contract takes it. */
export function label(max: number): fc.Arbitrary<string> {
  const short = fc.string({ unit: character, minLength: 1, maxLength: 12 });
  const long = fc.nat({ max: max - 1 }).chain((n) => fc.constantFrom('x', '😀').map((unit) => unit.repeat(n + 1)));
  return fc
    .oneof({ weight: 8, arbitrary: short }, long)
    .filter((text) => isOneLine(text) && isVisible(text) && length(text.trim().normalize('NFC')) <= max);
}

/** Few, with different keys, so that tags meet and a task never has too many of these. */
export const TAG_NAMES = [
  'design',
  'urgent',
  'a\\b',
  '{x,"y"}',
  'NULL',
  "o'clock",
  'Straße',
  'İ',
  'ﬁn',
  '%',
  '$1',
  '😀',
  'naïve',
  '  padded ',
  'a"b',
  '\\',
  '"',
  ',',
  '{}',
  'c:\\n',
];

export const text = (max: number) =>
  fc
    .string({ unit: fc.oneof(character, fc.constantFrom('\n', '\r\n', '\t')), maxLength: Math.min(max, 60) })
    .filter(hasNoControls);

const name = fc
  .oneof(fc.constantFrom('a', 'b', 'c', '', 'constructor', '1', 'a b'), text(6))
  .filter((key) => key !== '__proto__');
export const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -0, Number.MAX_SAFE_INTEGER, -1e-7, 5e-324, '2026-01-31'),
    fc.double({ noNaN: true, min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
    text(20),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(name, tie('json'), { maxKeys: 3 }),
  ),
}));
const object = fc.dictionary(name, json, { maxKeys: 3 });

const date = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));
const moment = fc
  .tuple(
    fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
    fc.constantFrom('', '.1', '.123456789', '.999'),
    fc.constantFrom('Z', 'z', '+00:00', '-23:59', '+23:59', '+05:30'),
  )
  .map(([day, fraction, offset]) => day.toISOString().slice(0, 19) + fraction + offset);

/** An id to be put in when the request is sent: whose, and which. */
export function idOf(resource: string): fc.Arbitrary<string> {
  const whose = fc.oneof(
    { weight: 8, arbitrary: fc.constant('live') },
    fc.constantFrom('trashed', 'foreign', 'unknown'),
  );
  return fc.tuple(whose, fc.nat({ max: 999 })).map(([state, n]) => `@${resource}:${state}:${n}@`);
}

/** The resources of the API in the singular: those that have a collection in the OpenAPI document. */
const RESOURCES = Object.keys(document.paths).flatMap((path) => /^\/api\/v1\/(\w+)s$/.exec(path)?.[1] ?? []);

/** In the text of a comment. */
const mention = idOf('member').map((id) => `@[${id}]`);

/** Which resource an id is of, by the name of its member. A name that names none, as `parent_id`, means a task. */
export function resourceOf(name: string): string {
  if (name === 'author' || name === 'mentions') return 'member';
  return RESOURCES.find((resource) => name === `${resource}_id`) ?? 'task';
}

/** Something that the schema takes. */
export function valid(kind: Kind, schema: Schema, name: string): fc.Arbitrary<unknown> {
  const { minimum = 0, maximum = 0, maxLength = 0, enum: values, const: only } = schema;
  switch (kind) {
    case 'label':
      if (name.startsWith('tag')) return fc.constantFrom(...TAG_NAMES);
      // Names that are taken already must come up: of tags no two may have the same.
      return fc.oneof(fc.constantFrom(...TAG_NAMES), label(maxLength));
    case 'search':
      return text(maxLength).filter((words) => isOneLine(words) && words !== '');
    case 'actor':
      return fc.oneof(
        fc.constant('tester'),
        text(maxLength).filter((who) => isOneLine(who) && who !== ''),
      );
    case 'prose':
      return fc
        .array(fc.oneof(label(40), mention, text(20)), { minLength: 1, maxLength: 5 })
        .map((pieces) => pieces.join(''))
        .filter(isVisible);
    case 'subject':
      // Not the fuzzer's own: whoever is deactivated gets no other answer than 403.
      return fc.oneof(
        fc.constantFrom('a', 'b', 'c'),
        text(maxLength).filter((who) => isOneLine(who) && who !== '' && who !== 'tester'),
      );
    case 'url':
      return fc.constantFrom('https://example.com/', 'https://ü.example:8443/a?b=%20#c', 'https://a.b/{}');
    case 'email':
      return fc.constantFrom('a@example.com', ' b@example.com ', 'ü+1@bücher.example', "o'c@a.b.c");
    case 'text':
      return text(maxLength);
    case 'enum':
      return fc.constantFrom(...(values ?? [only]));
    case 'integer':
      return fc.integer({ min: minimum, max: maximum });
    case 'number':
      return fc.oneof(fc.integer({ min: -10, max: 10 }), fc.double({ min: minimum, max: maximum, noNaN: true }));
    case 'switch':
      return only === undefined ? fc.boolean() : fc.constant(only);
    case 'uuid':
      return idOf(resourceOf(name));
    case 'choice':
      return fc.oneof(fc.constantFrom(...(values ?? [])), idOf(resourceOf(name)));
    case 'date':
      return date;
    case 'timestamp':
      return moment;
    case 'color':
      return fc.stringMatching(/^#[0-9a-fA-F]{6}$/);
    case 'list':
      return fc.shuffledSubarray(listed(schema), { minLength: 1 }).map((list) => list.join(','));
    case 'sort':
      return fc
        .shuffledSubarray(listed(schema), { minLength: 1 })
        .chain((list) => fc.tuple(...list.map((member) => fc.constantFrom(member, `-${member}`))))
        .map((list) => list.join(','));
    case 'json':
      return object.map((value) => JSON.stringify(value));
    case 'free':
      return object;
    case 'formed':
      return fc.constantFrom(...((schema.examples ?? []) as string[]));
    case 'request':
      return object;
    default:
      throw new Error(`${kind} has no values of its own`);
  }
}

const NO_STRINGS: Kind[] = ['integer', 'number', 'switch', 'free', 'request', 'closed', 'array'];

/** Something that no member of this kind may be; a parameter, whose value is a string, less so. */
export function brokenMember(kind: Kind, nullable: boolean): fc.Arbitrary<unknown> {
  const kinds: fc.Arbitrary<unknown>[] = [];
  if (!nullable) kinds.push(fc.constant(null));
  if (!['free', 'request', 'closed'].includes(kind)) kinds.push(object);
  if (!['integer', 'number'].includes(kind)) kinds.push(fc.double({ noNaN: true, noDefaultInfinity: true }));
  if (kind !== 'array') kinds.push(fc.array(json, { maxLength: 3 }));
  if (NO_STRINGS.includes(kind)) kinds.push(text(20));
  else kinds.push(fc.constantFrom('\0', 'a\u0001', '\ud800', '\u009f'));
  if (kind === 'prose') kinds.push(fc.constantFrom('', ' ', '\u200b', '\n', 'x'.repeat(10_001)));
  if (kind === 'label') kinds.push(fc.constantFrom('', ' ', '\u200b', '\n', 'x'.repeat(256), '😀'.repeat(256)));
  if (kind === 'integer') kinds.push(fc.constantFrom(-1, 5, 2 ** 31, 0.5, 1e300), fc.integer({ min: 5 }));
  if (kind === 'subject') kinds.push(fc.constantFrom('', 'a\nb', 'api-key:a', 'member:', 'x'.repeat(256)));
  if (['uuid', 'date', 'color', 'enum', 'email', 'timestamp'].includes(kind)) kinds.push(text(36));
  return fc.oneof(fc.boolean(), ...kinds);
}

/** Something that no parameter of this kind may be, not encoded. */
export function brokenParameter(kind: Kind): fc.Arbitrary<string> {
  if (['search', 'actor', 'label'].includes(kind)) return fc.constantFrom('a\nb', '\0', 'x'.repeat(256));
  const words = text(20).filter((word) => word !== '' && !/^(\d+|true|false|none|\{.*\})$/s.test(word.trim()));
  if (kind === 'integer') return fc.oneof(words, fc.constantFrom('-1', '10001', '1.0', '1e1', '+1', '9'.repeat(30)));
  return words.filter((word) => !/^-?(name|at|id|\w+_at|\w+_count)$/.test(word));
}
