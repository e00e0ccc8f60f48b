import { randomUUID } from 'node:crypto';
import type { Associations, Load, Register } from './support-load.ts';

/* What the clients of a load work on. */

/** What one client works on. Nobody else writes it, except the shared register. */
export interface Client {
  project: string;
  /** Without `If-Match`. */
  register: Register;
  /** A cancelled task, which no status but pending can follow. */
  frozen: Register;
  /** One for all clients, written with `If-Match`. */
  shared: Register;
  /** A comment of this client. */
  comment: Register;
  /** Of tasks of this client, one of each type, and what may be associated with them. */
  associations: { own: Associations; choice: string[] }[];
  /** A task that blocks another one, which so cannot block it. */
  circle: { blocker: string; blocked: string };
  /** An API key, which is good. */
  key: string;
  /** Tasks that may go to the trash. */
  spareTasks: string[];
  /** Comments that may be deleted. */
  spareComments: { id: string; marker: string }[];
}

export const PATHS = {
  projects: '/api/v1/projects',
  tasks: '/api/v1/tasks',
  tags: '/api/v1/tags',
  members: '/api/v1/members',
  comments: '/api/v1/comments',
};

/** Makes what the clients work on, while nothing is broken yet. */
export async function prepare(load: Load, count: number): Promise<Client[]> {
  const made = async (path: string, body: unknown) => {
    const reply = await load.send('POST', path, { body });
    if (reply.status !== 201) throw new Error(`the load cannot begin: ${reply.status} ${reply.text}`);
    return reply.json;
  };
  const { ledger } = load;
  const register = (table: Register['table'], { id }: { id: string }): Register => {
    const one: Register = { table, id, writes: [] };
    ledger.registers.push(one);
    return one;
  };
  const associated = (type: Associations['type'], { id }: { id: string }, ...others: string[]): Associations => {
    const one: Associations = { type, id, others: new Set(others) };
    ledger.associations.push(one);
    return one;
  };
  const seed = async (tasks: { title: string; status?: string }[]) => {
    const project = await made(PATHS.projects, { name: `seed ${randomUUID()}`, tasks });
    const told = { id: project.id, description: null };
    ledger.creations.push({ table: 'projects', marker: project.name, outcome: 'done', told });
    return project;
  };
  const makeMember = async (name: string) => {
    const { id } = await made(PATHS.members, { name });
    ledger.creations.push({ table: 'members', marker: name, outcome: 'done', told: { id, description: null } });
    return id as string;
  };
  const common = await seed([{ title: 'shared' }, { title: 'blocker' }, { title: 'blocked' }, { title: 'another' }]);
  const shared = register('tasks', common.tasks[0]);
  const names = ['red', 'green', 'blue', 'white'].map((name) => `${name} ${randomUUID()}`);
  const tags = await Promise.all(names.map(async (name) => (await made(PATHS.tags, { name })).id));
  const members = await Promise.all(names.map(makeMember));
  const blockers: string[] = common.tasks.slice(1).map(({ id }: { id: string }) => id);
  const circle = { blocker: blockers[0] as string, blocked: blockers[1] as string };
  const put = `${PATHS.tasks}/${circle.blocked}/blockers/${circle.blocker}`;
  const { status } = await load.send('PUT', put);
  if (status !== 204) throw new Error(`the load cannot begin: ${status}`);
  associated('dependency', { id: circle.blocked }, circle.blocker);
  associated('dependency', { id: circle.blocker });
  const { key } = await made('/api/v1/api-keys', { name: 'load' });
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { id, tasks } = await seed([
        { title: 'own' },
        { title: 'frozen', status: 'cancelled' },
        { title: 'tagged' },
        { title: 'assigned' },
        { title: 'blocked' },
      ]);
      const comment = await made(`${PATHS.tasks}/${tasks[0].id}/comments`, { body: 'own' });
      return {
        project: id,
        register: register('tasks', tasks[0]),
        frozen: register('tasks', tasks[1]),
        shared,
        comment: register('comments', comment),
        associations: [
          { own: associated('tagging', tasks[2]), choice: tags },
          { own: associated('assignee', tasks[3]), choice: members },
          { own: associated('dependency', tasks[4]), choice: blockers },
        ],
        circle,
        key,
        spareTasks: [],
        spareComments: [],
      };
    }),
  );
}
