import { expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { disableRowLevelSecurity, storedRows, tenantTables } from '../support/stored.ts';
import { insert, makeWorld } from './sessions.ts';

const database = useDatabase();

test('a table that a migration adds is part of what the tests of isolation compare and open', async () => {
  const { admin } = database;
  const [{ tenant }, other] = [await makeWorld(admin), await makeWorld(admin)];
  const before = await tenantTables(admin);
  await admin.query(`
    create table canaries (tenant_id uuid not null references tenants, id uuid default gen_random_uuid());
    alter table canaries enable row level security, force row level security`);
  await insert(admin, 'canaries', { tenant_id: other.tenant });
  const rows = await storedRows(admin, tenant);
  await insert(admin, 'canaries', { tenant_id: tenant });

  expect(await tenantTables(admin)).toEqual([...before, 'canaries'].sort());
  expect(rows.canaries).toEqual([]);
  expect((await storedRows(admin, tenant)).canaries).toHaveLength(1);
  expect((await storedRows(admin)).canaries).toHaveLength(2);

  await disableRowLevelSecurity(admin);
  const { rows: secured } = await admin.query(
    'select relname from pg_class where relrowsecurity or relforcerowsecurity',
  );
  expect(secured).toEqual([]);
});
