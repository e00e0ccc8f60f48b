import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseQueryString } from '../../../src/http/request/query-string.ts';
import { Problem } from '../../../src/problem.ts';

const parse = (query: string, ...repeatable: string[]) =>
  Object.entries(parseQueryString(`http://test/tasks?${query}`, new Set(repeatable)));

/** The entries of the problem in short: each code and pointer. */
function refusal(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem && error.code === 'validation_failed') {
      return (error.options.errors ?? []).map(({ code, pointer }) => `${code} ${pointer}`);
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseQueryString accepts', () => {
  test.each([
    ['', []],
    ['&&', []],
    [
      '&a=1&&b=2&',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a=x+y%20z%2B', [['a', 'x y z+']]],
    [
      'a=b=c&d==',
      [
        ['a', 'b=c'],
        ['d', '='],
      ],
    ],
    ['a=?b/c;d', [['a', '?b/c;d']]],
    ['%61=%C3%A9%F0%9F%98%80', [['a', 'é😀']]],
    ['a=é', [['a', 'é']]],
    ['a+b=1', [['a b', '1']]],
    ['a=%0A%0D%09', [['a', '\n\r\t']]],
    ['a=1#?b=%ZZ', [['a', '1']]],
    [
      'A=1&a=2',
      [
        ['A', '1'],
        ['a', '2'],
      ],
    ],
    [
      '__proto__=1&constructor=2',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
      ],
    ],
  ])('%j', (query, entries) => {
    expect(parse(query)).toEqual(entries);
  });

  it('repeated parameters where told, always as arrays', () => {
    expect(parse('tag=a&q=1&tag=b&t%61g=a', 'tag')).toEqual([
      ['tag', ['a', 'b', 'a']],
      ['q', '1'],
    ]);
    expect(parse('tag=a', 'tag')).toEqual([['tag', ['a']]]);
  });

  it('a URL without a query', () => {
    for (const url of ['http://test/', 'http://test/?', 'http://test/#?a=1', '/tasks', '']) {
      expect(Object.entries(parseQueryString(url))).toEqual([]);
    }
  });

  it('a parameter called __proto__ as a name like any other', () => {
    const query = parseQueryString('?__proto__=1&__proto__=2', new Set(['__proto__']));
    expect(Object.getPrototypeOf(query)).toBeNull();
    expect(Object.entries(query)).toEqual([['__proto__', ['1', '2']]]);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });
});

describe('parseQueryString refuses', () => {
  test.each([
    ['a', 'empty_value ?a'],
    ['a=', 'empty_value ?a'],
    ['=1', 'empty_name ?'],
    ['=', 'empty_name ?'],
    ['a=1&a=1', 'repeated_parameter ?a'],
    ['a=1&%61=2&a=3', 'repeated_parameter ?a'],
    ['a=%', 'invalid_encoding ?a'],
    ['a=%4', 'invalid_encoding ?a'],
    ['a=%ZZ', 'invalid_encoding ?a'],
    ['%ZZ=1', 'invalid_encoding ?%ZZ'],
    ['%ff', 'invalid_encoding ?%ff'],
    ['a=%ff', 'invalid_encoding ?a'],
    ['a=%C0%AF', 'invalid_encoding ?a'],
    ['a=%ED%A0%80', 'invalid_encoding ?a'],
    ['a=%F4%90%80%80', 'invalid_encoding ?a'],
    ['a=x%00y', 'control_character ?a'],
    ['a=%1F', 'control_character ?a'],
    ['a=%7F', 'control_character ?a'],
    ['a=%C2%85', 'control_character ?a'],
    ['a%00=1', 'control_character ?a\0'],
    ['a=\ud800', 'unpaired_surrogate ?a'],
    ['tag=a&tag=', 'empty_value ?tag'],
    ['a=&b=%ff&c=1&c=2', 'empty_value ?a', 'invalid_encoding ?b', 'repeated_parameter ?c'],
  ])('%j', (query, ...entries) => {
    expect(refusal(() => parse(query, 'tag'))).toEqual(entries);
  });

  it('without telling more than a little of the query', () => {
    const long = refusal(() => parse(`${'n'.repeat(5000)}=&%${'z'.repeat(5000)}=1`));
    expect(long).toEqual([`empty_value ?${'n'.repeat(64)}…`, `invalid_encoding ?%${'z'.repeat(63)}…`]);
    const many = refusal(() => parse(Array.from({ length: 1000 }, (_, i) => `p${i}=`).join('&')));
    expect(many).toHaveLength(20);
  });
});

describe('parseQueryString, for any input', () => {
  const text = fc.string({
    unit: fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }), fc.constantFrom(...'&=+%#?;/ \n')),
    minLength: 1,
  });

  it('gives back what encodeURIComponent and URLSearchParams encoded', () => {
    fc.assert(
      fc.property(fc.dictionary(text, text), (params) => {
        const entries = Object.entries(params);
        const encoded = entries.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
        expect(parse(encoded.join('&'))).toEqual(entries);
        const url = new URL(`http://test/?${new URLSearchParams(entries)}`);
        expect(Object.entries(parseQueryString(url.href))).toEqual(entries);
      }),
    );
  });

  it('throws nothing but a 400', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...'%&=+#', '%f', '%c3', '%00', '__proto__'));
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (query) => {
          try {
            const values = Object.values(parseQueryString(`http://test/?${query}`));
            expect(values.every((value) => typeof value === 'string' && value !== '')).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
            expect((error as Problem).code).toBe('validation_failed');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
