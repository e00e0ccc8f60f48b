import { expect, test } from 'vitest';
import { etagOf, OnetripError } from '../src/index.ts';
import { failure, platformToken, useClients } from './support.ts';

/* Versions, queries, tokens, and what is kept: against the API in this process. */

const api = useClients();

test('an object sends If-Match of when it was last read, an id none', async () => {
  const { onetrip, sent } = await api.tenantClient();
  const read = await onetrip.projects.create({ name: 'Trip' });
  expect(Object.keys(read)).not.toContain('etag');
  const updated = await onetrip.projects.update(read, { name: 'Trip to Lisbon' });
  expect(updated).toMatchObject({ name: 'Trip to Lisbon', version: 2 });
  expect(sent[1]?.headers.get('If-Match')).toMatch(/^"1\.[0-9a-f]{32}"$/);
  await onetrip.projects.update(read.id, { name: 'Trip to Porto' });
  await onetrip.projects.update(read, { name: 'Trip to Faro' }, { ifMatch: false });
  expect(sent.slice(2).map(({ headers }) => headers.get('If-Match'))).toEqual([null, null]);
});

test('a call that is only tried keeps nothing', async () => {
  const { onetrip, sent } = await api.tenantClient();
  const project = await onetrip.projects.create({ name: 'Trip' });
  expect(await onetrip.projects.update(project, { name: 'Tour' }, { dryRun: true })).toMatchObject({ version: 2 });
  await onetrip.projects.delete(project, { dryRun: true });
  expect(sent.map(({ headers }) => headers.get('Onetrip-Dry-Run'))).toEqual([null, 'true', 'true']);
  expect(await onetrip.projects.get(project.id)).toMatchObject({ name: 'Trip', version: 1 });
});

test('a stale object is refused with the version that there is now', async () => {
  const { onetrip } = await api.tenantClient();
  const stale = await onetrip.tags.create({ name: 'urgent' });
  await onetrip.tags.update(stale, { color: '#FF0000' });
  const error = await failure<OnetripError>(onetrip.tags.update(stale, { color: '#00FF00' }));
  expect(error).toBeInstanceOf(OnetripError);
  expect(error).toMatchObject({ status: 412, code: 'precondition_failed', currentVersion: 2, attempts: 1 });
  expect(error.requestId).toBeTruthy();
  expect(await failure(onetrip.tags.delete(stale))).toMatchObject({ status: 412 });
  await onetrip.tags.delete(await onetrip.tags.get(stale.id));
});

test('an item of a list, a copy, and what lies in the trash have the version of when they were read', async () => {
  const { onetrip, sent } = await api.tenantClient();
  const { tasks } = await onetrip.projects.create({ name: 'Trip', tasks: [{ title: 'Book' }] });
  const [task] = tasks;
  if (!task) throw new Error('The project has no task.');
  await onetrip.tasks.update({ ...task }, { status: 'completed' });
  const { data } = await onetrip.tasks.list().page();
  for (const one of data) await onetrip.tasks.delete(one);
  for await (const { id, version } of onetrip.trash.list()) await onetrip.tasks.restore({ id, version });
  expect(sent.map(({ headers }) => headers.get('If-Match')).filter(Boolean)).toEqual(['"1.x"', '"2.x"', '"3.x"']);
  expect(etagOf(task.id)).toBeUndefined();
});

test('what a task has several of is added and removed by whoever: If-Match is sent where asked for only', async () => {
  const { onetrip, sent } = await api.tenantClient();
  const { id } = await onetrip.projects.create({ name: 'Trip' });
  const task = await onetrip.projects.tasks.create(id, { title: 'Book' });
  const tags = [await onetrip.tags.create({ name: 'a' }), await onetrip.tags.create({ name: 'b' })];
  for (const tag of tags) await onetrip.tasks.tags.add(task, tag);
  expect(sent.at(-1)?.headers.get('If-Match')).toBeNull();
  const tag = tags[0]?.id ?? '';
  const stale = etagOf(task);
  expect(await failure(onetrip.tasks.tags.remove(task, tag, { ifMatch: stale }))).toMatchObject({ currentVersion: 3 });
  await onetrip.tasks.tags.remove(task, tag);
  expect((await onetrip.tasks.get(task)).tags.map(({ name }) => name)).toEqual(['b']);
});

test('queries: comma lists, repeated parameters, objects, switches, and names of any letters', async () => {
  const { onetrip, sent } = await api.tenantClient();
  const name = 'ümläut & 100 % + #7, “日本” 🧳?=';
  const { id } = await onetrip.projects.create({
    name,
    metadata: { client: 'a&b+c' },
    tasks: [
      { title: 'one', tags: [name, 'x, y'], metadata: { n: 1 } },
      { title: 'two', tags: [name], status: 'completed' },
      { title: 'three', tags: [name, 'x, y'], status: 'cancelled' },
    ],
  });
  const projects = await onetrip.projects.list({ name, metadata: { client: 'a&b+c' } }).page();
  expect(projects.data.map(({ id }) => id)).toEqual([id]);
  const query = {
    status: ['pending', 'completed'],
    tag: [name, 'x, y'],
    blocked: false,
    sort: ['-priority', 'title'],
  } as const;
  const tasks = await onetrip.tasks.list({ ...query, created_after: '2020-01-01T00:00:00+02:00' }).page();
  expect(tasks.data.map(({ title }) => title)).toEqual(['one']);
  expect(sent.at(-1)?.path).toContain('status=pending%2Ccompleted&tag=');
  expect((await onetrip.tasks.list({ tag: name, fields: ['title'], sort: 'title' }).page()).data).toEqual([
    { title: 'one' },
    { title: 'three' },
    { title: 'two' },
  ]);
  const nested = await onetrip.projects.list({ include: 'tasks' }).page();
  expect(nested.data[0]?.tasks).toHaveLength(3);
});

test('an id cannot lead to another path', async () => {
  const { onetrip, sent } = await api.tenantClient();
  expect(await failure(onetrip.tags.delete('../tags/x?y'))).toMatchObject({ status: 400 });
  expect(sent[0]?.path).toBe('/api/v1/tags/..%2Ftags%2Fx%3Fy');
  for (const id of ['', '.', '..']) expect(() => onetrip.tasks.tags.remove(id, id)).toThrow(TypeError);
  expect(() => onetrip.tags.delete(undefined as unknown as string)).toThrow(TypeError);
});

test('a function is asked for the token before each request', async () => {
  const { token } = await api.tenant();
  let asked = 0;
  const { onetrip, sent } = api.client({ token: async () => (++asked === 1 ? 'expired' : token()) });
  const error = await failure<OnetripError>(onetrip.me.get());
  expect(error).toMatchObject({ status: 401, code: 'unauthenticated' });
  expect((await onetrip.me.get()).credential).toBe('token');
  expect(sent[0]?.headers.get('Authorization')).toBe('Bearer expired');
  const broken = api.client({
    token: () => {
      throw new Error('no session');
    },
  });
  expect((await failure(broken.onetrip.me.get())).message).toBe('no session');
  expect(broken.sent).toHaveLength(0);
});

test('an answer that is kept is not sent again, and no caller changes what is kept', async () => {
  const { onetrip, sent } = await api.tenantClient('admin', { cache: 2 });
  const project = await onetrip.projects.create({ name: 'Trip' });
  const first = await onetrip.projects.get(project);
  first.name = 'changed by the caller';
  const second = await onetrip.projects.get(project);
  expect(second.name).toBe('Trip');
  second.name = 'changed again';
  expect((await onetrip.projects.get(project)).name).toBe('Trip');
  expect(sent.map(({ status }) => status)).toEqual([201, 200, 304, 304]);
  await onetrip.projects.update(second, { name: 'Trip to Lisbon' });
  expect((await onetrip.projects.get(project)).name).toBe('Trip to Lisbon');
  expect(sent.at(-1)?.status).toBe(200);
  // Two are kept: the one that was read longest ago is not.
  await onetrip.me.get();
  await onetrip.tenant.get();
  await onetrip.projects.get(project);
  await onetrip.tenant.get();
  expect(sent.slice(-2).map(({ status }) => status)).toEqual([200, 304]);
});

test('tenants, by the platform: without idempotency keys, with If-Match of the whole entity tag', async () => {
  const { onetrip, sent } = api.client({ token: await platformToken() });
  const tenant = await onetrip.tenants.create({ name: 'Acme' });
  const suspended = await onetrip.tenants.update(tenant, { status: 'suspended' });
  expect(await failure(onetrip.tenants.update(tenant, { name: 'Other' }))).toMatchObject({
    status: 412,
    currentVersion: null,
  });
  const names: string[] = [];
  for await (const { name } of onetrip.tenants.list({ limit: 1 })) names.push(name);
  expect(names).toContain('Acme');
  await onetrip.tenants.delete(suspended);
  expect(sent.filter(({ headers }) => headers.has('Idempotency-Key'))).toEqual([]);
  const member = await api.tenantClient();
  expect((await member.onetrip.tenant.get()).id).toBe(member.tenant);
});
