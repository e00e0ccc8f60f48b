import { type BadInput, chunked, encode, readsBody, withBody } from './bad-requests.ts';
import { bodySchema } from './bad-slots.ts';

/* What no body may be, whatever the endpoint's schema says (docs/api-conventions.md, "Request bodies"). */

const bytes = (...list: number[]) => new Uint8Array([...'{"a":"'].map((c) => c.charCodeAt(0)).concat(list, 0x22, 0x7d));
const nested = (levels: number, open: string, close: string) => `{"a":${open.repeat(levels)}1${close.repeat(levels)}}`;

/** Name → body, and the pointer and code of the member at fault where there is one. */
const INVALID_JSON: Record<string, string | Uint8Array | [body: string, pointer: string, fault: string]> = {
  'white space alone': ' \r\n\t',
  'a byte-order mark alone': '\ufeff',
  'two byte-order marks': '\ufeff\ufeff{}',
  'half an object': '{"name":',
  'an object without its end': '{"name":"x"',
  'a string without its end': '{"name":"x}',
  'a trailing comma': '{"name":"x",}',
  'two commas': '{"name":"x",,"status":"active"}',
  'no comma': '{"name":"x" "status":"active"}',
  'no colon': '{"name" "x"}',
  'single quotes': "{'name':'x'}",
  'a name without quotes': '{name:"x"}',
  'a comment': '{"name":"x"/**/}',
  'a second value': '{"name":"x"}{}',
  NaN: '{"name":NaN}',
  Infinity: '{"name":-Infinity}',
  undefined: '{"name":undefined}',
  'a number with a leading zero': '{"a":01}',
  'a number with a plus': '{"a":+1}',
  'a hexadecimal number': '{"a":0x10}',
  'a number that ends in a point': '{"a":1.}',
  'a number that begins with a point': '{"a":.5}',
  'a number with half an exponent': '{"a":1e}',
  'half a literal': '{"a":tru}',
  'a literal in upper case': '{"a":NULL}',
  'a bare line break in a string': '{"name":"a\nb"}',
  'a bare NUL in a string': '{"name":"a\0b"}',
  'a bare tab in a name': '{"na\tme":"x"}',
  'an escape that does not exist': '{"name":"\\x41"}',
  'half an escape': '{"name":"\\u12"}',
  'a no-break space between tokens': '{"name":\u00a0"x"}',
  'a form in place of JSON': 'name=x&status=active',
  'UTF-16': new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
  'a byte that is no UTF-8': bytes(0xff),
  'a continuation byte alone': bytes(0x80),
  'an overlong NUL': bytes(0xc0, 0x80),
  'an overlong slash': bytes(0xe0, 0x80, 0xaf),
  'a surrogate in UTF-8': bytes(0xed, 0xa0, 0x80),
  'a code point beyond U+10FFFF': bytes(0xf4, 0x90, 0x80, 0x80),
  'half a character': bytes(0xe2, 0x82),
  'a duplicate member': ['{"name":"x","name":"x"}', '/name', 'duplicate_member'],
  'a duplicate member in disguise': ['{"name":"x","n\\u0061me":"y"}', '/name', 'duplicate_member'],
  'a duplicate member deep inside': [
    '{"metadata":{"a":[{},{"b":1,"c":2,"b":3}]}}',
    '/metadata/a/1/b',
    'duplicate_member',
  ],
  'a duplicate member without a name': ['{"":1,"":2}', '/', 'duplicate_member'],
  'a duplicate __proto__': ['{"__proto__":1,"__proto__":2}', '/__proto__', 'duplicate_member'],
  'lists nested 33 deep': [nested(32, '[', ']'), `/a${'/0'.repeat(31)}`, 'too_deep'],
  'objects nested 33 deep': [nested(32, '{"b":', '}'), `/a${'/b'.repeat(31)}`, 'too_deep'],
  'a list nested a million deep': ['['.repeat(1_000_000), '/0'.repeat(32), 'too_deep'],
};

const NO_OBJECT = ['[]', '[{}]', '"x"', '"{}"', '0', '-1.5', 'true', 'false', 'null'];

/** Member at fault → its code; these are looked for before the schema has a say. */
const UNFIT: [name: string, member: string, pointer: string, fault: string][] = [
  ['__proto__', '"__proto__":{}', '/__proto__', 'forbidden_member'],
  ['__proto__ in disguise', '"\\u005f_proto__":null', '/__proto__', 'forbidden_member'],
  ['__proto__ deep inside', '"a":[{"b":{"__proto__":1}}]', '/a/0/b/__proto__', 'forbidden_member'],
  ['NUL in a value', '"a":"x\\u0000"', '/a', 'control_character'],
  ['NUL in a name', '"a\\u0000":1', '/a\0', 'control_character'],
  ['an escape sequence for terminals', '"a":"\\u001b[31m"', '/a', 'control_character'],
  ['DEL', '"a":"\\u007f"', '/a', 'control_character'],
  ['a C1 control character', '"a":"\\u009b"', '/a', 'control_character'],
  ['a high surrogate alone', '"a":"\\ud800"', '/a', 'unpaired_surrogate'],
  ['a low surrogate alone', '"a":"\\udc00x"', '/a', 'unpaired_surrogate'],
  ['surrogates in the wrong order', '"a":["\\udc00\\ud800"]', '/a/0', 'unpaired_surrogate'],
  ['a surrogate alone in a name', '"a":{"\\ud83d":1}', '/a/\ufffd', 'unpaired_surrogate'],
  ['a number beyond a double', '"a":1e400', '/a', 'number_out_of_range'],
  ['a negative number beyond a double', '"a":[-1e400]', '/a/0', 'number_out_of_range'],
  [`a number of 400 digits`, `"a":${'9'.repeat(400)}`, '/a', 'number_out_of_range'],
];

const MEDIA_TYPES: Record<string, Record<string, string>> = {
  'no media type': { 'Content-Type': '' },
  'text/plain': { 'Content-Type': 'text/plain' },
  'a form': { 'Content-Type': 'application/x-www-form-urlencoded' },
  'a form in parts': { 'Content-Type': 'multipart/form-data; boundary=x' },
  'another JSON type': { 'Content-Type': 'application/vnd.api+json' },
  'a type that begins like JSON': { 'Content-Type': 'application/jsonp' },
  'a JSON type as parameter': { 'Content-Type': 'text/plain; application/json' },
  'two types': { 'Content-Type': 'application/json, text/plain' },
  'a JSON patch (RFC 6902)': { 'Content-Type': 'application/json-patch+json' },
  latin1: { 'Content-Type': 'application/json; charset=latin1' },
  'UTF-16 by its charset': { 'Content-Type': 'application/json; charset="utf-16"' },
  'a second charset': { 'Content-Type': 'application/json; charset=utf-8; charset=latin1' },
  'an empty charset': { 'Content-Type': 'application/json; charset=""' },
  gzip: { 'Content-Encoding': 'gzip' },
  brotli: { 'Content-Encoding': 'br' },
  'an encoding nobody knows': { 'Content-Encoding': 'identity, x' },
};

const MIB = 1_048_576;

/** One byte more than may be. */
const tooLarge = `{"name":"x"${' '.repeat(MIB - 11)}}`;

const invalid = (name: string) => ({ name, status: 400, code: 'validation_failed' }) as const;
const UNSUPPORTED = { status: 415, code: 'unsupported_media_type' } as const;
const TOO_LARGE = { status: 413, code: 'payload_too_large' } as const;

export const badBodies: BadInput[] = [
  {
    name: 'body: nothing',
    status: 400,
    code: 'invalid_json',
    cases: (target) => (bodySchema(target.definition) ? withBody('')(target) : []),
  },
  ...Object.entries(INVALID_JSON).map(([name, entry]): BadInput => {
    const [body, pointer, fault] = Array.isArray(entry) ? entry : [entry];
    return { name: `body: ${name}`, status: 400, code: 'invalid_json', fault, cases: withBody(body, {}, pointer) };
  }),
  ...NO_OBJECT.map((body): BadInput => {
    return { ...invalid(`body: ${body}`), fault: 'wrong_type', cases: withBody(body, {}, '') };
  }),
  ...UNFIT.map(([name, member, pointer, fault]): BadInput => {
    return { ...invalid(`body: ${name}`), fault, cases: withBody(`{${member}}`, {}, pointer) };
  }),
  ...Object.entries(MEDIA_TYPES).map(([name, headers]): BadInput => {
    return { name: `media type: ${name}`, ...UNSUPPORTED, cases: withBody('{"name":"x"}', headers) };
  }),
  {
    name: 'media type: a merge patch that is none',
    ...UNSUPPORTED,
    cases: (target) =>
      target.definition.method === 'patch'
        ? []
        : withBody('{"name":"x"}', { 'Content-Type': 'application/merge-patch+json' })(target),
  },
  { name: 'size: 1 MiB and a byte', ...TOO_LARGE, cases: withBody(tooLarge) },
  {
    name: 'size: 1 MiB and a byte by its Content-Length alone',
    ...TOO_LARGE,
    cases: withBody('{}', { 'Content-Length': String(MIB + 1) }),
  },
  {
    name: 'size: 1 MiB and a byte in chunks without a length',
    ...TOO_LARGE,
    // A stream can be read once, so each request needs its own.
    cases: (target) => (readsBody(target.definition) ? withBody(chunked(tooLarge, 65_536))(target) : []),
  },
  ...['id', 'tenant_id', 'created_at', 'constructor', 'toString', '', 'Name', 'a/b~c'].map((member): BadInput => {
    const pointer = `/${member.replace('~', '~0').replace('/', '~1')}`;
    return {
      ...invalid(`body of a POST that takes none: ${JSON.stringify(member)}`),
      fault: 'unknown_member',
      cases: (target) =>
        bodySchema(target.definition) ? [] : withBody(encode({ [member]: null }), {}, pointer)(target),
    };
  }),
];
