import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { tenantTables } from '../support/stored.ts';
import {
  connectAs,
  failure,
  makeTenant,
  makeWorld,
  problemOf,
  transaction,
  undone,
  useWorker,
  value,
  type World,
} from './sessions.ts';

/* The first statement of every batch: who asks, and what is open to it until the transaction ends. */

const database = useDatabase();
const worker = useWorker(database);

let ours: World;
let theirs: World;

beforeAll(async () => {
  ours = await makeWorld(database.admin);
  theirs = await makeWorld(database.admin);
});

describe('after the transaction', () => {
  const nothing = async () => {
    expect(await value(worker.client, 'select count(*)::int from projects')).toBe(0);
    for (const setting of ['tenant_id', 'role', 'actor', 'request_id']) {
      expect(await value(worker.client, `select current_setting('app.${setting}', true)`), setting).toBe('');
    }
    expect(await value(worker.client, 'show statement_timeout')).toBe('0');
    expect(await value(worker.client, 'show lock_timeout')).toBe('0');
  };

  test('nothing of the tenant is left on the connection', async () => {
    expect(await worker.inTenant(ours.tenant, (client) => value(client, 'select count(*)::int from projects'))).toBe(1);
    await nothing();
  });

  test('nor after one that failed', async () => {
    await expect(worker.inTenant(ours.tenant, (client) => client.query('select 1 / 0'))).rejects.toThrow(
      'division by zero',
    );
    await nothing();
  });

  test('nor after one of the platform', async () => {
    expect(await worker.inPlatform((client) => value(client, 'select count(*)::int from tenants'))).toBeGreaterThan(1);
    await nothing();
    expect(await value(worker.client, 'select count(*)::int from tenants')).toBe(0);
  });
});

describe('set_tenant_context()', () => {
  test('sets limits and a time zone for the transaction', async () => {
    await worker.client.query(`set timezone = 'Asia/Kolkata'`);
    const settings = await worker.inTenant(ours.tenant, (client) =>
      value(
        client,
        `select array_agg(current_setting(name) order by name)
         from unnest(array['enable_seqscan', 'jit', 'lock_timeout', 'plan_cache_mode', 'statement_timeout', 'timezone', 'transaction_timeout', 'work_mem']) as name`,
      ),
    );
    await worker.client.query('reset timezone');
    expect(settings).toEqual(['off', 'off', '5s', 'force_generic_plan', '10s', 'UTC', '20s', '32MB']);
  });

  test('refuses a tenant that is unknown or suspended, with the same problem', async () => {
    const problem = { code: 'forbidden', detail: 'The tenant of this token is unknown or suspended.' };
    const suspended = await makeTenant(database.admin, 'suspended');
    for (const [tenant, expected] of [
      // This is for the Worker, which may know of other databases.
      [randomUUID(), { ...problem, elsewhere: { shard: null } }],
      [suspended, problem],
    ] as const) {
      await worker.transaction(async (client) => {
        expect(problemOf(await failure(client, `select set_tenant_context($1, 'ann', 'r')`, [tenant]))).toEqual(
          expected,
        );
      });
    }
  });

  test('is not deceived by a temporary table, even where one may be made', async () => {
    const { admin, name } = database;
    await admin.query(`grant temporary on database ${name} to public`);
    await worker.transaction(async (client) => {
      const stranger = randomUUID();
      await client.query(`create temporary table tenants (id uuid, status text) on commit drop`);
      await client.query(`insert into pg_temp.tenants values ($1, 'active')`, [stranger]);
      await client.query('set local search_path = pg_temp, public');
      const refused = await failure(client, `select public.set_tenant_context($1, 'ann', 'r')`, [stranger]);
      expect(problemOf(refused)).toMatchObject({ code: 'forbidden' });
    });
    await admin.query(`revoke temporary on database ${name} from public`);
  });

  test('refuses to go without a tenant', async () => {
    await worker.transaction(async (client) => {
      expect(problemOf(await failure(client, `select set_tenant_context(null, 'ann', 'r')`))).toMatchObject({
        code: 'forbidden',
      });
    });
  });
});

describe('set_platform_context()', () => {
  test('opens the tenants, and no rows of theirs', async () => {
    await worker.inPlatform(async (client) => {
      const all = await value(client, 'select array_agg(id::text) from tenants');
      expect(all).toEqual(expect.arrayContaining([ours.tenant, theirs.tenant]));
      for (const table of await tenantTables(database.admin)) {
        expect(await value(client, `select count(*)::int from ${table}`), table).toBe(0);
      }
    });
  });

  test('closes the tenant that was entered before it, and the other way round', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      await client.query(`select set_platform_context('operator', 'r')`);
      expect(await value(client, 'select count(*)::int from projects')).toBe(0);
      await client.query(`select set_tenant_context($1, 'ann', 'r')`, [ours.tenant]);
      expect(await value(client, 'select count(*)::int from tenants')).toBe(1);
    });
  });

  test('lets tenants be made and changed, and not deleted', async () => {
    await worker.inPlatform(async (client) => {
      await undone(client, async () => {
        const id = await value(client, `insert into tenants (name) values ('New') returning id`);
        const change = await client.query(`update tenants set status = 'suspended' where id = $1`, [id]);
        expect(change.rowCount).toBe(1);
      });
      expect(await failure(client, 'delete from tenants')).toMatchObject({ code: '42501' });
    });
  });
});

describe('the names that the release before this one calls', () => {
  const janitor: { client?: pg.Client } = {};
  connectAs(database, 'janitorUrl', (client) => {
    janitor.client = client;
  });

  test('enter_tenant() sets the tenant, and refuses one that is suspended', async () => {
    await worker.transaction(async (client) => {
      await client.query(`select enter_tenant($1, 'ann', 'r')`, [ours.tenant]);
      expect(await value(client, 'select current_tenant()')).toBe(ours.tenant);
    });
    const suspended = await makeTenant(database.admin, 'suspended');
    await worker.transaction(async (client) => {
      const refused = await failure(client, `select enter_tenant($1, 'ann', 'r')`, [suspended]);
      expect(problemOf(refused)).toMatchObject({ code: 'forbidden' });
    });
  });

  test('enter_platform() opens the tenants for the Worker, and works for the janitor', async () => {
    const open = async (client: pg.Client) => {
      await client.query(`select enter_platform('operator', 'r')`);
      expect(await value(client, `select current_setting('app.role')`)).toBe('platform');
    };
    await worker.transaction(open);
    await transaction(janitor.client as pg.Client, open);
  });

  test('must() ends the transaction with the rejection', async () => {
    const rejection = { code: 'conflict', detail: 'No.' };
    await worker.transaction(async (client) => {
      await client.query('select must(true, $1)', [JSON.stringify(rejection)]);
      expect(problemOf(await failure(client, 'select must(false, $1)', [JSON.stringify(rejection)]))).toEqual(
        rejection,
      );
    });
  });
});
