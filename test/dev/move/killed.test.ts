import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { toolEnvironment } from '../../../dev/run.ts';
import { makeWorld, value } from '../../db/sessions.ts';
import type { TestApi } from '../../support/api.ts';
import { seededRandom } from '../../support/random.ts';
import { callerOf, useShards } from './support-shards.ts';

/*
 * `npm run move-tenant`, killed (SIGKILL) after each line that it prints and at moments between, while the tenant is read and
 * written: then gone on with, or taken back, which is killed, too.
 *
 * @module-tag release
 */

vi.setConfig({ testTimeout: 240_000 });

const { a, b, ownerUrl } = useShards();
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

interface Run {
  lines: string[];
  errors: string;
  /** The exit code, or null where it was killed. */
  code: number | null;
}

/** Runs the command; kills it once it has printed so many lines, and a while has passed. */
async function run(args: string[], killAfter = Number.POSITIVE_INFINITY, delay = 0): Promise<Run> {
  const env = toolEnvironment({ OWNER_SHARDS: JSON.stringify({ a: ownerUrl('a'), b: ownerUrl('b') }) });
  const child = spawn('node', ['dev/cli/move-tenant.ts', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let out = '';
  let errors = '';
  let isDoomed = false;
  const look = () => {
    if (isDoomed || out.split('\n').length - 1 < killAfter) return;
    isDoomed = true;
    setTimeout(() => child.kill('SIGKILL'), delay);
  };
  child.stdout.on('data', (chunk) => {
    out += chunk;
    look();
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  look();
  const [code] = await once(child, 'close');
  children.delete(child);
  return { lines: out.trim().split('\n').filter(Boolean), errors, code };
}

/** Who writes and reads as a Worker would: at the database that was right the last time, or else at the other one. */
function load(tenantId: string) {
  const call = callerOf(tenantId);
  const made = new Map<string, string>();
  const failures: string[] = [];
  let isOver = false;
  let guess: TestApi = a;

  async function atHome(path: string, method = 'GET', body?: unknown, key?: string) {
    for (let n = 0; n < 2000; n++) {
      const api = guess;
      const reply = await call(api, path, method, body, key ? { 'Idempotency-Key': key } : {});
      if (![403, 503].includes(reply.status)) return reply;
      if (reply.status === 503 && method !== 'GET') await sleep(20);
      if (guess === api) guess = api === a ? b : a;
    }
    throw new Error(`${method} ${path} has found no home.`);
  }

  async function write(writer: number) {
    for (let n = 0; !isOver; n++) {
      const name = `${writer}-${n}`;
      const { status, json } = await atHome('projects', 'POST', { name, tasks: [{ title: name }] }, name);
      if (status === 201) made.set(name, json.id);
      else failures.push(`created: ${status}`);
      await sleep(60);
    }
  }
  async function read() {
    while (!isOver) {
      const [name, id] = [...made].at(-1) ?? [];
      const { status, json } = await atHome(id ? `projects/${id}` : 'projects');
      if (status !== 200 || (id && json.tasks[0]?.title !== name)) failures.push(`read: ${status}`);
      await sleep(20);
    }
  }
  const placed = ({ database }: TestApi) =>
    value<string>(database.admin, 'select placement from tenants where id = $1', [tenantId]);
  async function watch() {
    const isHome = (placement: string) => placement === 'home' || placement === 'moving';
    while (!isOver) {
      const seen = [await placed(a), await placed(b), await placed(a)] as const;
      if (seen.every(isHome)) failures.push(`two homes: ${seen}`);
      await sleep(5);
    }
  }
  const all = Promise.all([write(1), write(2), read(), watch()]);
  return {
    made,
    failures,
    placed,
    async end() {
      isOver = true;
      await all;
    },
  };
}

test('whenever it is killed, it is gone on with or taken back: nothing is lost, nothing is there twice', async () => {
  const next = seededRandom('Killed moves');
  const random = (below: number) => Math.floor(next() * below);
  const { tenant } = await makeWorld(a.database.admin);
  const insert = `insert into webhooks (tenant_id, url, events) values ($1, 'https://example.com/all', '{project.created}')`;
  await a.database.admin.query(insert, [tenant]);
  const work = load(tenant);
  onTestFinished(work.end);
  let at = 'a';
  const other = () => (at === 'a' ? 'b' : 'a');

  const whole = await run(['--tenant', tenant, '--to', 'b']);
  expect(whole.errors).toBe('');
  at = 'b';
  const steps = whole.lines.length;
  expect(steps).toBeGreaterThan(7);

  for (let killAfter = 0; killAfter <= steps; killAfter++) {
    const to = other();
    const move = ['--tenant', tenant, '--to', to];
    const undo = ['--tenant', tenant, '--undo'];
    const killed = await run(move, killAfter, random(killAfter === 0 ? 1500 : 150));
    const homes = async () => Promise.all([work.placed(a), work.placed(b)]);
    const isArrived = (await homes())[to === 'a' ? 0 : 1] === 'home';
    const isBegun = (await homes()).includes('moving') || (await homes()).includes('arriving');
    const takesBack = killAfter % 2 === 1 && isBegun && !isArrived;
    if (takesBack) {
      await run(undo, 0, 200 + random(800));
      const { code, errors } = await run(undo);
      // The one before may have come to its end.
      if (code !== 0) expect(errors).toMatch(/not being moved/);
    } else {
      await run(move, killed.lines.length > 2 ? 2 : 0, random(300));
      expect(await run(move)).toMatchObject({ code: 0, errors: '' });
      at = to;
    }
    expect((await homes()).map((placement) => placement === 'home')).toEqual([at === 'a', at === 'b']);
  }
  await work.end();
  expect(work.failures).toEqual([]);

  const [home, away] = at === 'a' ? [a, b] : [b, a];
  const column = (sql: string, { database }: TestApi = home) => value<string[]>(database.admin, sql, [tenant]);
  const names = [...work.made.keys()].sort();
  expect(names.length).toBeGreaterThan(20);
  expect(
    await column(`select array_agg(name order by name collate "C") from projects where tenant_id = $1 and name ~ '-'`),
  ).toEqual(names);
  expect(
    await column(`select array_agg(title order by title collate "C") from tasks where tenant_id = $1 and title ~ '-'`),
  ).toEqual(names);
  expect(
    await column(
      `select array_agg(changes #>> '{name,1}' order by changes #>> '{name,1}' collate "C") from audit_log
       where tenant_id = $1 and resource_type = 'project' and changes #>> '{name,1}' ~ '-'`,
    ),
  ).toEqual(names);
  expect(
    await column(
      `select array_agg(body::json #>> '{data,resource,name}' order by body::json #>> '{data,resource,name}' collate "C")
       from webhook_deliveries where tenant_id = $1 and event = 'project.created'`,
    ),
  ).toEqual(names);
  expect(await column('select array_agg(id) from projects where tenant_id = $1', away)).toBeNull();
});
