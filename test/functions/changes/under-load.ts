import type pg from 'pg';
import { expect, test } from 'vitest';
import type { Reply, TestApi, TestTenant } from '../../support/api.ts';
import { untilFinal } from '../../support/changes.ts';
import { Copy, listed } from '../../support/copy.ts';
import { seededRandom } from '../../support/random.ts';

/*
 * Whoever keeps a copy by its changes misses none: not of what commits late, and not under load, whatever happens to the
 * rows. At no time does a row go back to an older version.
 */

/** Runs work in a transaction of the superuser's, in a tenant's database or another one of its cluster. */
async function inTransaction(
  { database }: TestApi,
  tenantId: string,
  work: (client: pg.Client) => Promise<unknown>,
  of?: string,
): Promise<void> {
  const client = await database.connect(tenantId, 'superuser', of);
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

const names = ({ json }: Reply) => json.data.map(({ resource }: { resource: { name: string } }) => resource.name);

const WRITERS = 10;
const OPERATIONS = 250;

export function describeLoad(api: TestApi): void {
  test('a transaction that commits late is waited for, and nothing of it is missed', async () => {
    const tenant = await api.tenant();
    const { json: tag } = await tenant.post('/api/v1/tags', { name: 'first' });
    await untilFinal(api.database, tenant.id);
    const { next_cursor } = (await tenant.get('/api/v1/changes?cursor=now')).json.page;
    const read = (cursor = next_cursor) => tenant.get(`/api/v1/changes?cursor=${cursor}`);
    let cursor = next_cursor;
    await inTransaction(api, tenant.id, async (late) => {
      await late.query(`update tags set name = 'late' where tenant_id = $1 and id = $2`, [tenant.id, tag.id]);
      await tenant.post('/api/v1/tags', { name: 'early' });
      await tenant.post('/api/v1/tags', { name: 'early, too' });
      // By id or time the late entry comes before these: who had read them would look behind it.
      const { rows } = await api.database.admin.query(
        `select changes from audit_log where tenant_id = $1 and resource_type = 'tag' order by id`,
        [tenant.id],
      );
      expect(rows.map(({ changes }) => changes.name[1])).toEqual(['first', 'early', 'early, too']);
      const waiting = await read();
      expect(waiting.json).toMatchObject({ data: [], page: { has_more: false } });
      cursor = waiting.json.page.next_cursor;
    });
    await untilFinal(api.database, tenant.id);
    for (const from of [next_cursor, cursor]) expect(names(await read(from))).toEqual(['late', 'early', 'early, too']);
  });

  test('also for one in another database of the cluster, but not for one that only reads', async () => {
    const tenant = await api.tenant();
    const work = async (other: pg.Client) => {
      await other.query('select count(*) from pg_class');
      await tenant.post('/api/v1/tags', { name: 'one' });
      await untilFinal(api.database, tenant.id);
      const { json } = await tenant.get('/api/v1/changes');
      expect(names({ json } as Reply)).toEqual(['one']);
      const read = () => tenant.get(`/api/v1/changes?cursor=${json.page.next_cursor}`);
      await other.query('select pg_current_xact_id()');
      await tenant.post('/api/v1/tags', { name: 'two' });
      expect(names(await read())).toEqual([]);
      await other.query('commit');
      await untilFinal(api.database, tenant.id);
      expect(names(await read())).toEqual(['two']);
    };
    await inTransaction(api, tenant.id, work, 'postgres');
  });

  test('a cascade larger than a page comes in pages, comments among it, and each resource once', async () => {
    const tenant = await api.tenant();
    const tasks = Array.from({ length: 120 }, (_, n) => ({ title: `task ${n}` }));
    const { json: project } = await tenant.post('/api/v1/projects', { name: 'large', tasks });
    await api.database.admin.query(
      `insert into comments (tenant_id, task_id, body, created_at)
     select $1, id, 'comment', '2026-01-01' from tasks, generate_series(1, 250) where tenant_id = $1 and position = 7`,
      [tenant.id],
    );
    const copy = new Copy(tenant);
    await untilFinal(api.database, tenant.id);
    while (await copy.next(100));
    expect(copy.rows.size).toBe(1 + 120 + 250);
    await tenant.call(`/api/v1/projects/${project.id}`, { method: 'DELETE' });
    await untilFinal(api.database, tenant.id);
    const before = copy.pages;
    let last = copy.rows.size;
    for (let more = true; more; ) {
      more = await copy.next(100);
      // As many as a page has, and not one twice.
      if (more) expect(copy.rows.size).toBe(last - 100);
      last = copy.rows.size;
    }
    expect([last, copy.pages - before]).toEqual([0, 4]);
  });

  test(`${WRITERS} writers against a reader that keeps a copy`, { timeout: 60_000 }, async () => {
    const tenant = await api.tenant();
    const random = seededRandom('changes');
    const ids: Record<string, string[]> = { projects: [], tasks: [], tags: [], members: [], comments: [] };
    /** One of the newest, most of which are still there. */
    const one = (kind: string): string => ids[kind]?.at(-1 - Math.floor(random() * 10)) ?? ids[kind]?.at(-1) ?? 'none';
    const word = () => `word ${Math.floor(random() * 1e6)}`;
    const operations = operationsOf(tenant, ids, one, word);
    const creations = operations.filter(([name]) => name.startsWith('create'));
    const choice = [...operations, ...creations, ...creations];
    const done = new Map<string, number>();

    let left = OPERATIONS;
    const write = async () => {
      while (left-- > 0) {
        const [name, operation] = choice[Math.floor(random() * choice.length)] as Operation;
        const { status, text } = await operation();
        expect(status, `${name}: ${text}`).toBeLessThan(500);
        if (status < 300) done.set(name, (done.get(name) ?? 0) + 1);
      }
    };
    // Something to begin with; the walk through what exists is under way while it changes.
    for (let n = 0; n < 4; n++) for (const [, create] of creations) await create();
    const copy = new Copy(tenant);
    let writing = true;
    const read = async () => {
      for (let limit = 1; writing || (await copy.next(100)); limit = (limit * 7) % 101) await copy.next(limit);
    };
    const reading = read();
    await Promise.all(Array.from({ length: WRITERS }, write));
    await untilFinal(api.database, tenant.id);
    writing = false;
    await reading;

    console.info(`${copy.pages} pages; ${[...done].map((entry) => entry.join(' ')).join(', ')}`);
    // Chance can leave one out, or find nothing for it.
    expect(done.size).toBeGreaterThan(operations.length - 4);
    expect(copy.rows.size).toBeGreaterThan(50);
    expect(copy.shown()).toEqual(await listed(tenant));
  });
}

type Operation = [name: string, run: () => Promise<Reply>];

/** What writers do, to rows that others may have trashed or purged meanwhile. */
function operationsOf(
  tenant: TestTenant,
  ids: Record<string, string[]>,
  one: (kind: string) => string,
  word: () => string,
): Operation[] {
  const create = async (kind: string, path: string, body: unknown) => {
    const reply = await tenant.post(`/api/v1/${path}`, body);
    if (reply.status === 201) ids[kind]?.push(reply.json.id);
    for (const { id } of reply.json.tasks ?? []) ids.tasks?.push(id);
    for (const { id } of (reply.json.tasks ?? []).flatMap(({ tags = [] }) => tags)) ids.tags?.push(id);
    return reply;
  };
  const patch = (path: string, body: unknown) => tenant.call(`/api/v1/${path}`, { method: 'PATCH', body });
  const remove = (path: string) => tenant.call(`/api/v1/${path}`, { method: 'DELETE' });
  const put = (path: string, body?: unknown) => tenant.call(`/api/v1/${path}`, { method: 'PUT', body });
  const act = (path: string) => tenant.post(`/api/v1/${path}`, undefined);
  /** In the trash for a moment, and then out of it or gone for good. */
  const throughTrash = (kind: string, action: string) => async () => {
    const path = `${kind}/${one(kind)}`;
    await remove(path);
    return act(`${path}/${action}`);
  };
  return [
    [
      'create project',
      () =>
        create('projects', 'projects', {
          name: word(),
          tasks: [{ title: 'a', tags: [word()], subtasks: [{ title: 'b' }] }, { title: 'c' }],
        }),
    ],
    ['create member', () => create('members', 'members', { name: word(), subject: word() })],
    ['create task', () => create('tasks', `projects/${one('projects')}/tasks`, { title: word(), tags: [word()] })],
    [
      'create comment',
      () => create('comments', `tasks/${one('tasks')}/comments`, { body: `${word()} @[${one('members')}]` }),
    ],
    ['change project', () => patch(`projects/${one('projects')}`, { name: word() })],
    ['change task', () => patch(`tasks/${one('tasks')}`, { title: word(), tags: { add: [word()] } })],
    ['move task', () => patch(`tasks/${one('tasks')}`, { parent_id: null, project_id: one('projects') })],
    ['rename tag', () => patch(`tags/${one('tags')}`, { name: word() })],
    ['delete tag', () => remove(`tags/${one('tags')}`)],
    ['put tag', () => put(`tasks/${one('tasks')}/tags/${one('tags')}`)],
    ['rename member', () => patch(`members/${one('members')}`, { name: word() })],
    ['assign', () => put(`tasks/${one('tasks')}/assignees/${one('members')}`, { role: 'contributor' })],
    ['block', () => put(`tasks/${one('tasks')}/blockers/${one('tasks')}`)],
    ['edit comment', () => patch(`comments/${one('comments')}`, { body: word() })],
    ['delete comment', () => remove(`comments/${one('comments')}`)],
    ['trash task', () => remove(`tasks/${one('tasks')}`)],
    ['restore task', throughTrash('tasks', 'restore')],
    ['purge task', throughTrash('tasks', 'purge')],
    ['trash project', () => remove(`projects/${one('projects')}`)],
    ['restore project', throughTrash('projects', 'restore')],
    ['purge project', throughTrash('projects', 'purge')],
    [
      'purge member',
      async () => {
        const path = `members/${one('members')}`;
        await patch(path, { status: 'deactivated' });
        return act(`${path}/purge`);
      },
    ],
    [
      'act as a member',
      async () => {
        const { json } = await tenant.get(`/api/v1/members/${one('members')}`);
        const token = await tenant.token('member', json.subject ?? 'tester');
        return tenant.post(`/api/v1/tasks/${one('tasks')}/comments`, { body: word() }, { token });
      },
    ],
  ];
}
