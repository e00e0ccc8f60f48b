/**
 * How long requests take at the bounds that docs/limits.md names, for a tenant that is newer than the last ANALYZE:
 *
 *   PATH="$PWD/node_modules/.bin:$PATH" node bench/limits.ts [tasks]
 *
 * A project of 10 000 tasks with descriptions of 10 000 characters (about 1 400 words each) is searched, read, moved,
 * trashed, restored and purged; a tag on 100 000 tasks is renamed; then purges are measured beside stored
 * answers. Milliseconds, and the round trips of each.
 */
import { admin, beside, makeOthers, makeTenant, measured, stop } from './scratch.ts';

const TASKS = Number(process.argv[2] ?? 10_000);

/** 13 000 tasks with 15 or 16 of 1 000 tags each, and 100 000 tasks in the trash. */
async function measureTags() {
  const { id, call } = await makeTenant();
  const { json: project } = await call('POST', 'projects', { name: 'Tagged' });
  // Without the triggers, which would log each tagging.
  await admin.query('set session_replication_role = replica');
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, position, deleted_at, trash_id)
     select $1, $2, 'task', n, case when n > 13000 then now() end, case when n > 13000 then $2::uuid end
     from generate_series(1, 113000) as n`,
    [id, project.id],
  );
  await admin.query(`insert into tags (tenant_id, name) select $1, 'g' || n from generate_series(1, 1000) as n`, [id]);
  await admin.query(
    `insert into task_tags (tenant_id, task_id, tag_id)
     select $1, t.id, g.id from tasks as t join (select id, row_number() over () as n from tags where tenant_id = $1) as g
       on t.position::integer % 65 = g.n % 65
     where t.tenant_id = $1 and t.trash_id is null`,
    [id],
  );
  await admin.query('set session_replication_role = origin');
  await measured('a page of tags, of 1 000 with 200 000 taggings', call, 'GET', 'tags');
  await measured('the same by task_count', call, 'GET', 'tags?sort=-task_count');
}

/** A tag on 100 000 tasks, in 1 000 projects. */
async function measureRename() {
  const { id, call } = await makeTenant();
  const { json: tag } = await call('POST', 'tags', { name: 'all' });
  // Without the triggers, which would log each tagging and index each title.
  await admin.query('set session_replication_role = replica');
  await admin.query(`insert into projects (tenant_id, name) select $1, 'P' || n from generate_series(1, 1000) as n`, [
    id,
  ]);
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, position)
     select $1, id, 'task', n from projects, generate_series(1, 100) as n where tenant_id = $1`,
    [id],
  );
  await admin.query(
    'insert into task_tags (tenant_id, task_id, tag_id) select $1, id, $2 from tasks where tenant_id = $1',
    [id, tag.id],
  );
  await admin.query('set session_replication_role = origin');
  await admin.query('insert into stale_tags_json (tenant_id) values ($1)', [id]);
  const refresh = async () => {
    const start = performance.now();
    while ((await admin.query('select refresh_tags_json(1000) as is_more')).rows[0].is_more);
    console.log(
      `${'bring 100 000 tasks up to date'.padEnd(62)} ${(performance.now() - start).toFixed(0).padStart(7)} ms`,
    );
  };
  const stranger = await makeTenant();
  const tasks = Array.from({ length: 20 }, (_, n) => ({ title: `task ${n}`, tags: [`tag ${n % 9}`] }));
  const { json: project } = await stranger.call('POST', 'projects', { name: 'P', tasks });
  const other = () => stranger.call('GET', `projects/${project.id}`);
  const nested = ['GET', 'projects?include=tasks&limit=20'] as const;
  await beside('while they are', other, refresh);
  await measured('20 projects with 20 tasks each', call, ...nested);
  await measured('the same again', call, ...nested);
  await beside('while it is renamed', other, () =>
    measured('rename it', call, 'PATCH', `tags/${tag.id}`, { name: 'every' }),
  );
  await measured('20 projects with 20 tasks each', call, ...nested);
  await measured('the same again', call, ...nested);
  await beside('while they are', other, refresh);
  await beside('while it is deleted', other, () => measured('delete it', call, 'DELETE', `tags/${tag.id}`));
}

try {
  await makeOthers();

  const { id: tenant, call } = await makeTenant();
  const { json: project } = await call('POST', 'projects', { name: 'Large', tasks: [{ title: 'root', tags: ['a'] }] });
  const { json: other } = await call('POST', 'projects', { name: 'Other' });
  const [root] = project.tasks;
  await admin.query(
    `insert into tasks (tenant_id, project_id, parent_id, title, description, position)
     select $1, $2, $3, 'task ' || n, left((
       select string_agg(left(md5((random() * 20000)::int::text), 6), ' ') from generate_series(1, 1430) where n > 0
     ), 10000), n from generate_series(1, $4::integer) as n`,
    [tenant, project.id, root.id, TASKS - 1],
  );
  const path = `projects/${project.id}`;
  await measured('list the first 100 tasks', call, 'GET', `${path}/tasks?limit=100`);
  await measured('search a word of one title', call, 'GET', 'tasks?q=task+777');
  await measured('search a prefix that every task has', call, 'GET', 'tasks?q=ta');
  await measured('count them', call, 'GET', 'tasks?count=true&limit=1');
  await measured('statistics', call, 'GET', `${path}/stats`);
  await measured('more than 8 MiB', call, 'GET', `${path}?task_limit=1000`);
  await measured(`move a tree of ${TASKS}`, call, 'PATCH', `tasks/${root.id}`, { project_id: other.id });
  await measured('and back', call, 'PATCH', `tasks/${root.id}`, { project_id: project.id });
  await measured(`trash a task with ${TASKS - 1} below it`, call, 'DELETE', `tasks/${root.id}`);
  await measured('restore it', call, 'POST', `tasks/${root.id}/restore`);
  await measured(`trash a project of ${TASKS} tasks`, call, 'DELETE', path);
  await measured('restore it', call, 'POST', `${path}/restore?task_limit=0`);
  await call('DELETE', path);
  await measured('purge it', call, 'POST', `${path}/purge`);
  await measureTags();
  await measureRename();

  const keyed = (key: string) => ({ 'Idempotency-Key': key });
  const tasks = Array.from({ length: 500 }, (_, n) => ({ title: `task ${n}`, description: 'd'.repeat(1500) }));
  const { json: stored } = await measured(
    'create 500 tasks with a key',
    call,
    'POST',
    'projects',
    { name: 'S', tasks },
    keyed('c'),
  );
  const statuses: Record<number, number> = {};
  for (let n = 0; n < 40; n++) {
    await call('DELETE', `projects/${stored.id}`);
    const { status } = await call('POST', `projects/${stored.id}/restore?task_limit=1000`, undefined, keyed(`r${n}`));
    if (status !== 200) await call('POST', `projects/${stored.id}/restore?task_limit=0`);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  const { rows } = await admin.query(
    `select pg_size_pretty(pg_total_relation_size('idempotency_keys') + pg_total_relation_size('idempotency_mentions')) as size`,
  );
  console.log('40 restores of them, each with a key:', statuses, 'stored', rows[0].size);
  const { json: empty } = await call('POST', 'projects', { name: 'Empty' });
  await call('DELETE', `projects/${empty.id}`);
  await measured('purge an empty project beside them', call, 'POST', `projects/${empty.id}/purge`);
  await call('DELETE', `projects/${stored.id}`);
  await measured('purge the project that all of them show', call, 'POST', `projects/${stored.id}/purge`);
} finally {
  await stop();
}
