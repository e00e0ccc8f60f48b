import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf, homeByHash } from '../../../src/db/shards/home-by-hash.ts';

test('is the same for ever: tenants would not be found otherwise', () => {
  const ids = [
    '00000000-0000-0000-0000-000000000000',
    '01976d5c-0000-7000-8000-000000000001',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
  ];
  expect(ids.map(hashOf)).toEqual(KNOWN);
  expect(hashOf(ids[2]?.toUpperCase() ?? '')).toBe(hashOf(ids[2] ?? ''));
});

/** Of a second implementation, in Python. */
const KNOWN = [3252299835, 1966417256, 1155200646];

test('spreads ids that differ in their last digits alone, by how often a name is listed', () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      const counts = { a: 0, b: 0, c: 0 };
      for (let n = 0; n < 4000; n++) {
        const tenant = `${id.slice(0, -4)}${n.toString(16).padStart(4, '0')}`;
        counts[homeByHash(tenant, ['a', 'b', 'b', 'c']) as 'a']++;
      }
      for (const [name, expected] of [
        ['a', 1000],
        ['b', 2000],
        ['c', 1000],
      ] as const) {
        expect(Math.abs(counts[name] - expected)).toBeLessThan(expected * 0.2);
      }
    }),
    { numRuns: 10 },
  );
});

test('of one name it is always that', () => {
  fc.assert(fc.property(fc.uuid(), (id) => homeByHash(id, ['only']) === 'only'));
});
