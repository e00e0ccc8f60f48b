import { expect, test } from 'vitest';
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
