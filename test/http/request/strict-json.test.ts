import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  abbreviate,
  jsonPointer,
  MAX_BODY_BYTES,
  parseJsonObject,
  readBytes,
} from '../../../src/http/request/strict-json.ts';
import { Problem } from '../../../src/problem.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseJsonObject(encode(text));

function problemOf(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The outcome in short: the problem's code, then each entry's code and pointer. */
function refusal(run: () => unknown): string[] {
  const { code, options } = problemOf(run);
  return [code, ...(options.errors ?? []).map((error) => `${error.code} ${error.pointer}`)];
}

describe('parseJsonObject accepts', () => {
  test.each([
    ['{}'],
    [' \n\t\r{ "a" : 1 } \n'],
    ['{"a":{"x":1},"b":{"x":1},"x":[{"x":1},{"x":2}]}'],
    ['{"a":[{},"x","x"],"b":[{},{},"y",[],"y"]}'],
    ['{"a":"\\n\\r\\t","b\\n":"\\u00e9\\ud83d\\ude00 \\"{[,:]}\\\\"}'],
    ['{"constructor":1,"prototype":2,"toString":3,"":4,"__proto":5}'],
    ['{"a":["a","a",{"a":["a","a"]}],"b":"a"}'],
    ['{"a":-0.5e-3,"b":1.7976931348623157e308,"c":[true,false,null]}'],
    ['{"2":1,"1":2,"\\\\u0061":1,"a":2}'],
  ])('%s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it('one leading byte-order mark, and no second', () => {
    expect(parse('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(refusal(() => parse('\ufeff\ufeff{"a":1}'))).toEqual(['invalid_json']);
  });

  it('32 levels, and no 33rd', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(parse(nested(32))).toEqual(JSON.parse(nested(32)));
    expect(refusal(() => parse(nested(33)))).toEqual(['invalid_json', `too_deep /a${'/0'.repeat(31)}`]);
  });
});

describe('parseJsonObject refuses', () => {
  test.each([
    ['', 'invalid_json'],
    [' \n', 'invalid_json'],
    ['\ufeff', 'invalid_json'],
    ['{', 'invalid_json'],
    ['{"a":1,}', 'invalid_json'],
    ['{a:1}', 'invalid_json'],
    ["{'a':1}", 'invalid_json'],
    ['{"a":01}', 'invalid_json'],
    ['{"a":NaN}', 'invalid_json'],
    ['{"a":1}{', 'invalid_json'],
    ['{"a":"\n"}', 'invalid_json'],
    ['{"a":"\\x"}', 'invalid_json'],
    ['{"a":1,"\\x":1,"\\x":2}', 'invalid_json'],
    ['{"a":1,"a":2', 'invalid_json'],
    ['"', 'invalid_json'],
    ['{"\\', 'invalid_json'],
    [']]]}', 'invalid_json'],
    ['\u00a0{}', 'invalid_json'],
    ['null', 'validation_failed', 'wrong_type '],
    ['[]', 'validation_failed', 'wrong_type '],
    ['[{"a":1}]', 'validation_failed', 'wrong_type '],
    ['"{}"', 'validation_failed', 'wrong_type '],
    ['7', 'validation_failed', 'wrong_type '],
    ['true', 'validation_failed', 'wrong_type '],
    ['{"a":1,"a":1}', 'invalid_json', 'duplicate_member /a'],
    ['{"a":1,"\\u0061":1}', 'invalid_json', 'duplicate_member /a'],
    ['{"\\/":1,"/":1}', 'invalid_json', 'duplicate_member /~1'],
    ['{"a":1,"b":1,"a":2,"b":2}', 'invalid_json', 'duplicate_member /a'],
    ['{"":1,"":1}', 'invalid_json', 'duplicate_member /'],
    ['{"__proto__":1,"__proto__":1}', 'invalid_json', 'duplicate_member /__proto__'],
    ['{"a":[0,{"b":{},"c":[],"b":1}]}', 'invalid_json', 'duplicate_member /a/1/b'],
    ['{"a":{"b":1},"c":{"b":1},"a":0}', 'invalid_json', 'duplicate_member /a'],
    ['{"a~/b":"\\u0000"}', 'validation_failed', 'control_character /a~0~1b'],
    ['{"a":["x","\\u001f"]}', 'validation_failed', 'control_character /a/1'],
    ['{"a":"\\b"}', 'validation_failed', 'control_character /a'],
    ['{"a":"\u007f"}', 'validation_failed', 'control_character /a'],
    ['{"a":"\u0085"}', 'validation_failed', 'control_character /a'],
    ['{"a":"\\u009f"}', 'validation_failed', 'control_character /a'],
    ['{"a":{"b\\u0000":1}}', 'validation_failed', 'control_character /a/b\0'],
    ['{"a":"\\ud800"}', 'validation_failed', 'unpaired_surrogate /a'],
    ['{"a":"\\ude00\\ud83d"}', 'validation_failed', 'unpaired_surrogate /a'],
    ['{"a":{"\\udfff":1}}', 'validation_failed', 'unpaired_surrogate /a/\ufffd'],
    ['{"a":[{"__proto__":{}}]}', 'validation_failed', 'forbidden_member /a/0/__proto__'],
    ['{"\\u005f_proto__":1}', 'validation_failed', 'forbidden_member /__proto__'],
    ['{"a":[1e400]}', 'validation_failed', 'number_out_of_range /a/0'],
    ['{"a":-1e309}', 'validation_failed', 'number_out_of_range /a'],
    ['{"a":"\\u0000","b":1e999}', 'validation_failed', 'control_character /a', 'number_out_of_range /b'],
  ])('%j', (text, ...outcome) => {
    expect(refusal(() => parse(text))).toEqual(outcome);
  });

  test.each([
    ['a lone byte', [0xff]],
    ['a abbreviate sequence', [0xe2, 0x82]],
    ['an overlong form', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0, 0x7d, 0]],
  ])('invalid UTF-8: %s', (_, bytes) => {
    const body = new Uint8Array([...encode('{"a":"'), ...bytes, ...encode('"}')]);
    expect(refusal(() => parseJsonObject(body))).toEqual(['invalid_json']);
  });

  test.each([['['], ['{"a":'], ['[{"a":'], ['{"a":[']])('a mebibyte of %s quickly', (unit) => {
    const body = unit.repeat(Math.floor(MAX_BODY_BYTES / unit.length));
    const start = performance.now();
    expect(refusal(() => parse(body))[1]).toMatch(/^too_deep /);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('without telling more than a little of the body', async () => {
    const name = '\u0001'.repeat(100_000);
    const hostile = [
      `{"${'n'.repeat(100_000)}":1,"${'n'.repeat(100_000)}":1}`,
      `{${Array.from({ length: 1000 }, (_, i) => `${JSON.stringify(name.slice(0, 500) + i)}:1`).join()}}`,
      `{"a":"${'x'.repeat(100_000)}`,
    ];
    for (const text of hostile) {
      const problem = problemOf(() => parse(text));
      expect((await problem.toResponse('r').text()).length).toBeLessThan(20_000);
      expect(problem.options.errors?.length ?? 0).toBeLessThanOrEqual(20);
    }
  });
});

describe('parseJsonObject, for any input', () => {
  const cleanText = fc
    .string({
      unit: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 1 }), fc.constantFrom(...'\n\r\t"\\/~{}[]:,😀')),
    })
    .filter((text) => text !== '__proto__');
  const { value: cleanValue } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 31, depthSize: 'medium', withCrossShrink: true },
      cleanText,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(cleanText, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const cleanObject = fc.dictionary(cleanText, cleanValue, { maxKeys: 6 });

  it('gives back what JSON.stringify made, as JSON.parse would', () => {
    fc.assert(
      fc.property(cleanObject, fc.constantFrom(undefined, 1, '\t'), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('throws nothing but a 400 when bytes are damaged, and never accepts what JSON.parse refuses', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.oneof(
          cleanObject.map((object) => encode(JSON.stringify(object))),
          fc.uint8Array(),
        ),
        edits,
        (bytes, list) => {
          const damaged = Uint8Array.from(bytes);
          for (const [at, byte] of list) damaged[at % damaged.length] = byte;
          let value: unknown;
          try {
            value = parseJsonObject(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
            expect((error as Problem).status).toBe(400);
            return;
          }
          expect(value).toEqual(JSON.parse(new TextDecoder().decode(damaged)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds every duplicate, however it is spelt and wherever it stands', () => {
    const spelling = (name: string, escapes: boolean[]) =>
      [...Array(name.length).keys()]
        .map((i) => {
          const unit = name.charCodeAt(i).toString(16).padStart(4, '0');
          return escapes[i % escapes.length] ? `\\u${unit}` : JSON.stringify(name.charAt(i)).slice(1, -1);
        })
        .join('');
    const asciiName = fc.string({ unit: 'grapheme-ascii', maxLength: 8 });
    const escapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
    const wrappers = fc.array(fc.constantFrom('object', 'array'), { maxLength: 20 });

    fc.assert(
      fc.property(asciiName, escapes, escapes, cleanObject, wrappers, (name, first, second, between, around) => {
        const { [name]: _, ...others } = between;
        const members = Object.entries(others).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
        let text = `{${[`"${spelling(name, first)}":0`, ...members, `"${spelling(name, second)}":[]`].join()}}`;
        let pointer = jsonPointer([name]);
        for (const kind of around) {
          text = kind === 'object' ? `{"x":0,"o":${text}}` : `[[],${text},0]`;
          pointer = `${kind === 'object' ? '/o' : '/1'}${pointer}`;
        }
        expect(refusal(() => parse(`{"x":{},"t":${text}}`))).toEqual(['invalid_json', `duplicate_member /t${pointer}`]);
      }),
    );
  });
});

describe('abbreviate', () => {
  it('keeps short names, and shortens others without leaving half a character', () => {
    expect(abbreviate('n'.repeat(64))).toBe('n'.repeat(64));
    expect(abbreviate('n'.repeat(65))).toBe(`${'n'.repeat(64)}…`);
    expect(abbreviate(`${'n'.repeat(63)}😀`).isWellFormed()).toBe(true);
  });
});

describe('readBytes', () => {
  const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
    new Request('http://test/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

  /** A body without a length that hands out chunks until it is told to stop. */
  function chunked(chunk: Uint8Array, count: number) {
    const seen = { pulled: 0, cancelled: false };
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (seen.pulled++ < count) controller.enqueue(chunk);
          else controller.close();
        },
        cancel() {
          seen.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    return { stream, seen };
  }

  async function rejection(run: Promise<unknown>): Promise<Problem> {
    const error = await run.catch((thrown: unknown) => thrown);
    if (error instanceof Problem) return error;
    throw new Error(`no problem: ${error}`);
  }

  it('gives the bytes as they came', async () => {
    expect(await readBytes(post('{"é":1}'))).toEqual(encode('{"é":1}'));
    expect(await readBytes(post(null))).toEqual(new Uint8Array(0));
    expect(await readBytes(post(''))).toEqual(new Uint8Array(0));
    const { stream } = chunked(new Uint8Array(1000).fill(7), 100);
    expect(await readBytes(post(stream))).toEqual(new Uint8Array(100_000).fill(7));
  });

  it('takes exactly the limit', async () => {
    expect(await readBytes(post(new Uint8Array(MAX_BODY_BYTES)))).toHaveLength(MAX_BODY_BYTES);
    expect(await readBytes(post(chunked(new Uint8Array(5), 2).stream), 10)).toHaveLength(10);
    expect((await rejection(readBytes(post(new Uint8Array(MAX_BODY_BYTES + 1))))).status).toBe(413);
    expect((await rejection(readBytes(post(chunked(new Uint8Array(11), 1).stream), 10))).status).toBe(413);
  });

  it('refuses by Content-Length without reading', async () => {
    const { stream, seen } = chunked(new Uint8Array(1), 1);
    const problem = await rejection(readBytes(post(stream, { 'content-length': '11' }), 10));
    expect(problem.code).toBe('payload_too_large');
    expect(seen.pulled).toBe(0);
  });

  it('stops a body that is longer than its Content-Length says', async () => {
    const { stream, seen } = chunked(new Uint8Array(4), 1_000_000);
    const problem = await rejection(readBytes(post(stream, { 'content-length': '4' }), 10));
    expect(problem.code).toBe('payload_too_large');
    expect(seen).toEqual({ pulled: 3, cancelled: false });
  });

  it('tells a body that breaks off', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('socket closed')) });
    expect((await rejection(readBytes(post(broken)))).code).toBe('invalid_request');
  });
});
