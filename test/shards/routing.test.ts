import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { forgetAllHomes, noteHome } from '../../src/db/shards/known-homes.ts';
import { tripsOf, useShardedApi } from './world.ts';

/* Tenants in three databases: each request gets to the right one, and to no other. */

const api = useShardedApi();
const admin = (shard: string) =>
  api.shards.get(shard)?.admin as NonNullable<ReturnType<typeof api.shards.get>>['admin'];
const tags = (tenant: string) => api.call('/api/v1/tags', { tenant });
const addTag = (tenant: string, name: string) => api.call('/api/v1/tags', { method: 'POST', body: { name }, tenant });

test('each tenant has what it wrote, in one round trip, in its own database', async () => {
  const tenants = await Promise.all(['a', 'b', 'c'].map(async (shard) => ({ shard, id: await api.create(shard) })));
  for (const { id, shard } of tenants) {
    expect(tripsOf(await addTag(id, `of ${shard}`)), shard).toBeLessThanOrEqual(2);
    const reply = await tags(id);
    expect(reply.json.data).toMatchObject([{ name: `of ${shard}` }]);
    expect(tripsOf(reply)).toBe(1);
    const counts = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const { rows } = await admin(name).query('select from tags where tenant_id = $1', [id]);
        return rows.length;
      }),
    );
    expect(counts).toEqual(['a', 'b', 'c'].map((name) => (name === shard ? 1 : 0)));
  }
});

test('a stale cache costs a round trip', async () => {
  const id = await api.create('b');
  await addTag(id, 'here');
  expect(tripsOf(await tags(id))).toBe(1);
  await api.move(id, 'b', 'c');
  await admin('c').query(`insert into tags (tenant_id, name) values ($1, 'there')`, [id]);
  const reply = await tags(id);
  expect(reply.json.data).toMatchObject([{ name: 'there' }]);
  expect(tripsOf(reply)).toBe(2);
  const written = await addTag(id, 'more');
  expect([written.status, tripsOf(written)]).toEqual([201, 1]);
});

test('a tenant is read and not written while it is being moved', async () => {
  const id = await api.create('b');
  await addTag(id, 'old');
  await admin('b').query(`update tenants set placement = 'moving' where id = $1`, [id]);
  expect((await tags(id)).json.data).toHaveLength(1);
  const refused = await addTag(id, 'new');
  expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable' } });
  expect(refused.headers.get('Retry-After')).toBe('5');
  const suspend = { method: 'PATCH', body: { status: 'suspended' } };
  expect(await api.call(`/api/v1/tenants/${id}`, suspend)).toMatchObject({ status: 503 });
});

describe('a copy of a tenant in another database is never shown', () => {
  /** Where a request may look first: where the id says, where it was, or where it is wrongly said to be. */
  const ways: [name: string, mislead: (id: string) => unknown][] = [
    ['by the id', () => {}],
    ['by what is known of it', (id) => noteHome(id, 'a')],
    [
      'by the directory',
      (id) =>
        admin('a').query(`insert into tenant_directory values ($1, 'c') on conflict (id) do update set shard = 'c'`, [
          id,
        ]),
    ],
  ];

  test.each(ways)('%s', async (_, mislead) => {
    const id = await api.create('b');
    await addTag(id, 'mine');
    for (const shard of ['a', 'c']) {
      for (const placement of ['pending', 'arriving', 'moved']) {
        await admin(shard).query('delete from tenants where id = $1', [id]);
        await admin(shard).query('insert into tenants (id, name, placement, moved_to) values ($1, $2, $3, $4)', [
          ...[id, 'Copy', placement],
          placement === 'moved' ? 'b' : null,
        ]);
        await admin(shard).query(`insert into tags (tenant_id, name) values ($1, 'stale')`, [id]);
        await mislead(id);
        const { status, json } = await tags(id);
        if (status === 200) expect(json.data, `${shard} ${placement}`).toMatchObject([{ name: 'mine' }]);
        else expect(status, `${shard} ${placement}`).toBeOneOf([403, 503]);
        expect((await addTag(id, randomUUID())).status).toBeOneOf([201, 403, 503]);
        await admin('b').query(`delete from tags where name <> 'mine' and tenant_id = $1`, [id]);
        const { rows } = await admin(shard).query('select name from tags where tenant_id = $1', [id]);
        expect(rows, 'nothing is written there').toEqual([{ name: 'stale' }]);
      }
      await admin(shard).query('delete from tenants where id = $1', [id]);
    }
  });
});

test('who is told of no tenant is told the same by every database', async () => {
  const reply = await tags(randomUUID());
  expect([reply.status, tripsOf(reply)]).toEqual([403, 1]);
  const suspended = await api.create('c');
  await api.call(`/api/v1/tenants/${suspended}`, { method: 'PATCH', body: { status: 'suspended' } });
  const other = await tags(suspended);
  const masked = ({ request_id: _, ...problem }: Record<string, unknown>) => problem;
  expect(masked(other.json)).toEqual(masked(reply.json));
});

describe('one database down', () => {
  test('is 503 for its own tenants alone', async () => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((shard) => api.create(shard)));
    await api.without('b', async () => {
      expect((await tags(a ?? '')).status).toBe(200);
      expect((await tags(c ?? '')).status).toBe(200);
      const refused = await tags(b ?? '');
      expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable' } });
      expect(refused.headers.get('Retry-After')).toBeTruthy();
      expect(await api.call('/api/v1/tenants')).toMatchObject({ status: 503 });
      const ready = await api.call('/ready');
      expect([ready.status, ready.json.detail]).toEqual([503, expect.stringMatching(/^b: /)]);
      expect((await api.call('/api/v1/tenants', { method: 'POST', body: { name: 'new' } })).status).toBe(201);
    });
    expect((await tags(b ?? '')).status).toBe(200);
    expect((await api.call('/ready')).status).toBe(200);
  });

  test('that has the directory is so, too, also for processes that know nothing yet', async () => {
    const hashed = { ...api.bindings, SHARDS_BY_HASH: 'a,b,c' };
    const createIn = async (shard: string) => {
      const body = { name: 'By hash', shard };
      return (await api.call('/api/v1/tenants', { method: 'POST', body, env: hashed })).json.id;
    };
    const [byId, byDirectory] = [await createIn('c'), await api.create('c')];
    const tenants = [
      { tenant: byId, env: hashed, trips: 1 },
      // Its id gives `a`, which is asked first; then the two others, and then the one that has it.
      { tenant: byDirectory, env: api.bindings, trips: 4 },
    ];
    const ofA = await api.create('a');
    await api.without('a', async () => {
      for (const { tenant, env, trips } of tenants) {
        forgetAllHomes();
        const written = await api.call('/api/v1/tags', { method: 'POST', body: { name: 'cold' }, tenant, env });
        expect([written.status, tripsOf(written)]).toEqual([201, trips]);
        forgetAllHomes();
        const read = await api.call('/api/v1/tags', { tenant, env });
        expect([read.status, tripsOf(read)]).toEqual([200, trips]);
        expect(read.json.data).toMatchObject([{ name: 'cold' }]);
        const renamed = await api.call(`/api/v1/tenants/${tenant}`, { method: 'PATCH', body: { name: 'Cold' }, env });
        expect([renamed.status, tripsOf(renamed)]).toEqual([200, 1]);
        forgetAllHomes();
        const cold = await api.call(`/api/v1/tenants/${tenant}`, { method: 'PATCH', body: { name: 'Colder' }, env });
        expect([cold.status, tripsOf(cold)]).toEqual([200, trips]);
      }
      forgetAllHomes();
      expect((await tags(ofA)).status).toBe(503);
      expect((await addTag(ofA, 'refused')).status).toBe(503);
      const unknown = await api.call(`/api/v1/tenants/${randomUUID()}`, { method: 'PATCH', body: {} });
      expect(unknown.status).toBe(503);
    });
    expect((await tags(ofA)).status).toBe(200);
    expect((await tags(byDirectory)).json.data).toHaveLength(1);
  });
});

test('an API key is no way to a tenant in another database, nor to all of them', async () => {
  const [own, other] = [await api.create('b'), await api.create('c')];
  const { json } = await api.call('/api/v1/api-keys', {
    method: 'POST',
    body: { name: 'Script', role: 'admin' },
    tenant: own,
  });
  const asks = [
    ['GET', '/api/v1/tenants'],
    ['POST', '/api/v1/tenants', { name: 'Mine' }],
    ['POST', '/api/v1/tenants', { name: 'Mine', shard: 'c' }],
    ...[own, other].map((id) => ['PATCH', `/api/v1/tenants/${id}`, { name: 'Mine' }] as const),
    ...[own, other].map((id) => ['DELETE', `/api/v1/tenants/${id}`] as const),
  ] as const;
  for (const [method, path, body] of asks) {
    const reply = await api.call(path, { method, body, token: json.key });
    expect([reply.status, tripsOf(reply)], `${method} ${path}`).toEqual([403, 1]);
  }
  for (const shard of ['a', 'b', 'c']) {
    expect((await admin(shard).query(`select from tenants where name = 'Mine'`)).rowCount, shard).toBe(0);
  }
});
