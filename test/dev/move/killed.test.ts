import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { toolEnvironment } from '../../../dev/run.ts';
import { makeWorld, value } from '../../db/sessions.ts';
import { useShardedApi } from '../../shards/world.ts';
import { seededRandom } from '../../support/random.ts';
import type { Shard } from '../../support/shards.ts';
import { dropOwner, GIVE_AWAY, ownerUrl } from './support-shards.ts';

/*
 * `npm run move-tenant`, killed (SIGKILL) after each line that it prints and at moments between, while the tenant is read and
 * written: then gone on with, or taken back, which is killed, too.
 *
 * @module-tag release
 */

vi.setConfig({ testTimeout: 240_000 });

// Registered first, so that it comes last.
afterAll(dropOwner);
const api = useShardedApi();
const admin = (shard: string) => (api.shards.get(shard) as Shard).admin;
beforeAll(async () => {
  for (const shard of api.shards.values()) await shard.admin.query(GIVE_AWAY);
});
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
  const owners = Object.fromEntries([...api.shards].map(([name, shard]) => [name, ownerUrl(shard.admin)]));
  const env = toolEnvironment({ OWNER_SHARDS: JSON.stringify(owners) });
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

/** Who writes and reads, by the API over all databases. */
function load(tenant: string) {
  const made = new Map<string, string>();
  const failures: string[] = [];
  let isOver = false;

  /** Asks until it is not asked to wait. */
  async function ask(path: string, body?: unknown, key?: string) {
    for (let n = 0; n < 1000; n++) {
      const call = body === undefined ? {} : { method: 'POST', body };
      const reply = await api.call(`/api/v1/${path}`, {
        tenant,
        ...call,
        ...(key ? { headers: { 'Idempotency-Key': key } } : {}),
      });
      if (reply.status !== 503) return reply;
      if (!reply.headers.get('Retry-After')) failures.push(`${path}: 503 without Retry-After`);
      await sleep(20);
    }
    throw new Error(`${path} is always 503.`);
  }

  async function write(writer: number) {
    for (let n = 0; !isOver; n++) {
      const name = `${writer}-${n}`;
      const { status, json } = await ask('projects', { name, tasks: [{ title: name }] }, name);
      if (status === 201) made.set(name, json.id);
      else failures.push(`created: ${status}`);
      await sleep(60);
    }
  }
  async function read() {
    while (!isOver) {
      const [name, id] = [...made].at(-1) ?? [];
      const { status, json } = await ask(id ? `projects/${id}` : 'projects');
      if (status !== 200 || (id && json.tasks[0]?.title !== name)) failures.push(`read: ${status}`);
      await sleep(20);
    }
  }
  const placed = (shard: string) =>
    value<string>(admin(shard), 'select placement from tenants where id = $1', [tenant]);
  async function watch() {
    const isHome = (placement: string) => placement === 'home' || placement === 'moving';
    while (!isOver) {
      const seen = [await placed('a'), await placed('b'), await placed('a')] as const;
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
  const { tenant } = await makeWorld(admin('a'));
  const insert = `insert into webhooks (tenant_id, url, events) values ($1, 'https://example.com/all', '{project.created}')`;
  await admin('a').query(insert, [tenant]);
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
    const homes = async () => Promise.all([work.placed('a'), work.placed('b')]);
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

  const column = (sql: string, shard = at) => value<string[]>(admin(shard), sql, [tenant]);
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
       from webhook_outbox where tenant_id = $1 and event = 'project.created'`,
    ),
  ).toEqual(names);
  expect(await column('select array_agg(id) from projects where tenant_id = $1', other())).toBeNull();
});

test('a connection that ends is named, and the same command goes on', async () => {
  const { tenant } = await makeWorld(admin('a'));
  const move = ['--tenant', tenant, '--to', 'b'];
  const moved = run(move);
  const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and usename = $1`;
  const owner = new URL(ownerUrl(api.shards.get('b')?.admin as never)).username;
  await expect
    .poll(async () => (await admin('b').query(terminate, [owner])).rowCount, { interval: 10, timeout: 15_000 })
    .toBeGreaterThan(0);
  expect(await moved).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/^The connection to b has ended: the same/),
  });
  expect(await run(move)).toMatchObject({ code: 0, errors: '' });
});
