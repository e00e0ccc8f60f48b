import { describe, expect, test } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { readConfig } from '../../src/config/config.ts';
import { readCourierConfigs } from '../../src/config/courier.ts';
import { readJanitorConfig } from '../../src/config/janitor.ts';
import { readServerConfig } from '../../src/config/server.ts';

/* Several databases. */

const [A, B, C] = ['a', 'b', 'c'].map((name) => `postgres://worker:x@${name}.example.com/onetrip`) as [
  string,
  string,
  string,
];
const token = { JWT_SECRET: 'a secret of the tests, of at least 32 bytes' };
const SHARDS = JSON.stringify({ a: A, b: B });
const read = (bindings: Bindings) => readConfig({ ...token, ...bindings });

test('the first one is the database, and each has a replica where one is named', () => {
  const { database, replica, shards } = read({ SHARDS, SHARDS_READONLY: JSON.stringify({ b: C }) });
  expect(database).toMatchObject({ url: A, shard: 'a' });
  expect(replica).toMatchObject({ url: A, shard: 'a' });
  expect([...(shards?.databases.databases ?? [])].map(([name, { url }]) => [name, url])).toEqual([
    ['a', A],
    ['b', B],
  ]);
  expect(shards?.replicas.databases.get('b')).toMatchObject({ url: C, shard: 'b' });
});

test('by default ids give the first, so that one which is added moves nobody, and all take new tenants', () => {
  expect(read({ SHARDS }).shards?.databases).toMatchObject({ byHash: ['a'], forNew: ['a', 'b'] });
  const lists = { SHARDS_BY_HASH: 'a, b,b', SHARDS_FOR_NEW: 'b' };
  expect(read({ SHARDS, ...lists }).shards?.databases).toMatchObject({ byHash: ['a', 'b', 'b'], forNew: ['b'] });
});

test('white space, and what else a URL may hold, are no matter', () => {
  const odd = 'postgres://worker:a%22%3A%22b@b.example.com/one?options="x"';
  const text = `{ "a" :${JSON.stringify(A)},\n\t"b":  ${JSON.stringify(odd)} }`;
  expect([...(read({ SHARDS: text }).shards?.databases.databases.keys() ?? [])]).toEqual(['a', 'b']);
});

test('one database is as it was', () => {
  expect(read({ DATABASE_URL: A })).not.toHaveProperty('shards');
  expect(read({ DATABASE_URL: A }).database).not.toHaveProperty('shard');
});

test('the purge, deliveries and the server read lists of their own', () => {
  const bindings = { JANITOR_SHARDS: SHARDS, COURIER_SHARDS: SHARDS, WEBHOOK_KEYS: `one:${'k'.repeat(43)}=` };
  expect(readJanitorConfig(bindings).databases.map(({ shard }) => shard)).toEqual(['a', 'b']);
  expect(readCourierConfigs(bindings).map(({ database }) => database.shard)).toEqual(['a', 'b']);
  expect(readServerConfig(bindings)).toMatchObject({ purges: true, delivers: true });
});

test('a proxy is asked for tenants, and the databases for everything else', () => {
  const proxied = { DATABASE_URL: C, SHARDING_KEY: 'pgdog.sharding_key' };
  const { database, shards } = read({ ...proxied, SHARDS, DATABASE_URL_READONLY: B });
  expect(database).toMatchObject({ url: A, shard: 'a' });
  expect(database).not.toHaveProperty('shardingKey');
  expect(shards?.databases.proxy).toMatchObject({ url: C, shardingKey: 'pgdog.sharding_key' });
  expect(shards?.replicas.proxy).toMatchObject({ url: B, shardingKey: 'pgdog.sharding_key' });
  const alone = read(proxied);
  expect(alone).not.toHaveProperty('shards');
  expect(alone.database).toMatchObject({ url: C, shardingKey: 'pgdog.sharding_key' });
  expect(read({ SHARDS }).shards?.databases).not.toHaveProperty('proxy');
});

describe('refused is', () => {
  test.each([
    ['{', 'SHARDS must be JSON'],
    ['["postgres://x/y"]', 'SHARDS must be JSON'],
    ['{}', 'SHARDS must be JSON'],
    [`{"A": "${A}"}`, 'SHARDS must be JSON'],
    ['{"a": "mysql://x/y"}', 'SHARDS must be JSON'],
    ['{"a": 1}', 'SHARDS must be JSON'],
    [`{"a": "${A}", "a": "${B}"}`, 'SHARDS must be JSON'],
    [`{"a": "${A}", "b": "${A}"}`, 'SHARDS must be JSON'],
  ])('SHARDS=%s', (SHARDS, message) => {
    expect(() => read({ SHARDS })).toThrow(message);
  });

  test.each([
    [{ SHARDS_BY_HASH: 'a,x' }, 'SHARDS_BY_HASH has x, which SHARDS has not'],
    [{ SHARDS_FOR_NEW: 'x' }, 'SHARDS_FOR_NEW has x, which SHARDS has not'],
    [{ SHARDS_FOR_NEW: 'a,,b' }, 'SHARDS_FOR_NEW must be names'],
    [{ SHARDS_READONLY: JSON.stringify({ x: A }) }, 'SHARDS_READONLY has x, which SHARDS has not'],
    [{ DATABASE_URL: C }, 'DATABASE_URL is set beside SHARDS, and is none of these databases'],
    [{ SHARDING_KEY: 'pgdog.sharding_key' }, 'DATABASE_URL, where PgDog is, is not set'],
    [{ DATABASE_URL: C, SHARDING_KEY: `x.y to ''; drop table t; --` }, 'SHARDING_KEY must be the name of a setting'],
  ])('beside it %o', (more, message) => {
    expect(() => read({ SHARDS, ...more })).toThrow(message);
  });

  test('nothing that holds a value', () => {
    expect(() => read({ SHARDS: '{"a": "postgres:/secret"' })).toThrow(/^(?!.*secret)/);
  });
});
