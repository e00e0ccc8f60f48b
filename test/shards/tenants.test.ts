import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { forgetAllHomes } from '../../src/db/shards/known-homes.ts';
import { purge } from '../../src/scheduled/purge.ts';
import { tripsOf, useShardedApi } from './world.ts';

/* The platform's view of tenants in three databases. */

const api = useShardedApi();
const SHARDS = ['a', 'b', 'c'] as const;
const admin = (shard: string) =>
  api.shards.get(shard)?.admin as NonNullable<ReturnType<typeof api.shards.get>>['admin'];
const list = (query = '') => api.call(`/api/v1/tenants?${query}`);
const post = (body: unknown, env?: Bindings) =>
  api.call('/api/v1/tenants', { method: 'POST', body, ...(env ? { env } : {}) });

/** In which databases a tenant has a row, and how it is placed there. */
async function rowsOf(id: string): Promise<Record<string, string>> {
  const found = await Promise.all(
    SHARDS.map(async (shard) => {
      const { rows } = await admin(shard).query('select placement from tenants where id = $1', [id]);
      return rows.map(({ placement }) => [shard, placement]);
    }),
  );
  return Object.fromEntries(found.flat());
}

const directory = async () => (await admin('a').query('select id, shard from tenant_directory')).rows;

describe('a tenant is made', () => {
  test('in the database that is named', async () => {
    for (const shard of SHARDS) {
      const { status, json } = await post({ name: shard, shard });
      expect(status).toBe(201);
      expect(json).toMatchObject({ name: shard, status: 'active' });
      expect(json).not.toHaveProperty('shard');
      expect(await rowsOf(json.id)).toEqual({ [shard]: 'home' });
      const entries = (await directory()).filter(({ id }) => id === json.id);
      // Ids give `a` by themselves.
      expect(entries).toEqual(shard === 'a' ? [] : [{ id: json.id, shard }]);
    }
  });

  test('without the directory, where ids can give the database', async () => {
    const env = { ...api.bindings, SHARDS_BY_HASH: 'a,b,c' };
    const before = await directory();
    for (const shard of SHARDS) {
      const reply = await post({ name: 'by hash', shard }, env);
      expect(await rowsOf(reply.json.id)).toEqual({ [shard]: 'home' });
      expect(tripsOf(reply)).toBe(1);
      forgetAllHomes();
      expect(tripsOf(await api.call('/api/v1/tags', { tenant: reply.json.id, env }))).toBe(1);
    }
    expect(await directory()).toEqual(before);
  });

  test('where there are fewest for what a database is to take', async () => {
    const env = { ...api.bindings, SHARDS_FOR_NEW: 'b,c,c' };
    const counts = { a: 0, b: 0, c: 0 };
    // Those that have left take up no room.
    await admin('c').query(
      `insert into tenants (name, placement, moved_to) select 'gone', 'moved', 'a' from generate_series(1, 20)`,
    );
    const count = async (shard: string) =>
      (await admin(shard).query(`select count(*)::integer as n from tenants where placement <> 'moved'`)).rows[0].n;
    const there = { b: await count('b'), c: await count('c') };
    for (let n = 0; n < 9; n++) {
      const { json } = await post({ name: 'anywhere' }, env);
      const [shard] = Object.keys(await rowsOf(json.id));
      counts[shard as 'a']++;
    }
    expect(counts.a).toBe(0);
    expect(Math.abs((there.b + counts.b) * 2 - (there.c + counts.c))).toBeLessThanOrEqual(2);
  });

  test('in another one where the least full does not serve, also just after it has stopped', async () => {
    const env = { ...api.bindings, SHARDS_BY_HASH: 'a,b,c', SHARDS_FOR_NEW: 'a,b,b,b,b,b,b,b,b,b' };
    const first = await post({ name: 'Counted' }, env);
    expect(await rowsOf(first.json.id)).toEqual({ b: 'home' });
    const { status, json } = await api.without('b', async () => {
      // A connection that is kept may be found broken first, and then nobody knows what was carried out.
      expect((await post({ name: 'There', shard: 'b' }, env)).status).toBe(503);
      return post({ name: 'Elsewhere' }, env);
    });
    expect(status).toBe(201);
    expect(await rowsOf(json.id)).toEqual({ a: 'home' });
  });

  test.each([['x'], ['A'], [''], [null], [1]])('not in %j, which is no database', async (shard) => {
    const reply = await post({ name: 'Acme', shard });
    expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed', errors: [{ pointer: '/shard' }] } });
    expect(tripsOf(reply)).toBe(0);
  });

  test('and named no database where there is one alone', async () => {
    const { SHARDS: _, ...one } = api.bindings;
    const env = { ...one, DATABASE_URL: api.shards.get('a')?.url } as Bindings;
    expect(await post({ name: 'Acme', shard: 'a' }, env)).toMatchObject({ status: 400 });
    expect((await post({ name: 'Acme' }, env)).status).toBe(201);
  });
});

describe('what is interrupted between the database and the directory', () => {
  test('shows nowhere, blocks nothing, and is removed after an hour, with its entry', async () => {
    const refused = await api.without('a', () => post({ name: 'Half', shard: 'b' }));
    expect(refused.status).toBe(503);
    const { rows } = await admin('b').query(`select id from tenants where name = 'Half'`);
    const [{ id }] = rows;
    expect(await rowsOf(id)).toEqual({ b: 'pending' });
    // As if the directory had been written, and the last step had not been reached.
    await admin('a').query(`insert into tenant_directory values ($1, 'b')`, [id]);
    expect(await api.call('/api/v1/tags', { tenant: id })).toMatchObject({ status: 403 });
    expect((await list('limit=100')).json.data.map((tenant: { id: string }) => tenant.id)).not.toContain(id);
    expect(await api.call(`/api/v1/tenants/${id}`, { method: 'PATCH', body: { status: 'suspended' } })).toMatchObject({
      status: 404,
    });
    expect((await post({ name: 'Half', shard: 'b' })).status).toBe(201);
    await purge(api.bindings);
    expect(await rowsOf(id)).toEqual({ b: 'pending' });
    await admin('b').query('alter table tenants disable trigger stamp');
    await admin('b').query(`update tenants set created_at = now() - interval '61 minutes' where id = $1`, [id]);
    await admin('b').query('alter table tenants enable trigger stamp');
    await purge(api.bindings);
    expect(await rowsOf(id)).toEqual({});
    expect((await directory()).map((entry) => entry.id)).not.toContain(id);
  });
});

describe('a tenant is changed and deleted at home', () => {
  test('wherever it is first looked for', async () => {
    const id = await api.create('b', 'Old');
    const change = (name: string) => api.call(`/api/v1/tenants/${id}`, { method: 'PATCH', body: { name } });
    expect((await change('New')).json.name).toBe('New');
    await api.move(id, 'b', 'c');
    const reply = await change('Newer');
    expect(reply).toMatchObject({ status: 200, json: { name: 'Newer' } });
    expect(tripsOf(reply)).toBe(2);
    const named = async (shard: string) =>
      (await admin(shard).query('select name from tenants where id = $1', [id])).rows[0]?.name;
    expect([await named('b'), await named('c')]).toEqual(['New', 'Newer']);
    const unknown = await api.call(`/api/v1/tenants/${randomUUID()}`, { method: 'PATCH', body: {} });
    expect([unknown.status, tripsOf(unknown)]).toEqual([404, 1]);
  });

  test('and nothing of it is left in any of them', async () => {
    const id = await api.create('b', 'Gone');
    await api.call('/api/v1/tags', { method: 'POST', body: { name: 'tag' }, tenant: id });
    await api.move(id, 'b', 'c');
    await api.call(`/api/v1/tenants/${id}`, { method: 'PATCH', body: { status: 'suspended' } });
    expect((await api.call(`/api/v1/tenants/${id}`, { method: 'DELETE' })).status).toBe(202);
    expect(await purge(api.bindings)).toMatchObject({ tenants: 1 });
    expect(await rowsOf(id)).toEqual({});
    expect((await directory()).map((entry) => entry.id)).not.toContain(id);
  });
});

describe('GET /tenants', () => {
  /** Names that bytes, JavaScript and ICU sort in different ways, and times that meet. */
  const NAMES = ['a', 'A', 'ä', 'Z', 'z', 'ß', 'ss', 'Ä b', 'a-b', 'ab', '10', '9', 'é', 'e', '日本', 'É', '_x', 'x y'];
  const one: { bindings?: Bindings } = {};

  beforeAll(async () => {
    for (const shard of SHARDS) {
      await admin(shard).query('delete from tenants');
      for (const [n, name] of NAMES.entries()) {
        await admin(shard).query(
          `insert into tenants (name, created_at) values ($1, timestamptz '2026-01-01' + $2::interval)`,
          [name, `${Math.floor(n / 3)} ms`],
        );
      }
    }
    const { SHARDS: _, ...rest } = api.bindings;
    one.bindings = { ...rest, DATABASE_URL: api.shards.get('a')?.url } as Bindings;
  });

  const walk = async (sort: string, limit: number, between = async () => {}) => {
    const found: { id: string; name: string }[] = [];
    let cursor = '';
    do {
      const { status, json } = await list(`sort=${sort}&limit=${limit}${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      expect(json.page.has_more === (json.page.next_cursor !== null)).toBe(true);
      found.push(...json.data);
      cursor = json.page.next_cursor ?? '';
      await between();
    } while (cursor);
    return found;
  };

  test('shows each tenant once, in the order that one database would give, whatever comes and goes meanwhile', async () => {
    // Reference: all of them in one table, sorted by PostgreSQL.
    const all = (await Promise.all(SHARDS.map((shard) => admin(shard).query('select * from tenants')))).flatMap(
      ({ rows }) => rows,
    );
    await admin('c').query('create table reference (like tenants)');
    for (const { id, name, created_at } of all) {
      await admin('c').query(
        'insert into reference (id, name, status, created_at, updated_at, placement) values ($1, $2, $3, $4, $4, $5)',
        [...[id, name, 'active', created_at, 'home']],
      );
    }
    const kept = new Set(all.map(({ id }) => id));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('name', '-name', 'created_at', '-created_at', 'created_at,name', '-name,created_at'),
        fc.integer({ min: 6, max: 25 }),
        async (sort, limit) => {
          const keys = sort.split(',').map((key) => (key.startsWith('-') ? `${key.slice(1)} desc` : key));
          const direction = keys[0]?.endsWith('desc') ? 'desc' : 'asc';
          const { rows } = await admin('c').query(
            `select id from reference order by ${keys.join(', ')}, id ${direction}`,
          );
          const strangers: string[] = [];
          const between = async () => {
            const shard = SHARDS[strangers.length % 3] ?? 'a';
            const { rows: made } = await admin(shard).query('insert into tenants (name) values ($1) returning id', [
              NAMES[strangers.length % NAMES.length],
            ]);
            strangers.push(made[0].id);
            if (strangers.length > 2) await admin('b').query('delete from tenants where id = $1', [strangers[1]]);
          };
          const found = await walk(sort, limit, between);
          const ids = found.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          expect(ids.filter((id) => kept.has(id))).toEqual(rows.map(({ id }) => id));
          for (const shard of SHARDS) await admin(shard).query('delete from tenants where id = any($1)', [strangers]);
        },
      ),
      { numRuns: 4 },
    );
    await admin('c').query('drop table reference');
  });

  test('counts, skips, picks members and answers 304 as one database does', async () => {
    const total = NAMES.length * 3;
    const reply = await list('sort=name&limit=5&skip=7&count=true&fields=name');
    expect(reply.json.page).toMatchObject({ limit: 5, has_more: true, total });
    const names = (await walk('name', 50)).map(({ name }) => ({ name }));
    expect(reply.json.data).toEqual(names.slice(7, 12));
    expect(tripsOf(reply)).toBe(4);
    expect(await list('skip=10000')).toMatchObject({ status: 200, json: { data: [] } });
    const etag = (await list('sort=name&limit=5')).headers.get('ETag');
    expect(etag).toBe((await list('sort=name&limit=5')).headers.get('ETag'));
  });

  test('shows a tenant once while it is being moved', async () => {
    const { rows } = await admin('a').query(`update tenants set placement = 'moving' where name = 'ab' returning id`);
    const [{ id }] = rows;
    await admin('b').query(`insert into tenants (id, name, placement) values ($1, 'ab', 'arriving')`, [id]);
    const total = (await list('count=true&limit=1')).json.page.total;
    const shown = async () => {
      expect((await list('count=true&limit=1')).json.page.total).toBe(total);
      return (await walk('name', 50)).filter((tenant) => tenant.id === id).length;
    };
    expect(await shown()).toBe(1);
    // It has left, and not arrived yet.
    await admin('a').query(`update tenants set placement = 'moved', moved_to = 'b' where id = $1`, [id]);
    expect(await shown()).toBe(1);
    await admin('b').query(`update tenants set placement = 'home' where id = $1`, [id]);
    expect(await shown()).toBe(1);
  });

  test('a damaged cursor is 400', async () => {
    expect(await list('cursor=abc')).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
    const { json } = await list('limit=2');
    const other = await list(`limit=2&sort=name&cursor=${json.page.next_cursor}`);
    expect(other).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
  });
});
