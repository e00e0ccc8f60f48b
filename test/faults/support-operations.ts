import { randomUUID } from 'node:crypto';
import type { Reply } from '../support/api.ts';
import type { Load, Outcome, Register, TagSet } from './support-load.ts';

/* What the clients of a load do, and how each of them enters into the ledger what it was told. */

/** What one client works on. Nobody else writes it, except the shared register. */
export interface Client {
  project: string;
  /** Without `If-Match`. */
  register: Register;
  /** A cancelled task, which no status but pending can follow. */
  frozen: Register;
  /** One for all clients, written with `If-Match`. */
  shared: Register;
  tagSet: TagSet;
  tags: string[];
  /** Tasks that may go to the trash. */
  spare: string[];
}

const PATHS = { projects: '/api/v1/projects', tasks: '/api/v1/tasks', tags: '/api/v1/tags' };

/** Makes what the clients work on, while nothing is broken yet. */
export async function prepare(load: Load, count: number): Promise<Client[]> {
  const made = async (path: string, body: unknown) => {
    const reply = await load.send('POST', path, { body });
    if (reply.status !== 201) throw new Error(`the load cannot begin: ${reply.status} ${reply.text}`);
    return reply.json;
  };
  const { ledger } = load;
  const register = (task: { id: string }): Register => {
    const one: Register = { id: task.id, writes: [] };
    ledger.registers.push(one);
    return one;
  };
  const seed = async (titles: { title: string; status?: string }[]) => {
    const project = await made(PATHS.projects, { name: `seed ${randomUUID()}`, tasks: titles });
    const told = { id: project.id, description: null };
    ledger.creations.push({ table: 'projects', marker: project.name, outcome: 'done', told });
    return project;
  };
  const common = await seed([{ title: 'shared' }]);
  const shared = register(common.tasks[0]);
  const names = ['red', 'green', 'blue', 'white'].map((name) => `${name} ${randomUUID()}`);
  const tags = await Promise.all(names.map(async (name) => (await made(PATHS.tags, { name })).id));
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { id, tasks } = await seed([
        { title: 'own' },
        { title: 'frozen', status: 'cancelled' },
        { title: 'tagged' },
      ]);
      const tagSet = { id: tasks[2].id, tags: new Set<string>() };
      ledger.tagSets.push(tagSet);
      const [own, frozen] = [register(tasks[0]), register(tasks[1])];
      return { project: id, register: own, frozen, shared, tagSet, tags, spare: [] };
    }),
  );
}

/** Whatever is sent twice is sent with a key; now and then a client does not insist on an answer. */
function keyed(load: Load): { headers: Record<string, string>; patient: boolean } {
  if (!load.keys) return { headers: {}, patient: false };
  return { headers: { 'Idempotency-Key': randomUUID() }, patient: load.random() < 0.8 };
}

/** What breaks a rule is refused, at the best and at the worst of times. */
function expectRefusal(load: Load, reply: Reply): Reply {
  if (reply.status < 400)
    load.violations.push(`${reply.status} to what should be refused: ${reply.text.slice(0, 200)}`);
  return reply;
}

function outcomeOf({ status }: Reply): Outcome {
  return status >= 500 ? 'unknown' : status >= 400 ? 'refused' : 'done';
}

function pick<T>(load: Load, list: T[]): T {
  return list[Math.floor(load.random() * list.length)] as T;
}

async function createProject(load: Load): Promise<void> {
  const marker = `project ${randomUUID()}`;
  const { headers, patient } = keyed(load);
  const body = {
    name: marker,
    description: marker,
    tasks: [{ title: 'a', tags: ['new'], subtasks: [{ title: 'b' }] }],
  };
  const reply = await load.insist('POST', PATHS.projects, { body, headers, right: [409] }, patient);
  note(load, 'projects', marker, reply);
}

async function createTask(load: Load, client: Client): Promise<void> {
  const marker = `task ${randomUUID()}`;
  const body = { title: marker, description: marker };
  const reply = await load.send('POST', `${PATHS.projects}/${client.project}/tasks`, { body });
  note(load, 'tasks', marker, reply);
  if (reply.status === 201) client.spare.push(reply.json.id);
}

async function createNowhere(load: Load): Promise<void> {
  const marker = `task ${randomUUID()}`;
  const path = `${PATHS.projects}/${randomUUID()}/tasks`;
  const reply = await load.send('POST', path, { body: { title: marker, tags: ['never'] }, right: [404] });
  note(load, 'tasks', marker, expectRefusal(load, reply));
}

function note(load: Load, table: 'projects' | 'tasks', marker: string, reply: Reply): void {
  const outcome = outcomeOf(reply);
  const told = outcome === 'done' ? { told: { id: reply.json.id, description: reply.json.description } } : {};
  load.ledger.creations.push({ table, marker, outcome, ...told });
}

function write(register: Register, title: string, reply: Reply): void {
  const outcome = outcomeOf(reply);
  register.writes.push({ title, outcome, ...(outcome === 'done' ? { version: reply.json.version } : {}) });
}

async function patchOwn(load: Load, { register }: Client): Promise<void> {
  const title = `title ${randomUUID()}`;
  const { headers, patient } = keyed(load);
  const options = { body: { title }, headers, right: [409] };
  write(register, title, await load.insist('PATCH', `${PATHS.tasks}/${register.id}`, options, patient));
}

async function patchShared(load: Load, { shared }: Client): Promise<void> {
  const path = `${PATHS.tasks}/${shared.id}`;
  const etag = (await load.send('GET', path)).headers.get('ETag');
  if (!etag) return;
  const title = `title ${randomUUID()}`;
  write(
    shared,
    title,
    await load.send('PATCH', path, { body: { title }, headers: { 'If-Match': etag }, right: [412] }),
  );
}

async function patchStale(load: Load, { register }: Client): Promise<void> {
  const title = `title ${randomUUID()}`;
  const options = { body: { title }, headers: { 'If-Match': '"0.stale"' }, right: [412] };
  const reply = await load.send('PATCH', `${PATHS.tasks}/${register.id}`, options);
  write(register, title, expectRefusal(load, reply));
}

async function patchAgainstRules(load: Load, { frozen }: Client): Promise<void> {
  const title = `title ${randomUUID()}`;
  const options = { body: { title, status: 'completed', tags: ['never'] }, right: [409] };
  const reply = await load.send('PATCH', `${PATHS.tasks}/${frozen.id}`, options);
  write(frozen, title, expectRefusal(load, reply));
}

async function retag(load: Load, { tagSet, tags }: Client): Promise<void> {
  const tag = pick(load, tags);
  const has = tagSet.tags.has(tag);
  await load.insist(has ? 'DELETE' : 'PUT', `${PATHS.tasks}/${tagSet.id}/tags/${tag}`, {});
  if (has) tagSet.tags.delete(tag);
  else tagSet.tags.add(tag);
}

async function trash(load: Load, client: Client): Promise<void> {
  const id = client.spare.shift();
  if (!id) return;
  const path = `${PATHS.tasks}/${id}`;
  let reply = await load.send('DELETE', path);
  // Whoever knows nothing asks once more: what is trashed already is 404.
  const unsure = reply.status >= 500;
  if (unsure) reply = await load.insist('DELETE', path, { right: [404] }, load.random() < 0.8);
  const gone = reply.status === 204 || (unsure && reply.status === 404);
  load.ledger.trashings.push({ id, outcome: gone ? 'done' : outcomeOf(reply) });
}

/** A client reads its own writes, whatever happened in between. */
async function readOwn(load: Load, { register, project }: Client): Promise<void> {
  const reply = await load.send('GET', `${PATHS.tasks}/${register.id}`);
  if (reply.status !== 200) return;
  const lastDone = register.writes.findLast(({ outcome }) => outcome === 'done');
  const possible = register.writes.filter((one) => one === lastDone || one.outcome === 'unknown');
  if (lastDone && !possible.some(({ title }) => title === reply.json.title)) {
    load.violations.push(`${register.id} shows ${reply.json.title}, which was not written last`);
  }
  await load.send('GET', `${PATHS.projects}/${project}?task_limit=20`);
}

async function readLists(load: Load): Promise<void> {
  await load.send('GET', `${PATHS.projects}?include=tasks&limit=5`);
  await load.send('GET', `${PATHS.tasks}?sort=-updated_at&limit=20`);
  await load.send('GET', `${PATHS.tags}?sort=-task_count`);
}

/** Every one about as often as the others. */
export const OPERATIONS: ((load: Load, client: Client) => Promise<void>)[] = [
  createProject,
  createTask,
  createNowhere,
  patchOwn,
  patchShared,
  patchStale,
  patchAgainstRules,
  retag,
  trash,
  readOwn,
  readLists,
];
