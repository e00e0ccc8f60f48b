import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { useApi } from '../support/api.ts';
import { walkPages } from '../support/pages.ts';

/*
 * A model of what keyset pages promise: while other rows are inserted, changed and trashed at random, walking the pages
 * shows each row that nobody touches exactly once, on every sort, in its order.
 */

const api = useApi();

interface Row {
  id: string;
  [member: string]: unknown;
}

/** One thing that somebody else does between two pages. */
const disturbance = fc.record({
  kind: fc.constantFrom('insert', 'update', 'trash'),
  which: fc.nat(),
  value: fc.integer({ min: 0, max: 5 }),
});

const task = fc.record({
  title: fc.constantFrom('a', 'B', 'b', 'é', 'z'),
  priority: fc.integer({ min: 0, max: 4 }),
  due_on: fc.constantFrom(null, null, '2026-01-01', '2026-01-02', '2027-05-05'),
  position: fc.constantFrom(1, 1, 2.5, -3, 1e300),
});

const directions = (members: string[]) => members.flatMap((member) => [member, `-${member}`]);

const insertTask = `insert into tasks (tenant_id, project_id, title, priority, due_on, position, created_at, updated_at)
  select $1, $2, t.title, t.priority, t.due_on, t.position, at, at
  from json_to_recordset($3) as t (title text, priority integer, due_on date, position double precision, n integer),
    lateral (select timestamptz '2026-01-01' + (t.n % 3) * interval '1 millisecond') as moment (at)
  returning id`;

describe('tasks', () => {
  const sorts = directions(['position', 'created_at', 'updated_at', 'due_on', 'priority', 'title']);

  test.each([...sorts, 'due_on,-priority', '-due_on,title,-position'])('by %s', async (sort) => {
    const { admin } = api.database;
    await fc.assert(
      fc.asyncProperty(
        fc.array(task, { minLength: 1, maxLength: 14 }),
        fc.array(disturbance, { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        async (tasks, disturbances, limit) => {
          const tenant = await api.tenant();
          const { json: project } = await tenant.post('/api/v1/projects', { name: 'P' });
          const insert = async (rows: object[]) => {
            const values = [tenant.id, project.id, JSON.stringify(rows.map((row, n) => ({ ...row, n })))];
            return (await admin.query<Row>(insertTask, values)).rows.map(({ id }) => id);
          };
          const untouched = await insert(tasks);
          const others = await insert(tasks);
          const pending = [...disturbances];
          const url = `/api/v1/projects/${project.id}/tasks?sort=${sort}&limit=${limit}`;
          const seen = await walkPages<Row>(tenant, url, async () => {
            const next = pending.shift();
            const other = next && others[next.which % others.length];
            if (next?.kind === 'insert') others.push(...(await insert([{ ...tasks[0], priority: next.value % 5 }])));
            if (next?.kind === 'update') {
              await admin.query(
                `update tasks set priority = $2::integer, due_on = null, position = $2::integer where id = $1`,
                [other, next.value % 5],
              );
            }
            if (next?.kind === 'trash') {
              await admin.query(
                'update tasks set deleted_at = now(), trash_id = id where id = $1 and deleted_at is null',
                [other],
              );
            }
          });
          const shown = seen.map(({ id }) => id).filter((id) => untouched.includes(id));
          expect(shown.toSorted()).toEqual(untouched.toSorted());
          const { json: all } = await tenant.get(`/api/v1/projects/${project.id}/tasks?sort=${sort}&limit=100`);
          const order = all.data.map(({ id }: Row) => id).filter((id: string) => untouched.includes(id));
          expect(shown).toEqual(order);
        },
      ),
      { numRuns: 3 },
    );
  });

  test.each(['due_on', '-due_on'])('null comes last by %s', async (sort) => {
    const tenant = await api.tenant();
    const due = [null, '2026-02-01', null, '2026-01-01'];
    const tasks = due.map((due_on, n) => ({ title: `${n}`, due_on }));
    await tenant.post('/api/v1/projects', { name: 'P', tasks });
    const { json } = await tenant.get(`/api/v1/tasks?sort=${sort}`);
    const dates = json.data.map(({ due_on }: Row) => due_on);
    expect(dates.slice(2)).toEqual([null, null]);
    expect(dates.slice(0, 2)).toEqual(sort === 'due_on' ? ['2026-01-01', '2026-02-01'] : ['2026-02-01', '2026-01-01']);
  });
});

describe('projects', () => {
  test.each(directions(['created_at', 'updated_at', 'name', 'task_count']))('by %s', async (sort) => {
    const { admin } = api.database;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('a', 'A', 'b', 'Ö'), fc.nat(3)), { minLength: 1, maxLength: 9 }),
        fc.array(disturbance, { maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        async (projects, disturbances, limit) => {
          const tenant = await api.tenant();
          const insert = async (rows: [string, number][]) => {
            const ids: string[] = [];
            for (const [name, tasks] of rows) {
              const titles = Array.from({ length: tasks }, () => ({ title: 't' }));
              ids.push((await tenant.post('/api/v1/projects', { name, tasks: titles })).json.id);
            }
            return ids;
          };
          const untouched = await insert(projects);
          const others = await insert(projects);
          const pending = [...disturbances];
          const url = `/api/v1/projects?sort=${sort}&limit=${limit}&fields=id`;
          const seen = await walkPages<Row>(tenant, url, async () => {
            const next = pending.shift();
            const other = next && others[next.which % others.length];
            if (next?.kind === 'insert') others.push(...(await insert([['x', next.value]])));
            if (next?.kind === 'update')
              await admin.query(`update projects set name = 'changed ' || $2::text where id = $1`, [other, next.value]);
            if (next?.kind === 'trash') {
              await admin.query(
                'update projects set deleted_at = now(), trash_id = id where id = $1 and deleted_at is null',
                [other],
              );
            }
          });
          const shown = seen.map(({ id }) => id).filter((id) => untouched.includes(id));
          expect(shown.toSorted()).toEqual(untouched.toSorted());
        },
      ),
      { numRuns: 3 },
    );
  });
});
