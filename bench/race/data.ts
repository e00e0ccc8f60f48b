import type { Client } from 'pg';
import { AREAS, KINDS, PLACES, SENTENCES, THINGS, VERBS } from './words.ts';

/*
 * The tasks of twenty tenants, loaded by a superuser. Row by row through the API it would take an hour.
 *
 * Triggers are on, so that whatever a later migration has them keep is right; but for three kinds, which only cost time
 * here: what writes the audit log, what fills the search tables (a search is no job of the race, and a row that is missing
 * there is written in full when its task is changed), what keeps the text of a task's tags, which is inserted with the task
 * as the API does it, and PostgreSQL's own checks of foreign keys, which these rows obey.
 */

export const TENANTS = 20;
/** Share of all tasks that the first tenant has, in whose name all jobs are done. */
const SHARE = 0.5;
export const TASKS_PER_PROJECT = 20;
/** Larger projects of the first tenant. */
export const LARGE = [100, 1000, 10_000];

/** The numbers of the three tags of a task. */
const CHOSEN = 'seed % 100, (seed + 1 + seed / 100 % 33) % 100, (seed + 40 + seed / 300 % 33) % 100';

const SKIPPED = `tgisinternal or tgname ~ '^(audit|touch|search)_'`;

/** SQL for one of the values, chosen by an expression. */
function pick(values: string[], by: string): string {
  return `(array[${values.map((value) => `'${value.replaceAll("'", "''")}'`).join(',')}])[1 + (${by})::bigint % ${values.length}]`;
}

async function setTriggers(db: Client, state: 'disable' | 'enable'): Promise<void> {
  const { rows } = await db.query(
    `select format('alter table %s ${state} trigger %I', tgrelid::regclass, tgname) as statement
     from pg_trigger where (${SKIPPED}) and tgrelid = any('{projects,tasks,tags,task_tags}'::regclass[])`,
  );
  for (const { statement } of rows) await db.query(statement);
}

/** Fills an empty database with about so many tasks. @returns the id of the tenant in whose name the jobs are done */
export async function loadData(db: Client, tasks: number): Promise<string> {
  await setTriggers(db, 'disable');
  await db.query('begin');
  await db.query(`insert into tenants (name) select 'Tenant ' || n from generate_series(1, ${TENANTS}) as n`);
  await db.query(
    `create temp table owners as
     select id, row_number() over (order by id)::integer as t from tenants where name like 'Tenant %'`,
  );
  await db.query(
    `insert into tags (tenant_id, name, color)
     select o.id, ${pick(AREAS, 'n')} || ' ' || ${pick(KINDS, 'n / 10')},
       case when n % 4 > 0 then '#' || lpad(to_hex(n::bigint * 160061 % 16777216), 6, '0') end
     from owners as o, generate_series(0, 99) as n`,
  );
  await db.query(
    `create temp table numbered_tags as
     select tenant_id, id, name, color, row_number() over (partition by tenant_id order by id) - 1 as n from tags`,
  );
  await db.query('create index on numbered_tags (tenant_id, n)');
  // The large projects are the oldest ones, so that the newest twenty are alike.
  const small = (share: number) => Math.round((tasks * share) / TASKS_PER_PROJECT);
  const others = small((1 - SHARE) / (TENANTS - 1));
  await db.query(
    `create temp table planned as
     select o.id as tenant_id, uuidv7(at - now()) as id, size, n, date_trunc('milliseconds', at) as at,
       ((t * 7919 + n::bigint * 104729) % 1000003) as seed
     from owners as o
     cross join lateral (
       select n, coalesce((array[${LARGE}])[case when t = 1 then n end], ${TASKS_PER_PROJECT}) as size
       from generate_series(1, case when t = 1 then $1::integer else $2 end) as n
     ) as p
     cross join lateral (select now() - interval '500 days' + n * interval '1 minute' as at) as m`,
    [small(SHARE - LARGE.reduce((sum, size) => sum + size, 0) / tasks) + LARGE.length, others],
  );
  await db.query(
    `insert into projects (tenant_id, id, name, description, metadata, created_at, updated_at)
     select tenant_id, id, 'Project ' || n || ': ' || ${pick(THINGS, 'seed')},
       ${pick(SENTENCES, 'seed')} || ' ' || ${pick(SENTENCES, 'seed / 13')},
       case when n % 3 = 0 then jsonb_build_object('budget', n % 90 * 100) else '{}' end, at, at
     from planned`,
  );
  await db.query(
    `create temp table planned_tasks as
     select tenant_id, id as project_id, uuidv7(at + m * interval '1 second' - now()) as id, m as n,
       at + m * interval '1 second' as at, (seed * 31 + m * 6151) % 1000003 as seed
     from planned cross join lateral generate_series(1, size) as numbers (m)`,
  );
  await db.query(
    `insert into tasks (tenant_id, project_id, id, title, description, status, priority, due_on, position, metadata,
       completed_at, created_at, updated_at, tags_json)
     select tenant_id, project_id, id,
       ${pick(VERBS, 'seed')} || ' ' || ${pick(THINGS, 'seed / 7')} || ' ' || ${pick(PLACES, 'seed / 11')},
       ${[1, 13, 17, 29].map((divisor) => pick(SENTENCES, `seed / ${divisor}`)).join(` || ' ' || `)},
       status, seed % 5, case when n % 3 = 0 then at::date + 30 + (seed % 200)::integer end, n,
       case when n % 4 = 0 then jsonb_build_object('estimate', seed % 13) else '{}' end,
       case when status = 'completed' then at end, at, at, (
         select '[' || string_agg(tag_json(g.id, g.name, g.color), ',' order by g.name, g.id) || ']'
         from numbered_tags as g where g.tenant_id = p.tenant_id and g.n = any (array[${CHOSEN}])
       )
     from (
       select *, ${pick(['pending', 'in_progress', 'completed', 'pending', 'cancelled'], 'seed / 5')} as status
       from planned_tasks
     ) as p`,
  );
  await db.query(
    `insert into task_tags (tenant_id, task_id, tag_id)
     select p.tenant_id, p.id, g.id
     from planned_tasks as p
     cross join lateral (
       select unnest(array[${CHOSEN}])
     ) as chosen (n)
     join numbered_tags as g on g.tenant_id = p.tenant_id and g.n = chosen.n`,
  );
  const { rows } = await db.query('select id from owners where t = 1');
  await db.query('commit');
  await db.query('drop table owners, numbered_tags, planned, planned_tasks');
  await setTriggers(db, 'enable');
  return rows[0].id;
}
