import { expect, test } from 'vitest';
import { useApi } from '../support/api.ts';
import { WORKER_ROLE } from '../support/global-setup.ts';

const api = useApi();

test.each([
  ['a list', '/api/v1/tasks?limit=50'],
  ['nested projects', '/api/v1/projects?include=tasks&limit=1&task_limit=50'],
])('%s makes the cursor of its next page once, and not for each row before its end', async (_, path) => {
  const { admin } = api.database;
  const counting = await api.tenant();
  const tasks = Array.from({ length: 60 }, (_task, n) => ({ title: `task ${n}` }));
  for (const name of ['one', 'two']) await counting.post('/api/v1/projects', { name, tasks });
  const alter = (setting: string) =>
    admin.query(`do $$ begin
      execute format('alter role ${WORKER_ROLE} in database %I ${setting}', current_database());
    end $$`);
  await alter(`set track_functions = ''all''`);
  // A session reads the setting when it begins, and tells its numbers when it ends.
  const calls = async () => {
    await admin.query(
      `select pg_terminate_backend(pid, 10000) from pg_stat_activity
       where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    const counted = await admin.query(
      `select coalesce(sum(calls), 0)::integer as n from pg_stat_user_functions where funcname = 'make_cursor'`,
    );
    return counted.rows.reduce((sum, { n }) => sum + n, 0);
  };
  try {
    const before = await calls();
    const { json } = await counting.get(path);
    expect(json.page.has_more).toBe(true);
    const cursors = JSON.stringify(json).match(/"next_cursor":"/g)?.length;
    expect((await calls()) - before).toBe(cursors);
  } finally {
    await alter('reset track_functions');
  }
});
