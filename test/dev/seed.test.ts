import { expect, test } from 'vitest';
import { seed } from '../../dev/local/seed.ts';
import { signToken, useApi } from '../support/api.ts';

const api = useApi();

interface Task {
  id: string;
  title: string;
  version: number;
  is_blocked: boolean;
  comment_count: number;
  assignees: { name: string; role: string }[];
}

const login = () => {
  const { username, password, pathname } = new URL(api.database.url);
  const { host, port } = api.database.admin;
  return { host, port, user: username, password, database: pathname.slice(1), tls: false as const };
};

test('the demo tenant has people who work on its tasks, and is made once', async () => {
  const { tenant, made } = await seed(login());
  expect([tenant?.name, made]).toEqual(['Demo', true]);
  expect(await seed(login())).toEqual({ tenant, made: false });
  const token = await signToken({ tenant_id: tenant?.id, role: 'admin', sub: 'developer' });
  const get = async (path: string) => {
    const { status, json } = await api.call(`/api/v1/${path}`, { headers: { Authorization: `Bearer ${token}` } });
    expect(status, path).toBe(200);
    return json;
  };
  const tasks: Task[] = (await get('tasks?limit=100')).data;
  const assigned = tasks.flatMap(({ assignees }) => assignees);
  expect(new Set(assigned.map(({ role }) => role))).toEqual(new Set(['owner', 'contributor', 'reviewer', 'watcher']));
  expect(new Set(assigned.map(({ name }) => name))).toEqual(
    new Set(['Ada Lovelace', 'Alan Turing', 'Grace Hopper', 'Katherine Johnson']),
  );
  expect(tasks.find(({ title }) => title === 'Build the shop')?.assignees).toMatchObject([
    { name: 'Grace Hopper', role: 'owner' },
    { name: 'Alan Turing', role: 'contributor' },
    { name: 'Katherine Johnson', role: 'watcher' },
  ]);
  // All of it happened in one transaction.
  expect(new Set(tasks.map(({ version }) => version))).toEqual(new Set([1]));

  const blocked: Task[] = (await get('tasks?blocked=true&sort=title')).data;
  expect(blocked.map(({ title }) => title)).toEqual(['Announce the new site', 'Choose photos']);
  expect((await get(`tasks/${blocked[0]?.id}`)).blocked_by).toMatchObject([{ title: 'Build the shop' }]);

  const discussed = tasks.find(({ title }) => title === 'Design the home page');
  expect(discussed?.comment_count).toBe(2);
  const { rows } = await api.database.admin.query(
    `select members.name, comments.actor, array(
       select mentioned.name from comment_mentions join members as mentioned on mentioned.id = member_id
       where comment_id = comments.id and position('@[' || member_id || ']' in body) > 0 order by n) as mentions
     from comments join members on members.id = author_id where task_id = $1 order by comments.created_at, comments.id`,
    [discussed?.id],
  );
  expect(rows).toEqual([
    { name: 'Grace Hopper', actor: 'grace', mentions: [] },
    { name: 'Ada Lovelace', actor: 'developer', mentions: ['Grace Hopper', 'Katherine Johnson'] },
  ]);
});
