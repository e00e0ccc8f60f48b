import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonbLength } from '../../../src/http/request/jsonb-length.ts';
import { useDatabase } from '../../support/database.ts';

const database = useDatabase();

async function stored(values: unknown[]): Promise<number[]> {
  const { rows } = await database.admin.query<{ length: number }>(
    'select octet_length(value::text) as length from jsonb_array_elements($1::jsonb) with ordinality as v (value, n) order by n',
    [JSON.stringify(values)],
  );
  return rows.map(({ length }) => length);
}

test('numbers of every magnitude', async () => {
  const numbers = [0, -0, 1, -1.5, 1e20, 1e21, -1e21, 1.5e300, 1.7976931348623157e308, 1e-6, 1e-7, -1.25e-9, 5e-324];
  expect(numbers.map(jsonbLength)).toEqual(await stored(numbers));
});

test('any JSON value, as PostgreSQL prints it', async () => {
  const clean = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/\p{Cc}/gu, '\n'));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      clean,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(
        clean.filter((name) => name !== '__proto__'),
        tie('value'),
        { maxKeys: 5 },
      ),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 20, maxLength: 40 }), async (values) => {
      expect(values.map(jsonbLength)).toEqual(await stored(values));
    }),
    { numRuns: 50 },
  );
});
