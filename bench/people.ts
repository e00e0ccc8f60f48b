/**
 * How long requests take at the bounds that docs/limits.md names for people: as `limits.ts`, which has those of the others.
 *
 *   PATH="$PWD/node_modules/.bin:$PATH" node bench/people.ts
 *
 * A tenant with 10 000 members, a task with 5 000 comments, a project of 10 001 tasks with 10 000 dependencies, in a chain and
 * in a star; and somebody who has done 20 000 things is purged.
 */
import { admin, type Call, makeOthers, makeTenant, measured, stop } from './scratch.ts';

/** Rows of one tenant, without the triggers; what they keep is written afterwards. */
async function fill(tenant: string, project: string): Promise<void> {
  await admin.query('set session_replication_role = replica');
  await admin.query(
    `insert into members (tenant_id, name, subject) select $1, 'member ' || n, 'sub-' || n from generate_series(1, 10000) as n`,
    [tenant],
  );
  await admin.query(
    `insert into member_search (tenant_id, member_id, words)
     select tenant_id, id, array_to_tsvector(search_terms(tenant_id, name)) from members where tenant_id = $1`,
    [tenant],
  );
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, position, created_by)
     select $1, $2, 'task ' || n, n, 'sub-1' from generate_series(1, 10001) as n`,
    [tenant, project],
  );
  await admin.query(
    `insert into audit_log (tenant_id, actor, action, resource_type, resource_id, changes)
     select tenant_id, 'sub-1', 'insert', 'task', id, jsonb_build_object('created_by', jsonb_build_array(null, 'sub-1'))
     from tasks, generate_series(1, 2) where tenant_id = $1 and created_by = 'sub-1'`,
    [tenant],
  );
  await admin.query(
    `insert into comments (tenant_id, task_id, author_id, actor, body)
     select $1, t.id, m.id, 'sub-1', 'comment ' || n from generate_series(1, 5000) as n,
       (select id from tasks where tenant_id = $1 and position = 1) as t, (select id from members where tenant_id = $1 and subject = 'sub-1') as m`,
    [tenant],
  );
  await admin.query('set session_replication_role = origin');
}

/** @param blocker SQL for the position of the task that blocks the task at position `t.position` */
async function block(tenant: string, blocker: string): Promise<void> {
  await admin.query('set session_replication_role = replica');
  await admin.query('delete from dependencies where tenant_id = $1', [tenant]);
  await admin.query(
    `insert into dependencies (tenant_id, task_id, blocker_id)
     select t.tenant_id, t.id, b.id from tasks as t join tasks as b on b.tenant_id = $1 and b.position = ${blocker}
     where t.tenant_id = $1 and t.position > 1`,
    [tenant],
  );
  await admin.query('update tasks set has_blockers = position > 1 where tenant_id = $1', [tenant]);
  await admin.query('set session_replication_role = origin');
}

async function measureDependencies(tenant: string, call: Call, project: string): Promise<void> {
  const at = async (position: number) =>
    (await admin.query('select id from tasks where tenant_id = $1 and position = $2', [tenant, position])).rows[0].id;
  const [first, last] = [await at(1), await at(10_001)];
  const { json: task } = await call('POST', `projects/${project}/tasks`, { title: 'one more' });
  await block(tenant, 't.position - 1');
  await measured('chain of 10 000: close a circle', call, 'PUT', `tasks/${first}/blockers/${last}`);
  await measured('let its end block another task', call, 'PUT', `tasks/${task.id}/blockers/${last}`);
  await measured('the same again', call, 'PUT', `tasks/${task.id}/blockers/${last}`);
  await measured('list what is blocked', call, 'GET', `projects/${project}/tasks?blocked=true&limit=100`);
  await measured('list what is not', call, 'GET', `projects/${project}/tasks?blocked=false&limit=100`);
  await measured('the first 100 tasks', call, 'GET', `projects/${project}/tasks?limit=100`);
  await block(tenant, '1');
  await measured('star of 10 000: the task that blocks them', call, 'GET', `tasks/${first}`);
  await measured('close a circle', call, 'PUT', `tasks/${first}/blockers/${last}`);
}

try {
  await makeOthers();
  const { id: tenant, call } = await makeTenant();
  const { json: project } = await call('POST', 'projects', { name: 'Large' });
  await fill(tenant, project.id);
  const first = (await admin.query('select id from tasks where tenant_id = $1 and position = 1', [tenant])).rows[0].id;
  const person = (await admin.query(`select id from members where tenant_id = $1 and subject = 'sub-1'`, [tenant]))
    .rows[0].id;
  await measured('members by name', call, 'GET', 'members?limit=100');
  await measured('members by a word of the name', call, 'GET', 'members?q=mem&limit=100');
  await measured('a page of 5 000 comments', call, 'GET', `tasks/${first}/comments?limit=100`);
  await measured('comments by author', call, 'GET', `comments?author=${person}&limit=100`);
  await measured('activity of a task with 5 000 comments', call, 'GET', `tasks/${first}/activity?limit=100`);
  await measured('activity of a project of 10 001 tasks', call, 'GET', `projects/${project.id}/activity?limit=100`);
  await measured('the same, counted', call, 'GET', `projects/${project.id}/activity?limit=100&count=true`);
  await measureDependencies(tenant, call, project.id);

  const ids = (await admin.query('select id from members where tenant_id = $1 order by id limit 20', [tenant])).rows;
  const assignees = ids.map(({ id }) => ({ member_id: id }));
  const tasks = Array.from({ length: 500 }, (_, n) => ({ title: `task ${n}`, assignees }));
  await measured('500 tasks with 20 assignees each', call, 'POST', 'projects', { name: 'A', tasks });
  await call('PATCH', `members/${person}`, { status: 'deactivated' });
  await measured('purge who did 20 000 things', call, 'POST', `members/${person}/purge`);
  const { json: left } = await call('GET', 'audit-log?actor=sub-1');
  console.log('entries of that actor left:', left.data.length);
  await call('DELETE', `projects/${project.id}`);
  await measured('purge the project, comments and dependencies', call, 'POST', `projects/${project.id}/purge`);
} finally {
  await stop();
}
