import { expect, test } from 'vitest';
import { type Reply, useApi } from '../support/api.ts';
import { keepLog } from './support.ts';

/*
 * 250 PATCHes with If-Match by 50 writers on 10 tasks. Whoever is refused either gives up, or reads again and tries
 * again; whoever is told 200 made the next version, and nobody else did.
 */

const api = useApi();

const TASKS = 10;
const WRITERS = 50;
const CHANGES = 5;

interface Success {
  task: string;
  title: string;
  /** The version that was read, and the one that was made of it. */
  from: number;
  to: number;
}

test(`${WRITERS * CHANGES} changes with If-Match of ${TASKS} tasks lose none`, async () => {
  keepLog();
  const tenant = await api.tenant();
  const tasks = Array.from({ length: TASKS }, (_, n) => ({ title: `task ${n}` }));
  const project = (await tenant.post('/api/v1/projects', { name: 'P', tasks })).json;
  const ids: string[] = project.tasks.map(({ id }: { id: string }) => id);
  const successes: Success[] = [];
  const refused: string[] = [];
  let requests = 0;

  async function change(task: string, title: string, persistent: boolean): Promise<void> {
    while (true) {
      const path = `/api/v1/tasks/${task}`;
      const read = await tenant.get(path);
      expect(read.status).toBe(200);
      const headers = { 'If-Match': read.headers.get('ETag') ?? '' };
      const reply: Reply = await tenant.call(path, { method: 'PATCH', body: { title }, headers });
      requests++;
      if (reply.status === 200) {
        successes.push({ task, title, from: read.json.version, to: reply.json.version });
        expect(reply.json.title).toBe(title);
        return;
      }
      expect([reply.status, reply.json.code]).toEqual([412, 'precondition_failed']);
      expect(reply.json.current_version).toBeGreaterThan(read.json.version);
      if (!persistent) {
        refused.push(title);
        return;
      }
    }
  }

  const writer = async (n: number) => {
    for (let turn = 0; turn < CHANGES; turn++) {
      await change(ids[(n + turn) % TASKS] as string, `writer ${n}, turn ${turn}`, n % 2 === 0);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, n) => writer(n)));

  // Otherwise nobody met anybody.
  expect(requests).toBeGreaterThan(WRITERS * CHANGES);
  expect(refused.length).toBeGreaterThan(25);
  expect(successes.length + refused.length).toBe(WRITERS * CHANGES);
  for (const { from, to } of successes) expect(to).toBe(from + 1);

  const { admin } = api.database;
  const log = await admin.query(
    `select resource_id as task, changes -> 'title' as title from audit_log
     where resource_type = 'task' and action = 'update' order by at, id`,
  );
  const stored = await admin.query('select id, version, title from tasks where id = any($1)', [ids]);
  for (const { id, version, title } of stored.rows) {
    const own = successes.filter(({ task }) => task === id).sort((a, b) => a.to - b.to);
    expect(own.map(({ to }) => to)).toEqual(own.map((_, n) => n + 2));
    expect(version).toBe(1 + own.length);
    expect(title).toBe(own.at(-1)?.title);
    // Each change begins where the one before ended, and every winner's value is there once.
    const next = new Map(log.rows.filter(({ task }) => task === id).map((entry) => [entry.title[0], entry.title[1]]));
    expect(next.size).toBe(own.length);
    let at = tasks[ids.indexOf(id)]?.title;
    for (const success of own) {
      at = next.get(at);
      expect(at).toBe(success.title);
    }
  }
}, 120_000);
