import { expect, test } from 'vitest';
import { checkShards } from '../../dev/doctor/shards.ts';

/* What `npm run doctor` says of the lists of databases. */

const url = (role: string, host: string) => `postgres://${role}@${host}.example.com/onetrip`;
const list = (role: string, ...names: string[]) =>
  JSON.stringify(Object.fromEntries(names.map((name) => [name, url(role, name)])));
const SHARDS = list('onetrip_worker', 'a', 'b', 'c');
const wrongs = (variables: Record<string, string>) =>
  [...checkShards({ SHARDS, ...variables })].filter(({ is }) => is === 'wrong').map(({ text }) => text);

test.each(['JANITOR', 'COURIER'])('%s has to reach all of them', (role) => {
  expect(wrongs({ [`${role}_SHARDS`]: list('other', 'a', 'b', 'c') })).toEqual([]);
  expect(wrongs({})).toEqual([]);
  expect(wrongs({ [`${role}_DATABASE_URL`]: url('other', 'a') })).toEqual([
    `${role}_DATABASE_URL is one database, where SHARDS has 3: in the others nothing is done`,
  ]);
  expect(wrongs({ [`${role}_SHARDS`]: list('other', 'a', 'c') })).toEqual([`${role}_SHARDS lacks b`]);
  expect(wrongs({ [`${role}_SHARDS`]: list('other', 'b', 'a', 'c') })).toEqual([`${role}_SHARDS begins with b`]);
});
