import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import * as s from '../../../src/http/request/schemas.ts';
import { outcome } from './outcome.ts';

/* What members of bodies may be; parameters and the OpenAPI document have files of their own beside this one. */

const ID = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';

describe('guid', () => {
  test.each([
    [ID, ID],
    [ID.toUpperCase(), ID],
    ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000'],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    [ID.replaceAll('-', ''), 'refused: invalid_format'],
    [`{${ID}}`, 'refused: invalid_format'],
    [`urn:uuid:${ID}`, 'refused: invalid_format'],
    [`${ID}\n`, 'refused: invalid_format'],
    [` ${ID}`, 'refused: invalid_format'],
    [ID.replace('0', 'g'), 'refused: invalid_format'],
    ['', 'refused: invalid_format'],
    [1, 'refused: wrong_type'],
    [null, 'refused: wrong_type'],
  ])('%j', (input, expected) => {
    expect(outcome(s.guid, input)).toBe(expected);
  });
});

describe('label', () => {
  test.each([
    ['a', 'a'],
    ['  a b\u3000', 'a b'],
    ['e\u0301', 'é'],
    ['\u212b', 'Å'],
    ['ﬁ', 'ﬁ'],
    ['👩\u200d👧', '👩\u200d👧'],
    ['x'.repeat(10), 'x'.repeat(10)],
    ['😀'.repeat(10), '😀'.repeat(10)],
    [`   ${'x'.repeat(10)}   `, 'x'.repeat(10)],
    ['\u1f82'.normalize('NFD').repeat(10), '\u1f82'.repeat(10)],
    ['x'.repeat(11), 'refused: too_long'],
    ['😀'.repeat(11), 'refused: too_long'],
    ['\u0958'.repeat(6), 'refused: too_long'],
    ['', 'refused: blank'],
    [' ', 'refused: blank'],
    ['\u00a0\u2003\ufeff', 'refused: blank'],
    ['\u200b', 'refused: blank'],
    ['\u2060\u00ad\ufe0f', 'refused: blank'],
    ['\u3164\uffa0', 'refused: blank'],
    ['\u2800 \u2800', 'refused: blank'],
    ['\u{e0041}', 'refused: blank'],
    ['a\nb', 'refused: control_character'],
    ['a\t', 'refused: control_character'],
    ['\n', 'refused: control_character'],
    ['a\0', 'refused: control_character'],
    ['a\u0085', 'refused: control_character'],
    [7, 'refused: wrong_type'],
    [null, 'refused: wrong_type'],
  ])('%j', (input, expected) => {
    expect(outcome(s.label(10), input)).toBe(expected);
  });

  test('counts code points after trimming and normalising', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = text.trim().normalize('NFC');
        const output = outcome(s.label(5), text);
        if (output === clean) expect([...clean].length).toBeLessThanOrEqual(5);
        else expect(output).toMatch(/^refused: (too_long|blank|control_character)$/);
        if ([...clean].length > 5) expect(output).toMatch(/^refused/);
      }),
    );
  });

  test('does not spend time on accents that cannot fit', () => {
    const start = performance.now();
    expect(outcome(s.name255, `a${'\u0315\u0300'.repeat(150_000)}`)).toBe('refused: too_long');
    expect(performance.now() - start).toBeLessThan(500);
  });
});
describe.each<[string, z.ZodType, [unknown, unknown][]]>([
  [
    'name255',
    s.name255,
    [
      ['x'.repeat(255), 'x'.repeat(255)],
      ['x'.repeat(256), 'refused: too_long'],
    ],
  ],
  [
    'tagName',
    s.tagName,
    [
      ['x'.repeat(100), 'x'.repeat(100)],
      ['x'.repeat(101), 'refused: too_long'],
    ],
  ],
  [
    'tagNames',
    s.tagNames,
    [
      [[], []],
      [
        [' a ', 'A'],
        ['a', 'A'],
      ],
      [Array(50).fill('a'), Array(50).fill('a')],
      [Array(51).fill('a'), 'refused: too_long'],
      [['a', ' '], 'refused: blank'],
      ['a', 'refused: wrong_type'],
    ],
  ],
  [
    'description',
    s.description,
    [
      [null, null],
      ['', ''],
      [' a\r\n\tb ', ' a\r\n\tb '],
      ['e\u0301', 'e\u0301'],
      ['😀'.repeat(10_000), '😀'.repeat(10_000)],
      ['😀'.repeat(10_001), 'refused: too_long'],
      [1, 'refused: wrong_type'],
    ],
  ],
  [
    'metadata',
    s.metadata,
    [
      [{}, {}],
      [
        { a: { b: [1, null, ''] }, 1: 2, constructor: 3, toString: null },
        { a: { b: [1, null, ''] }, 1: 2, constructor: 3, toString: null },
      ],
      [{ a: [2 ** 53 - 1, 1 - 2 ** 53, 0.1] }, { a: [2 ** 53 - 1, 1 - 2 ** 53, 0.1] }],
      [{ a: [2 ** 53] }, 'refused: number_out_of_range'],
      [[], 'refused: wrong_type'],
      [null, 'refused: wrong_type'],
      ['{}', 'refused: wrong_type'],
    ],
  ],
  [
    'date',
    s.date,
    [
      ['2024-02-29', '2024-02-29'],
      ['0001-01-01', '0001-01-01'],
      ['9999-12-31', '9999-12-31'],
      ['2000-02-29', '2000-02-29'],
      ['2023-02-29', 'refused: invalid_format'],
      ['1900-02-29', 'refused: invalid_format'],
      ['2024-04-31', 'refused: invalid_format'],
      ['2024-00-01', 'refused: invalid_format'],
      ['2024-13-01', 'refused: invalid_format'],
      ['2024-01-00', 'refused: invalid_format'],
      ['0000-01-01', 'refused: invalid_format'],
      ['10000-01-01', 'refused: invalid_format'],
      ['2024-1-1', 'refused: invalid_format'],
      ['2024-01-01T00:00:00Z', 'refused: invalid_format'],
      [' 2024-01-01', 'refused: invalid_format'],
      ['٢٠٢٤-01-01', 'refused: invalid_format'],
      ['infinity', 'refused: invalid_format'],
      ['', 'refused: invalid_format'],
      [20240101, 'refused: wrong_type'],
    ],
  ],
  [
    'timestamp',
    s.timestamp,
    [
      ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00Z'],
      ['2026-01-31t09:30:00z', '2026-01-31T09:30:00Z'],
      ['2026-01-31T09:30:00+02:00', '2026-01-31T07:30:00Z'],
      ['2026-01-31T23:30:00-01:45', '2026-02-01T01:15:00Z'],
      ['2026-01-31T23:30:00+23:59', '2026-01-30T23:31:00Z'],
      ['2026-01-31T09:30:00-00:00', '2026-01-31T09:30:00Z'],
      ['2026-01-31T09:30:00.1Z', '2026-01-31T09:30:00.1Z'],
      ['2026-01-31T09:30:00.123456789+00:30', '2026-01-31T09:00:00.123456789Z'],
      ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
      ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
      ['0001-01-01T00:00:00+00:01', 'refused: invalid_format'],
      ['9999-12-31T23:59:59-00:01', 'refused: invalid_format'],
      ['0000-01-01T00:00:00Z', 'refused: invalid_format'],
      ['2026-01-31T09:30:00', 'refused: invalid_format'],
      ['2026-01-31T09:30Z', 'refused: invalid_format'],
      ['2026-01-31', 'refused: invalid_format'],
      ['2026-01-31 09:30:00Z', 'refused: invalid_format'],
      ['2026-01-31T09:30:00 02:00', 'refused: invalid_format'],
      ['2026-01-31T09:30:00+0200', 'refused: invalid_format'],
      ['2026-01-31T09:30:00+24:00', 'refused: invalid_format'],
      ['2026-01-31T09:30:00+02:60', 'refused: invalid_format'],
      ['2026-01-31T24:00:00Z', 'refused: invalid_format'],
      ['2026-01-31T09:60:00Z', 'refused: invalid_format'],
      ['2026-01-31T09:30:60Z', 'refused: invalid_format'],
      ['2026-01-31T09:30:00.Z', 'refused: invalid_format'],
      ['2026-01-31T09:30:00,5Z', 'refused: invalid_format'],
      ['2026-01-31T09:30:00.1234567890Z', 'refused: invalid_format'],
      ['2026-02-29T00:00:00Z', 'refused: invalid_format'],
      ['+2026-01-31T00:00:00Z', 'refused: invalid_format'],
      ['1769852000', 'refused: invalid_format'],
    ],
  ],
  [
    'taskStatus',
    s.taskStatus,
    [
      ['in_progress', 'in_progress'],
      ['Pending', 'refused: invalid_value'],
      [1, 'refused: invalid_value'],
    ],
  ],
  [
    'projectStatus',
    s.projectStatus,
    [
      ['archived', 'archived'],
      ['pending', 'refused: invalid_value'],
    ],
  ],
  [
    'tenantStatus',
    s.tenantStatus,
    [
      ['suspended', 'suspended'],
      ['archived', 'refused: invalid_value'],
    ],
  ],
  [
    'priority',
    s.priority,
    [
      [0, 0],
      [4, 4],
      [5, 'refused: too_big'],
      [-1, 'refused: too_small'],
      [1.5, 'refused: wrong_type'],
      ['1', 'refused: wrong_type'],
      [true, 'refused: wrong_type'],
      [1e300, 'refused: too_big'],
    ],
  ],
  [
    'position',
    s.position,
    [
      [-1.5, -1.5],
      [1e15, 1e15],
      [-1e15, -1e15],
      [1e15 + 1, 'refused: too_big'],
      [-1e300, 'refused: too_small'],
      [Number.POSITIVE_INFINITY, 'refused: wrong_type'],
      [Number.NaN, 'refused: wrong_type'],
      ['1', 'refused: wrong_type'],
    ],
  ],
  [
    'color',
    s.color,
    [
      ['#1e90FF', '#1e90FF'],
      ['#fff', 'refused: invalid_format'],
      ['1e90ff', 'refused: invalid_format'],
      ['#1e90fg', 'refused: invalid_format'],
      ['#1e90ff00', 'refused: invalid_format'],
      ['#1e90ff\n', 'refused: invalid_format'],
      [0x1e90ff, 'refused: wrong_type'],
    ],
  ],
])('%s', (_, schema, cases) => {
  test.each(cases)('%j', (input, expected) => {
    expect(outcome(schema, input)).toEqual(expected);
  });
});

describe('date and timestamp, for any day', () => {
  const day = fc.date({
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  });

  test('take every day there is', () => {
    fc.assert(fc.property(day, (moment) => s.date.safeParse(moment.toISOString().slice(0, 10)).success));
  });

  test('keep the moment', () => {
    fc.assert(
      fc.property(day, fc.integer({ min: -1439, max: 1439 }), (moment, minutes) => {
        const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        const pad = (n: number) => String(n).padStart(2, '0');
        const offset = `${minutes < 0 ? '-' : '+'}${pad(Math.trunc(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
        expect(s.timestamp.parse(local + offset)).toBe(moment.toISOString());
      }),
    );
  });
});
