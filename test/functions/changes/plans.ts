import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestApi, TestTenant } from '../../support/api.ts';
import { forgeCursor, untilFinal, valuesOf } from '../../support/changes.ts';
import { explainGeneric, recordStatements } from '../../support/sql.ts';

/*
 * What a page of changes reads, as the Worker's role under row-level security, with the plan for any values: no more of a long
 * history than of a short one. test/lists/fresh-tenants.test.ts has the same where there are no statistics, or stale ones.
 */

const TASKS = 3000;
const COMMENTS = 500;
const ENTRIES = 60_000;

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  Plans?: Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

/** How many rows a plan reads by an index. */
function rowsBy(plan: Plan[], index: string): number {
  return plan
    .filter((node) => node['Index Name'] === index)
    .reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
}

const log = (plan: Plan[]) => rowsBy(plan, 'audit_log_by_transaction');

function expectNoScanNorLargeSort(plan: Plan[], largest = 300): void {
  const scans = plan.filter((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name']);
  expect(scans.map((node) => node['Relation Name'])).toEqual([]);
  const sorts = plan.filter((node) => node['Node Type'].endsWith('Sort') && node['Actual Rows'] > largest);
  expect(sorts).toEqual([]);
}

export function describePlans(api: TestApi): void {
  describe('a page reads no more of a long history than of a short one', () => {
    let tenant: TestTenant;
    let worker: pg.Client;
    let task: string;
    let now: string;

    beforeAll(async () => {
      const { admin } = api.database;
      tenant = await api.tenant();
      const other = await api.tenant();
      await admin.query('set session_replication_role = replica');
      for (const { id } of [tenant, other]) {
        await admin.query(
          `with p as (insert into projects (tenant_id, name) values ($1, 'P') returning id),
           t as (
             insert into tasks (tenant_id, project_id, title, position, tags_json, assignees_json)
             select $1, p.id, 'task ' || n, n, '[]', '[]' from p, generate_series(1, ${TASKS}) as n returning id, position)
           insert into comments (tenant_id, task_id, body, created_at)
           select $1, t.id, 'comment', now() - n * interval '1 minute' from t, generate_series(1, ${COMMENTS}) as n
           where t.position = 1 or n = 1`,
          [id],
        );
      }
      await admin.query(
        `insert into audit_log (tenant_id, action, resource_type, resource_id, changes)
         select tenant_id, 'update', 'task', id, '{}' from tasks, generate_series(1, ${ENTRIES / TASKS})`,
      );
      await admin.query('set session_replication_role = origin');
      await admin.query('vacuum analyze tasks, comments, audit_log');
      task = (await admin.query('select id from tasks where tenant_id = $1 and position = 1', [tenant.id])).rows[0].id;
      worker = await api.database.connect(tenant.id);
      await untilFinal(api.database, tenant.id);
      now = (await tenant.get('/api/v1/changes?cursor=now')).json.page.next_cursor;
    });

    afterAll(() => worker?.end());

    /** The plan of the read that a call makes. */
    async function planOf(query: string): Promise<Plan[]> {
      const [enter, call] = await recordStatements(() => tenant.get(`/api/v1/changes?${query}`));
      if (!enter || !call) throw new Error('not one read');
      try {
        await worker.query('begin');
        await worker.query(enter.query, enter.params);
        return nodes(await explainGeneric(worker, call));
      } finally {
        await worker.query('rollback');
      }
    }

    /** The cursor before all entries of the log. */
    function begin(types = ''): string {
      const values = valuesOf(now);
      values.splice(3, 2, '0', '00000000-0000-0000-0000-000000000000');
      return forgeCursor(tenant.id, values, types);
    }

    test('at its end, and at its begin', async () => {
      for (const query of ['cursor=now', `cursor=${now}`]) {
        const plan = await planOf(query);
        expectNoScanNorLargeSort(plan);
        expect(log(plan)).toBeLessThanOrEqual(2);
      }
      const plan = await planOf(`cursor=${begin()}`);
      expectNoScanNorLargeSort(plan);
      // One more tells that there is more, and another is for the entry at which the page before ended.
      expect(log(plan)).toBeLessThanOrEqual(20 + 3);
      expect(rowsBy(plan, 'tasks_pkey')).toBeLessThanOrEqual(20);
    });

    test('a filter that leaves all out looks at so many entries and no more', async () => {
      const plan = await planOf(`type=tag&cursor=${begin('tag')}`);
      expectNoScanNorLargeSort(plan);
      expect(log(plan)).toBe(20_000);
    });

    test('of the comments of a task that went to the trash again and again, a page each time', async () => {
      await api.database.admin.query(
        `insert into audit_log (tenant_id, action, resource_type, resource_id, changes)
         select $1, case n % 2 when 0 then 'restore' else 'trash' end, 'task', $2, '{}' from generate_series(1, 10) as n`,
        [tenant.id, task],
      );
      await untilFinal(api.database, tenant.id);
      const { json } = await tenant.get(`/api/v1/changes?cursor=${now}`);
      for (const cursor of [now, json.page.next_cursor]) {
        const plan = await planOf(`cursor=${cursor}`);
        expectNoScanNorLargeSort(plan);
        expect(rowsBy(plan, 'comments_by_task')).toBeGreaterThanOrEqual(21);
        expect(rowsBy(plan, 'comments_by_task')).toBeLessThanOrEqual(21 * 10);
        expect(rowsBy(plan, 'comments_pkey')).toBeLessThanOrEqual(20);
      }
    });

    test.each(['project,member,task', 'comment'])('in the middle of all that exists of %s', async (types) => {
      let query = `type=${types}`;
      for (let page = 0; page < 3; page++) {
        const plan = await planOf(query);
        expectNoScanNorLargeSort(plan);
        // Those that come next, those of them that are shown, and the tasks of comments.
        for (const table of ['tasks', 'comments']) expect(rowsBy(plan, `${table}_pkey`)).toBeLessThanOrEqual(21 + 20);
        expect(log(plan)).toBeLessThanOrEqual(1);
        expect(rowsBy(plan, 'audit_log_by_resource')).toBeLessThanOrEqual(20);
        const { next_cursor } = (await tenant.get(`/api/v1/changes?${query}`)).json.page;
        query = `type=${types}&cursor=${next_cursor}`;
      }
    });

    test('of a tag that goes from many tasks, its own entry is looked up, among very many others', async () => {
      await untilFinal(api.database, tenant.id);
      const { next_cursor } = (await tenant.get('/api/v1/changes?cursor=now')).json.page;
      const tag = randomUUID();
      const entry = (resource: string, id: string, changes: string) =>
        `insert into audit_log (tenant_id, action, resource_type, resource_id, changes)
         select '${tenant.id}', 'delete', '${resource}', ${id}, ${changes}`;
      const taken = `jsonb_build_object('tag_id', jsonb_build_array('${tag}', null))`;
      // One transaction: its taggings, itself, and other tags.
      await api.database.admin.query(
        `${entry('tagging', 'id', taken)} from tasks where tenant_id = '${tenant.id}';
         ${entry('tag', `'${tag}'`, `'{}'`)};
         ${entry('tag', 'uuidv7()', `'{}'`)} from generate_series(1, 30000)`,
      );
      await untilFinal(api.database, tenant.id);
      const { data } = (await tenant.get(`/api/v1/changes?cursor=${next_cursor}&limit=1`)).json;
      expect(data).toMatchObject([{ type: 'tag', id: tag, action: 'delete' }]);
      const plan = await planOf(`cursor=${next_cursor}&limit=1`);
      expectNoScanNorLargeSort(plan);
      const read = plan.filter((node) => node['Relation Name'] === 'audit_log');
      const rows = read.reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
      expect(rows).toBeLessThanOrEqual(3 * TASKS);
    });
  });
}
