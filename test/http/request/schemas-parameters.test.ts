import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import * as parameters from '../../../src/http/request/parameters.ts';

import { outcome } from './outcome.ts';

/* What parameters of a query may be. */

describe.each<[string, z.ZodType, [unknown, unknown][]]>([
  [
    'queryInteger',
    parameters.queryInteger({ min: 1, max: 100 }),
    [
      ['1', 1],
      ['100', 100],
      ['007', 7],
      ['0', 'refused: too_small'],
      ['101', 'refused: too_big'],
      ['999999999999999', 'refused: too_big'],
      ['9'.repeat(400), 'refused: invalid_format'],
      ['+1', 'refused: invalid_format'],
      ['-1', 'refused: invalid_format'],
      ['1.0', 'refused: invalid_format'],
      ['1e1', 'refused: invalid_format'],
      ['0x1', 'refused: invalid_format'],
      [' 1', 'refused: invalid_format'],
      ['1\n', 'refused: invalid_format'],
      ['1_0', 'refused: invalid_format'],
      ['１', 'refused: invalid_format'],
      ['', 'refused: invalid_format'],
      [1, 'refused: wrong_type'],
      [['1'], 'refused: wrong_type'],
      [undefined, 'refused: required'],
    ],
  ],
  [
    'queryInteger with a default',
    parameters.queryInteger({ min: 1, max: 100, default: 20 }),
    [
      [undefined, 20],
      ['30', 30],
    ],
  ],
  [
    'queryTrue',
    parameters.queryTrue,
    [
      ['true', true],
      ['false', 'refused: invalid_value'],
      ['TRUE', 'refused: invalid_value'],
      ['1', 'refused: invalid_value'],
      [true, 'refused: wrong_type'],
    ],
  ],
  [
    'queryBoolean',
    parameters.queryBoolean,
    [
      ['true', true],
      ['false', false],
      ['yes', 'refused: invalid_value'],
      ['False', 'refused: invalid_value'],
    ],
  ],
  [
    'csv',
    parameters.csv(['name', '-name', 'id']),
    [
      ['id', ['id']],
      ['id,-name', ['id', '-name']],
      ['', 'refused: invalid_format'],
      ['id,', 'refused: invalid_format'],
      [',id', 'refused: invalid_format'],
      ['id,,name', 'refused: invalid_format'],
      ['id,id', 'refused: invalid_format'],
      ['id, name', 'refused: invalid_value'],
      ['version', 'refused: invalid_value'],
      ['constructor', 'refused: invalid_value'],
    ],
  ],
  [
    'jsonObjectParam',
    parameters.jsonObjectParam,
    [
      ['{"a":{"b":[1]}}', { a: { b: [1] } }],
      ['{}', {}],
      ['[]', 'refused: wrong_type'],
      ['1', 'refused: wrong_type'],
      ['{"a":', 'refused: invalid_json'],
      [' ', 'refused: invalid_json'],
      ['{"a":1,"a":2}', 'refused: duplicate_member'],
      [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'refused: too_deep'],
      ['{"a":"\\u0000"}', 'refused: control_character'],
      ['{"__proto__":1}', 'refused: forbidden_member'],
      ['{"a":1e999}', 'refused: number_out_of_range'],
    ],
  ],
  [
    'searchText',
    parameters.searchText,
    [
      [' a ', ' a '],
      ['-', '-'],
      ['😀'.repeat(200), '😀'.repeat(200)],
      ['😀'.repeat(201), 'refused: too_long'],
      ['', 'refused: too_short'],
      ['a\tb', 'refused: control_character'],
    ],
  ],
])('%s', (_, schema, cases) => {
  test.each(cases)('%j', (input, expected) => {
    expect(outcome(schema, input)).toEqual(expected);
  });
});
