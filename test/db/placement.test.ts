import { createHash, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { connectAs, makeWorld, problemOf, rolledBack, transaction, useWorker, value, type World } from './sessions.ts';

/* Whether a tenant is served from this database, which the database itself decides. */

const database = useDatabase();
const worker = useWorker(database);
let janitor: pg.Client;
connectAs(database, 'janitorUrl', (client) => {
  janitor = client;
});

const HASH = createHash('sha256').update('secret').digest();
const FORBIDDEN = { code: 'forbidden', detail: 'The tenant of this token is unknown or suspended.' };
const UNAUTHENTICATED = { code: 'unauthenticated', headers: { 'WWW-Authenticate': 'Bearer' } };

let world: World;
let key: string;

beforeAll(async () => {
  world = await makeWorld(database.admin);
  key = await value(
    database.admin,
    `insert into api_keys (tenant_id, name, role, secret_hash) values ($1, 'key', 'member', $2) returning id`,
    [world.tenant, HASH],
  );
});

/** Has the tenant placed for as long as the work takes. */
async function placed<T>(placement: string, work: () => Promise<T>): Promise<T> {
  const place = (to: string) =>
    database.admin.query('update tenants set placement = $2, moved_to = $3 where id = $1', [
      world.tenant,
      to,
      to === 'moved' ? 'b' : null,
    ]);
  await place(placement);
  try {
    return await work();
  } finally {
    await place('home');
  }
}

/** What a batch of a tenant begins with, and whether it writes. */
const CONTEXTS: [name: string, sql: string, parameters: () => unknown[], unknown: object][] = [
  ['a token', `select set_tenant_context($1, 'ann', 'r', 'member')`, () => [world.tenant], FORBIDDEN],
  [
    'an API key',
    `select set_api_key_context($1, $2, $3, 'viewer', 'r')`,
    () => [world.tenant, key, HASH],
    UNAUTHENTICATED,
  ],
];

function begins(sql: string, parameters: unknown[], mode: 'read only' | 'read write'): Promise<object | undefined> {
  return rolledBack(worker.client, async (client) => {
    await client.query(`set transaction ${mode}`);
    const error = await client.query(sql, parameters).then(
      () => undefined,
      (thrown) => thrown,
    );
    return error && problemOf(error);
  });
}

describe.each(CONTEXTS)('a tenant, asked for with %s,', (_name, sql, parameters, unknown) => {
  const modes = ['read only', 'read write'] as const;

  test('is served at home', async () => {
    for (const mode of modes) expect(await begins(sql, parameters(), mode)).toBeUndefined();
  });

  test('is read and not written while it is being moved away', async () => {
    await placed('moving', async () => {
      expect(await begins(sql, parameters(), 'read only')).toBeUndefined();
      const refused = await begins(sql, parameters(), 'read write');
      expect(refused).toMatchObject({ code: 'unavailable', headers: { 'Retry-After': '5' } });
      expect(refused).not.toHaveProperty('elsewhere');
    });
  });

  test('is said to be elsewhere once it has moved, and where', async () => {
    await placed('moved', async () => {
      for (const mode of modes) {
        expect(await begins(sql, parameters(), mode)).toMatchObject({ ...unknown, elsewhere: { shard: 'b' } });
      }
    });
  });

  test('is as unknown while it is being created, and not yet here while it is being copied', async () => {
    for (const mode of modes) {
      await placed('pending', async () => {
        expect(await begins(sql, parameters(), mode)).toMatchObject({ ...unknown, elsewhere: { shard: null } });
      });
      await placed('arriving', async () => {
        expect(await begins(sql, parameters(), mode)).toMatchObject({
          code: 'unavailable',
          elsewhere: { shard: null },
        });
      });
    }
  });

  test('is said to be where the directory has it, if there is no row of it', async () => {
    const stranger = randomUUID();
    await database.admin.query(`insert into tenant_directory values ($1, 'c')`, [stranger]);
    const asked = [stranger, ...parameters().slice(1)];
    expect(await begins(sql, asked, 'read only')).toMatchObject({ ...unknown, elsewhere: { shard: 'c' } });
    asked[0] = randomUUID();
    expect(await begins(sql, asked, 'read only')).toMatchObject({ ...unknown, elsewhere: { shard: null } });
  });
});

test('a write has its id before the tenant is read, so that who moves it can wait for it', async () => {
  for (const [, sql, parameters] of [
    ...CONTEXTS,
    ['the platform', `select set_platform_context('operator', 'r')`, () => []] as const,
  ]) {
    await rolledBack(worker.client, async (client) => {
      await client.query(sql, parameters());
      expect(await value(client, 'select pg_current_xact_id_if_assigned()')).not.toBeNull();
    });
    await rolledBack(worker.client, async (client) => {
      await client.query('set transaction read only');
      await client.query(sql, parameters());
      expect(await value(client, 'select pg_current_xact_id_if_assigned()')).toBeNull();
    });
  }
});

test('what is done to place a tenant is no change of it that its callers see', async () => {
  const { admin } = database;
  const before = await value(admin, 'select updated_at::text from tenants where id = $1', [world.tenant]);
  const entries = () => value(admin, `select count(*)::int from audit_log where resource_id = $1`, [world.tenant]);
  const logged = await entries();
  await placed('moving', async () => {});
  expect(await value(admin, 'select updated_at::text from tenants where id = $1', [world.tenant])).toBe(before);
  expect(await entries()).toBe(logged);
  expect(
    await value(
      admin,
      `select count(*)::int from audit_log where resource_type = 'tenant' and changes ?| '{placement,moved_to}'`,
    ),
  ).toBe(0);
});

describe('the directory', () => {
  test('shows a tenant its own entry alone, and the platform all of them', async () => {
    const other = randomUUID();
    await database.admin.query(`insert into tenant_directory values ($1, 'b'), ($2, 'b')`, [world.tenant, other]);
    const ids = 'select array_agg(id::text) from tenant_directory';
    expect(await worker.inTenant(world.tenant, (client) => value(client, ids))).toEqual([world.tenant]);
    expect(await worker.inPlatform((client) => value(client, ids))).toEqual(expect.arrayContaining([other]));
    await worker.transaction(async (client) => {
      await client.query(`select set_tenant_context($1, 'ann', 'r')`, [world.tenant]);
      const change = await client.query(`update tenant_directory set shard = 'c'`);
      expect(change.rowCount).toBe(0);
    });
  });
});

describe('the janitor', () => {
  const see = (table: string) => value(janitor, `select count(*)::int from ${table}`);

  test('leaves alone what belongs to a tenant that is not at home', async () => {
    const { admin } = database;
    await admin.query(`update tenants set status = 'deleting' where id = $1`, [world.tenant]);
    const tables = ['projects', 'tasks', 'tags', 'members', 'comments', 'audit_log', 'webhook_deliveries'];
    for (const table of tables) expect(await see(table), table).toBeGreaterThan(0);
    for (const placement of ['pending', 'arriving', 'moving', 'moved']) {
      await placed(placement, async () => {
        for (const table of tables) expect(await see(table), table).toBe(0);
      });
    }
    await admin.query(`update tenants set status = 'active' where id = $1`, [world.tenant]);
  });

  test('removes what has come to nothing after an hour, and addresses of those that moved; nothing else', async () => {
    const { admin } = database;
    const remove = () =>
      rolledBack(janitor, async (client) => {
        return (await client.query('delete from tenants where id = $1', [world.tenant])).rowCount;
      });
    const removed = async () => {
      const counts: Record<string, number | null> = { home: await remove() };
      for (const placement of ['pending', 'arriving', 'moving', 'moved']) {
        counts[placement] = await placed(placement, remove);
      }
      return counts;
    };
    const none = { home: 0, pending: 0, arriving: 0, moving: 0, moved: 1 };
    expect(await removed()).toEqual(none);
    await transaction(admin, async () => {
      // The trigger would take it for no change.
      await admin.query('set local session_replication_role = replica');
      await admin.query(`update tenants set created_at = now() - interval '61 minutes' where id = $1`, [world.tenant]);
    });
    expect(await removed()).toEqual({ ...none, pending: 1 });
  });
});
