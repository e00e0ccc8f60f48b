import type pg from 'pg';
import { expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { makeWorld, useWorker } from './sessions.ts';

/* A search reads the words of its own tenant: what others have written costs it nothing, and so tells it nothing. */

const database = useDatabase();
const worker = useWorker(database);

interface Plan {
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
}

/** Pages that a search reads as the tenant's. */
function pages(tenant: string, search: string): Promise<number> {
  return worker.inTenant(tenant, async (client: pg.Client) => {
    const explain = () => client.query(`explain (analyze, buffers, format json) select ${search}`);
    // The first one reads the catalogue, too.
    await explain();
    const { rows } = await explain();
    const { 'Shared Hit Blocks': hit, 'Shared Read Blocks': read } = rows[0]['QUERY PLAN'][0].Plan as Plan;
    return hit + read;
  });
}

test.each([
  [`search_tasks('w')`],
  [`search_tasks('w7')`],
  [`search_tasks('web site')`],
  [`tasks_with_metadata('{"kind": "web"}')`],
  [`search_projects('w')`],
  [`projects_with_metadata('{"kind": "web"}')`],
])('%s reads no more pages for what another tenant has', async (search) => {
  const { admin } = database;
  const [ours, theirs] = [await makeWorld(admin), await makeWorld(admin)];
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, metadata, position)
     select $1, $2, 'web site w7', '{"kind": "web"}', n from generate_series(1, 30) as n`,
    [ours.tenant, ours.project],
  );
  const before = await pages(ours.tenant, search);
  const words = `'web site w' || n || ' w' || (n * 7919) || ' w7'`;
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, metadata, position)
     select $1, $2, ${words}, '{"kind": "web"}', n from generate_series(1, 2000) as n`,
    [theirs.tenant, theirs.project],
  );
  await admin.query(
    `insert into projects (tenant_id, name, metadata)
     select $1, ${words}, '{"kind": "web"}' from generate_series(1, 2000) as n`,
    [theirs.tenant],
  );
  // The index may have grown by a level or two.
  expect((await pages(ours.tenant, search)) - before).toBeLessThanOrEqual(6);
});

test('a part of metadata without any value is looked for, too', async () => {
  const { admin } = database;
  const { tenant, project } = await makeWorld(admin);
  const make = async (metadata: object) => {
    const { rows } = await admin.query(
      `insert into tasks (tenant_id, project_id, title, metadata, position) values ($1, $2, 't', $3, 1) returning id`,
      [tenant, project, metadata],
    );
    return rows[0].id;
  };
  const ids = [await make({ a: {} }), await make({ a: { b: [1, 2] } }), await make({ b: 1.0 })];
  const found = (part: object) =>
    worker.inTenant(tenant, async (client) => {
      const { rows } = await client.query('select id from tasks_with_metadata($1) as id', [part]);
      return rows
        .map(({ id }) => ids.indexOf(id))
        .filter((index) => index >= 0)
        .sort();
    });
  expect(await found({ a: {} })).toEqual([0, 1]);
  expect(await found({ a: { b: [] } })).toEqual([1]);
  expect(await found({ a: { b: [2] } })).toEqual([1]);
  expect(await found({ b: 1 })).toEqual([2]);
  expect(await found({ a: null })).toEqual([]);
  expect(await found({})).toEqual([0, 1, 2]);
});
