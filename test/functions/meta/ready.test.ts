import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { app } from '../../../src/functions/index.ts';
import { useApi } from '../../support/api.ts';

const api = useApi();

test('200 with all migrations, 503 while one is missing', async () => {
  expect(await api.call('/ready')).toMatchObject({ status: 200, json: { status: 'ready' } });
  const { rows } = await api.database.admin.query(
    'delete from schema_migrations where version = (select max(version) from schema_migrations) returning version',
  );
  const reply = await api.call('/ready');
  expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } });
  expect(reply.headers.get('Retry-After')).toMatch(/^\d+$/);
  await api.database.admin.query('insert into schema_migrations (version) values ($1)', [rows[0].version]);
  expect((await api.call('/ready')).status).toBe(200);
});

/** Another deployment's `/ready`, which logs in as a role that the statements make out of `%I`. */
async function readyAs(statements: string[]): Promise<number> {
  const role = `ready_${randomUUID().replaceAll('-', '')}`;
  const { admin } = api.database;
  onTestFinished(async () => {
    await admin.query(`reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`);
  });
  for (const statement of [`create role %I login password 'x'`, ...statements]) {
    await admin.query(statement.replaceAll('%I', role));
  }
  const as = api.database.loginAs({ username: role, password: 'x' });
  const { status } = await app.request('/ready', {}, { ...api.bindings, ...as });
  return status;
}

const MEMBER = 'grant onetrip_app to %I';

test.runIf(inject('tier') === 'node').each<[string, number, string[]]>([
  ['a member of onetrip_app', 200, [MEMBER]],
  ['a role without its rights', 503, []],
  ['a superuser', 503, [MEMBER, 'alter role %I superuser']],
  ['a role with BYPASSRLS', 503, [MEMBER, 'alter role %I bypassrls']],
  ['a role that can become another', 503, [MEMBER, 'grant onetrip_search to %I with inherit false']],
  ['a role that reads everything', 503, [MEMBER, 'grant pg_read_all_data to %I']],
  ['an owner of a table', 503, [MEMBER, 'alter table tags owner to %I']],
])('%s gets %i', async (_, status, statements) => {
  expect(await readyAs(statements)).toBe(status);
});

test('503 while a table is open to the role', async () => {
  const { admin } = api.database;
  await admin.query('alter table tags disable row level security');
  expect((await api.call('/ready')).status).toBe(503);
  await admin.query('alter table tags enable row level security');
  expect((await api.call('/ready')).status).toBe(200);
});

test('503 while the database does not answer', async () => {
  const tenant = await api.tenant();
  await api.database.endpoint.stop();
  for (const reply of [
    await api.call('/ready'),
    await tenant.get('/api/v1/projects'),
    await tenant.post('/api/v1/tags', { name: 'x' }),
  ]) {
    expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(reply.headers.get('Retry-After')).toMatch(/^\d+$/);
  }
});
