import { randomUUID } from 'node:crypto';
import { makeApiKey } from '../../../src/http/auth/api-keys.ts';
import type { Role } from '../../../src/http/auth/tokens.ts';
import type { TestApi } from '../../support/api.ts';

/* A task with people around it. */

/** Who calls: `ada` and `bob` are members by their tokens' subjects, others are not. */
export type Caller = { sub?: string; role?: Role };

export async function commentWorld(api: TestApi) {
  const tenant = await api.tenant();
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'Sketch' }] });
  const task: string = project.tasks[0].id;
  const { rows } = await api.database.admin.query<{ id: string }>(
    `insert into members (tenant_id, name, subject, status) values
       ($1, 'Ada', 'ada', 'active'), ($1, 'Bob', 'bob', 'active'), ($1, 'Zoe', null, 'deactivated') returning id`,
    [tenant.id],
  );
  const [ada = '', bob = '', zoe = ''] = rows.map(({ id }) => id);
  const as = async (path: string, { sub = 'ada', role = 'member' }: Caller = {}, call = {}) =>
    api.call(path, { token: await tenant.token(role, sub), ...call });
  const say = (body: unknown, caller?: Caller, headers = {}) =>
    as(`/api/v1/tasks/${task}/comments`, caller, { method: 'POST', body: { body }, headers });
  const edit = (id: string, body: unknown, caller?: Caller, headers = {}) =>
    as(`/api/v1/comments/${id}`, caller, { method: 'PATCH', body, headers });
  const remove = (id: string, caller?: Caller, headers = {}) =>
    as(`/api/v1/comments/${id}`, caller, { method: 'DELETE', headers });
  /** An API key that acts for a member. */
  const keyOf = async (member: string | null) => {
    const id = randomUUID();
    const { key, secretHash } = await makeApiKey(tenant.id, id);
    await api.database.admin.query(
      `insert into api_keys (tenant_id, id, name, member_id, secret_hash) values ($1, $2, 'script', $3, decode($4, 'hex'))`,
      [tenant.id, id, member, secretHash],
    );
    return { key, actor: `api-key:${id}` };
  };
  const trash = (what: 'task' | 'project' = 'task') =>
    tenant.call(`/api/v1/${what}s/${what === 'task' ? task : project.id}`, { method: 'DELETE' });
  const getTask = () => tenant.get(`/api/v1/tasks/${task}`);
  return { tenant, project: project.id as string, task, ada, bob, zoe, as, say, edit, remove, keyOf, trash, getTask };
}
