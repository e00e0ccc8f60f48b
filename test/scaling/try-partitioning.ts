/**
 * Parts a million tasks in a scratch database, takes that back, and prints what it took:
 *
 *   PATH="$PWD/node_modules/.bin:$PATH" npx node test/scaling/try-partitioning.ts [tasks]
 *
 * Times are of PostgreSQL on this machine without fsync, sizes with indexes; a request's is the median of 15, through
 * the local Neon endpoint.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import pg from 'pg';
import { migrate } from '../../dev/local/migrate.ts';
import { startPostgres } from '../../dev/local/postgres.ts';
import { startNeonEndpoint } from '../../dev/neon-endpoint/index.ts';
import type { Bindings } from '../../src/config/bindings.ts';
import { app } from '../../src/functions/index.ts';
import { partitionTasks } from '../support/partitioned.ts';
import { recordStatements } from '../support/sql.ts';

const TASKS = Number(process.argv[2] ?? 1_000_000);
const TENANTS = 200;
/** Every 10th task is of this one. */
const LARGE = '01976d5c-0000-7000-8000-000000000001';
const JWT_SECRET = 'a secret of the scratch database, 32 bytes';

const directory = await mkdtemp(join(tmpdir(), 'onetrip-partitioning-'));
const postgres = await startPostgres({
  dataDir: directory,
  durable: false,
  settings: { max_wal_size: '4GB', shared_buffers: '256MB' },
});
try {
  await tryIt();
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}

async function tryIt(): Promise<void> {
  const url = new URL(postgres.adminUrl);
  url.pathname = '/scratch';
  await migrate(url.href, 'up');
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`create role onetrip_worker login password 'worker' in role onetrip_app`);
  const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port: Number(url.port) } });
  const bindings: Bindings = {
    DATABASE_URL: 'postgres://onetrip_worker:worker@localhost/scratch',
    NEON_ENDPOINT: endpoint.url,
    JWT_SECRET,
    LOG_LEVEL: 'warn',
  };
  try {
    await timed(`load ${TASKS} tasks of ${TENANTS} tenants`, () => load(admin));
    await report(admin, bindings, 'as it is released');
    await timed('partition-tasks.sql', () => partitionTasks(admin, 'up'));
    await report(admin, bindings, 'parted');
    await timed('unpartition-tasks.sql', () => partitionTasks(admin, 'down'));
    await report(admin, bindings, 'as it was');
  } finally {
    await endpoint.stop();
    await admin.end();
  }
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

/** Past the triggers, which would log every row. */
async function load(admin: pg.Client): Promise<void> {
  await admin.query(`
    set session_replication_role = replica;
    insert into tenants (id, name) values ('${LARGE}', 'Large');
    insert into tenants (name) select 'Tenant ' || n from generate_series(2, ${TENANTS}) as n;
    create temporary table places as
      select id as tenant_id, row_number() over (order by id <> '${LARGE}', id) - 1 as place from tenants;
    insert into projects (tenant_id, name)
      select tenant_id, 'Project ' || n from places, generate_series(1, 100) as n;
    create temporary table homes as
      select tenant_id, id as project_id, place, row_number() over (partition by tenant_id order by id) - 1 as nth
      from projects join places using (tenant_id);
    create index on homes (place, nth);
    insert into tasks (tenant_id, project_id, title, description, position, metadata, created_at)
      select h.tenant_id, h.project_id, 'Task ' || n, 'What is to be done about ' || md5(n::text), n,
        jsonb_build_object('n', n % 1000), now() - n * interval '1 second'
      from generate_series(1, ${TASKS}) as n
      join homes as h on h.place = case when n % 10 = 0 then 0 else n % ${TENANTS} end and h.nth = n / 7 % 100;
    insert into tags (tenant_id, name) select id, 'tag ' || n from tenants, generate_series(1, 20) as n;
    insert into task_tags (tenant_id, task_id, tag_id)
      select t.tenant_id, t.id, g.id from tasks as t
      join tags as g on g.tenant_id = t.tenant_id and g.name = 'tag ' || 1 + t.position::integer % 20;
    set session_replication_role = origin;`);
  await admin.query('vacuum analyze');
}

async function report(admin: pg.Client, bindings: Bindings, title: string): Promise<void> {
  console.log(`\n${title}:`);
  const { rows: sizes } = await admin.query(`
    select name, (select count(*) from pg_partition_tree(name::regclass) where isleaf) as parts,
      pg_size_pretty((select sum(pg_total_relation_size(relid)) from (
        select relid from pg_partition_tree(name::regclass) union select name::regclass) as whole)) as size
    from unnest(array['tasks', 'task_tags']) as name`);
  for (const { name, parts, size } of sizes) console.log(`  ${name}: ${size}, ${parts} parts`);

  const token = await new SignJWT({ tenant_id: LARGE, role: 'admin', exp: Math.floor(Date.now() / 1000) + 3600 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(JWT_SECRET));
  const call = async (path: string) => {
    const response = await app.request(path, { headers: { Authorization: `Bearer ${token}` } }, bindings);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { data: { id: string }[] };
  };
  const project = (await call('/api/v1/projects?limit=1')).data[0]?.id;
  for (const path of [
    `/api/v1/projects/${project}`,
    '/api/v1/projects?include=tasks',
    `/api/v1/projects/${project}/tasks`,
    '/api/v1/tasks?limit=50',
    '/api/v1/tasks?q=Task+1230',
    '/api/v1/tasks?tag=tag+3&sort=due_on',
    '/api/v1/tags?sort=-task_count',
  ]) {
    const times: number[] = [];
    for (let n = 0; n < 15; n++) {
      const began = performance.now();
      await call(path);
      times.push(performance.now() - began);
    }
    const median = times.sort((a, b) => a - b)[7] ?? 0;
    const plan = await explain(admin, () => call(path));
    console.log(`  ${path.replace(project ?? '', '<id>')}: ${median.toFixed(0)} ms; ${plan}`);
  }
}

interface Plan {
  'Relation Name'?: string;
  'Actual Loops': number;
  Plans?: Plan[];
}

/** How many tables or parts of them the plan of a read names, and how many it reads; the time to make it. */
async function explain(admin: pg.Client, work: () => Promise<unknown>): Promise<string> {
  const statements = await recordStatements(work);
  await admin.query('begin; set local role onetrip_worker');
  try {
    const [enter, read] = statements;
    if (!enter || !read) throw new Error('not one read');
    await admin.query(enter.query, enter.params);
    const { rows } = await admin.query(`explain (analyze, format json) ${read.query}`, read.params);
    const { Plan: plan, 'Planning Time': planning, 'Execution Time': execution } = rows[0]['QUERY PLAN'][0];
    const nodes = flat(plan).filter((node) => /^(tasks|task_tags)(_\d\d)?$/.test(node['Relation Name'] ?? ''));
    const names = (list: Plan[]) => [...new Set(list.map((node) => node['Relation Name']))];
    const reads = names(nodes.filter((node) => node['Actual Loops'] > 0));
    return `planned in ${planning.toFixed(1)} ms, run in ${execution.toFixed(1)} ms; names ${names(nodes).length}, reads ${reads.join(', ') || 'none'}`;
  } finally {
    await admin.query('rollback');
  }
}

function flat(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flat)];
}
