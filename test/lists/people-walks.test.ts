import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TestTenant, useApi } from '../support/api.ts';
import { addMember } from '../support/members.ts';
import { walkPages } from '../support/pages.ts';

/*
 * The model of `walks.test.ts` for members, API keys, comments, activity, and tasks by assignee and by blocker: while others
 * come, change and go, each row that nobody touches is shown exactly once, in its order.
 */

const api = useApi();

interface List {
  url: string;
  /** Makes a row for each value, of which equal ones sort as equals. @returns the ids as the list shows them */
  insert(values: number[]): Promise<string[]>;
  /** Changes a row so that it may sort elsewhere. */
  change(id: string, value: number): Promise<unknown>;
  /** Takes a row off the list. */
  remove(id: string): Promise<unknown>;
}

const NAMES = ['a', 'A', 'b', 'é', 'z', 'Z'];

const ask = async (sql: string, values: unknown[]): Promise<string[]> =>
  (await api.database.admin.query(sql, values)).rows.map(({ id }) => id);

/** A value as a moment that some rows share. */
const AT = `timestamptz '2026-01-01' + value * interval '1 millisecond'`;

async function members({ id: tenant }: TestTenant): Promise<List> {
  return {
    url: '/api/v1/members',
    insert: (values) =>
      ask(
        `insert into members (tenant_id, name, created_at)
         select $1, ($3::text[])[value + 1], ${AT} from unnest($2::integer[]) as value returning id`,
        [tenant, values, NAMES],
      ),
    change: (id, value) => ask('update members set name = $2 where id = $1', [id, NAMES[value]]),
    remove: (id) => ask('delete from members where id = $1', [id]),
  };
}

async function apiKeys({ id: tenant }: TestTenant): Promise<List> {
  return {
    url: '/api/v1/api-keys?status=active',
    insert: (values) =>
      ask(
        `insert into api_keys (tenant_id, name, secret_hash, created_at)
         select $1, 'key', $3, ${AT} from unnest($2::integer[]) as value returning id`,
        [tenant, values, randomBytes(32)],
      ),
    change: (id, value) => ask('update api_keys set name = $2 where id = $1', [id, NAMES[value]]),
    remove: (id) => ask('update api_keys set revoked_at = now() where id = $1', [id]),
  };
}

/** A project of three tasks, to begin with. */
async function makeTasks(tenant: TestTenant): Promise<{ project: string; ids: string[] }> {
  const tasks = ['one', 'two', 'three'].map((title) => ({ title }));
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  return { project: json.id, ids: json.tasks.map(({ id }: { id: string }) => id) };
}

/** Comments of one author on three tasks; the list at `url` has those of `listed` of the tasks. */
async function comments(tenant: TestTenant, { task = false, author = false }): Promise<List> {
  const { ids } = await makeTasks(tenant);
  const writer = await addMember(api, tenant, { name: 'Ada' });
  const of = task ? ids.slice(0, 1) : ids;
  return {
    url: task ? `/api/v1/tasks/${ids[0]}/comments` : `/api/v1/comments${author ? `?author=${writer}` : ''}`,
    insert: (values) =>
      ask(
        `insert into comments (tenant_id, task_id, author_id, body, created_at)
         select $1, ($3::uuid[])[1 + n % $4], $5, 'body', ${AT} from unnest($2::integer[]) with ordinality as v (value, n)
         returning id`,
        [tenant.id, values, of, of.length, writer],
      ),
    change: (id, value) => ask('update comments set body = $2 where id = $1', [id, NAMES[value]]),
    remove: (id) => ask('delete from comments where id = $1', [id]),
  };
}

/** Changes of a project and its tasks, and comments, as they come. */
async function activity(tenant: TestTenant, of: 'task' | 'project'): Promise<List> {
  const { project, ids } = await makeTasks(tenant);
  const url = of === 'task' ? `/api/v1/tasks/${ids[0]}/activity` : `/api/v1/projects/${project}/activity`;
  const shown = async () => (await walkPages<{ id: string }>(tenant, `${url}?limit=100&fields=id`)).map(({ id }) => id);
  return {
    url,
    insert: async (values) => {
      const before = new Set(await shown());
      for (const [n, value] of values.entries()) {
        const task = `/api/v1/tasks/${of === 'task' ? ids[0] : ids[n % ids.length]}`;
        const reply =
          value % 2 === 0
            ? await tenant.call(task, { method: 'PATCH', body: { title: `${performance.now()}` } })
            : await tenant.post(`${task}/comments`, { body: 'said' });
        expect(reply.status).toBeLessThan(300);
      }
      return (await shown()).filter((id) => !before.has(id));
    },
    change: (id, value) => ask('update comments set body = $2 where id = $1', [id, NAMES[value]]),
    // Only a comment goes: what has been done stays so.
    remove: (id) => ask('delete from comments where id = $1', [id]),
  };
}

const insertTasks = `insert into tasks (tenant_id, project_id, title, priority, position, created_at)
  select $1, $2, ($4::text[])[value + 1], value % 5, 1, ${AT} from unnest($3::integer[]) as value returning id`;

async function tasks(tenant: TestTenant, by: 'assignee' | 'blocker'): Promise<List> {
  const { project, ids } = await makeTasks(tenant);
  const member = await addMember(api, tenant, { name: 'Ada' });
  const associate =
    by === 'assignee'
      ? `insert into assignees (tenant_id, task_id, member_id, role) select $1, unnest($2::uuid[]), $3, 'reviewer'`
      : 'insert into dependencies (tenant_id, task_id, blocker_id) select $1, unnest($2::uuid[]), $3';
  return {
    url: by === 'assignee' ? `/api/v1/tasks?assignee=${member}` : '/api/v1/tasks?blocked=true',
    insert: async (values) => {
      const made = await ask(insertTasks, [tenant.id, project, values, NAMES]);
      await ask(associate, [tenant.id, made, by === 'assignee' ? member : ids[0]]);
      return made;
    },
    change: (id, value) =>
      ask('update tasks set title = $2, priority = $3 where id = $1', [id, NAMES[value], value % 5]),
    remove: (id) => ask(`delete from ${by === 'assignee' ? 'assignees' : 'dependencies'} where task_id = $1`, [id]),
  };
}

const both = (...sorts: string[]) => sorts.flatMap((sort) => [sort, `-${sort}`]);

const LISTS: [string, string[], (tenant: TestTenant) => Promise<List>][] = [
  ['members', both('name', 'created_at'), members],
  ['API keys', [''], apiKeys],
  ['comments', both('created_at'), (tenant) => comments(tenant, {})],
  ['comments of a task', both('created_at'), (tenant) => comments(tenant, { task: true })],
  ['comments of an author', both('created_at'), (tenant) => comments(tenant, { author: true })],
  ['activity of a task', [''], (tenant) => activity(tenant, 'task')],
  ['activity of a project', [''], (tenant) => activity(tenant, 'project')],
  ['tasks of an assignee', both('title', 'created_at', 'priority'), (tenant) => tasks(tenant, 'assignee')],
  ['blocked tasks', both('title', 'created_at', 'priority'), (tenant) => tasks(tenant, 'blocker')],
];

const value = fc.integer({ min: 0, max: 5 });
const disturbance = fc.record({ kind: fc.constantFrom('insert', 'change', 'remove'), which: fc.nat(), value });

test.each(LISTS.flatMap(([name, sorts, make]) => sorts.map((sort) => [name, sort, make] as const)))(
  '%s by %s',
  async (_, sort, make) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 1, maxLength: 10 }),
        fc.array(disturbance, { maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        async (values, disturbances, limit) => {
          const tenant = await api.tenant();
          const list = await make(tenant);
          const untouched = await list.insert(values);
          const others = await list.insert(values);
          const url = `${list.url}${list.url.includes('?') ? '&' : '?'}${sort && `sort=${sort}&`}`;
          const own = (rows: { id: string }[]) => rows.map(({ id }) => id).filter((id) => untouched.includes(id));
          const pending = [...disturbances];
          const seen = await walkPages<{ id: string }>(tenant, `${url}limit=${limit}`, async () => {
            const next = pending.shift();
            const other = next && others[next.which % others.length];
            if (next?.kind === 'insert') others.push(...(await list.insert([next.value])));
            if (next?.kind === 'change' && other) await list.change(other, next.value);
            if (next?.kind === 'remove' && other) await list.remove(other);
          });
          expect(own(seen).toSorted()).toEqual(untouched.toSorted());
          expect(own(seen)).toEqual(own((await tenant.get(`${url}limit=100`)).json.data));
        },
      ),
      { numRuns: 2 },
    );
  },
);
