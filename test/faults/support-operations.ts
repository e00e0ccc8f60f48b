import { randomUUID } from 'node:crypto';
import type { Reply } from '../support/api.ts';
import { type Client, PATHS } from './support-clients.ts';
import type { Creation, Load, Outcome, Register } from './support-load.ts';

/* What the clients of a load do, and how each of them enters into the ledger what it was told. */

/** The collection of each type below its task. */
const COLLECTIONS = { tagging: 'tags', assignee: 'assignees', dependency: 'blockers' };

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
  if (reply.status === 201) client.spareTasks.push(reply.json.id);
}

async function createNowhere(load: Load): Promise<void> {
  const marker = `task ${randomUUID()}`;
  const path = `${PATHS.projects}/${randomUUID()}/tasks`;
  const reply = await load.send('POST', path, { body: { title: marker, tags: ['never'] }, right: [404] });
  note(load, 'tasks', marker, expectRefusal(load, reply));
}

async function createMember(load: Load): Promise<void> {
  const marker = `member ${randomUUID()}`;
  const { headers, patient } = keyed(load);
  const options = { body: { name: marker }, headers, right: [409] };
  note(load, 'members', marker, await load.insist('POST', PATHS.members, options, patient));
}

async function createComment(load: Load, client: Client): Promise<void> {
  const marker = `comment ${randomUUID()}`;
  const { headers, patient } = keyed(load);
  const options = { body: { body: marker }, headers, right: [409] };
  const path = `${PATHS.tasks}/${client.register.id}/comments`;
  const reply = await load.insist('POST', path, options, patient);
  note(load, 'comments', marker, reply);
  if (reply.status === 201) client.spareComments.push({ id: reply.json.id, marker });
}

function note(load: Load, table: Creation['table'], marker: string, reply: Reply): void {
  const outcome = outcomeOf(reply);
  const told = outcome === 'done' ? { told: { id: reply.json.id, description: reply.json.description ?? null } } : {};
  load.ledger.creations.push({ table, marker, outcome, ...told });
}

function write(register: Register, marker: string, reply: Reply): void {
  const outcome = outcomeOf(reply);
  register.writes.push({ marker, outcome, ...(outcome === 'done' ? { version: reply.json.version } : {}) });
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

async function editComment(load: Load, { comment }: Client): Promise<void> {
  const body = `body ${randomUUID()}`;
  const { headers, patient } = keyed(load);
  const options = { body: { body }, headers, right: [409] };
  write(comment, body, await load.insist('PATCH', `${PATHS.comments}/${comment.id}`, options, patient));
}

async function associate(load: Load, { associations }: Client): Promise<void> {
  const { own, choice } = pick(load, associations);
  const other = pick(load, choice);
  const path = `${PATHS.tasks}/${own.id}/${COLLECTIONS[own.type]}/${other}`;
  if (own.others.has(other)) await load.insist('DELETE', path, {});
  else await load.insist('PUT', path, own.type === 'assignee' ? { body: { role: 'contributor' } } : {});
  if (!own.others.delete(other)) own.others.add(other);
}

async function closeCircle(load: Load, { circle }: Client): Promise<void> {
  const path = `${PATHS.tasks}/${circle.blocker}/blockers/${circle.blocked}`;
  expectRefusal(load, await load.send('PUT', path, { right: [409] }));
}

/** Repeats a DELETE that may have been carried out: what is gone already is 404. */
async function remove(load: Load, path: string): Promise<Outcome> {
  let reply = await load.send('DELETE', path);
  const unsure = reply.status >= 500;
  if (unsure) reply = await load.insist('DELETE', path, { right: [404] }, load.random() < 0.8);
  const gone = reply.status === 204 || (unsure && reply.status === 404);
  return gone ? 'done' : outcomeOf(reply);
}

async function trash(load: Load, { spareTasks }: Client): Promise<void> {
  const id = spareTasks.shift();
  if (id) load.ledger.trashings.push({ id, outcome: await remove(load, `${PATHS.tasks}/${id}`) });
}

async function deleteComment(load: Load, { spareComments }: Client): Promise<void> {
  // The last one stays.
  if (spareComments.length < 2) return;
  const { id, marker } = spareComments.shift() as (typeof spareComments)[number];
  load.ledger.deletions.push({ id, marker, outcome: await remove(load, `${PATHS.comments}/${id}`) });
}

/** A good key is not called a bad one, whatever fails. */
async function useKey(load: Load, { key, register }: Client): Promise<void> {
  const headers = { Authorization: `Bearer ${key}` };
  await load.send('GET', '/api/v1/me', { headers });
  await load.send('GET', `${PATHS.tasks}/${register.id}/activity?limit=5`, { headers });
}

/** A client reads its own writes, whatever happened in between. */
async function readOwn(load: Load, { register, project }: Client): Promise<void> {
  const reply = await load.send('GET', `${PATHS.tasks}/${register.id}`);
  if (reply.status !== 200) return;
  const lastDone = register.writes.findLast(({ outcome }) => outcome === 'done');
  const possible = register.writes.filter((one) => one === lastDone || one.outcome === 'unknown');
  if (lastDone && !possible.some(({ marker }) => marker === reply.json.title)) {
    load.violations.push(`${register.id} shows ${reply.json.title}, which was not written last`);
  }
  await load.send('GET', `${PATHS.projects}/${project}?task_limit=20`);
}

async function readLists(load: Load): Promise<void> {
  await load.send('GET', `${PATHS.projects}?include=tasks&limit=5`);
  await load.send('GET', `${PATHS.tasks}?sort=-updated_at&limit=20`);
  await load.send('GET', `${PATHS.tags}?sort=-task_count`);
  await load.send('GET', `${PATHS.members}?limit=5`);
  await load.send('GET', `${PATHS.comments}?limit=5`);
  await load.send('GET', `${PATHS.tasks}?assignee=none&blocked=false&limit=5`);
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
  associate,
  closeCircle,
  createMember,
  createComment,
  editComment,
  deleteComment,
  useKey,
  trash,
  readOwn,
  readLists,
];
