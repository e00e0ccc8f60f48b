import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOneWorker } from '../../dev/build/one-worker.ts';
import { WORKER } from './cluster.ts';
import type { Contender, Race } from './contender.ts';
import {
  DESCRIPTION,
  type Job,
  nextStatus,
  type Request,
  STATUS,
  type Targets,
  TITLE,
  TITLE_START,
  threeTags,
} from './jobs.ts';
import { freePort, start, startNode, untilReady } from './programs.ts';

/* The API itself, as it is checked out: in workerd as it is deployed, in Node, and in `npm run dev`. */

const workerd: string = createRequire(createRequire(import.meta.url).resolve('miniflare'))('workerd').default;

/** The bindings, but for where the database is. */
const bindings = (secret: string) => ({ JWT_SECRET: secret, LOG_LEVEL: 'warn', SLOW_QUERY_MS: '999999' });

/** A worker in workerd, with no Miniflare in front of it: `workerd serve`. */
export async function startWorkerd(directory: string, script: string, values: Record<string, string>, ready: string) {
  await mkdir(directory, { recursive: true });
  await copyFile(script, join(directory, 'index.js'));
  const texts = Object.entries(values).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`);
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = "2026-07-01",
  bindings = [${texts.join(', ')}],
);
`;
  await writeFile(join(directory, 'config.capnp'), config);
  const port = await freePort();
  const args = ['serve', join(directory, 'config.capnp'), `--socket-addr=http=127.0.0.1:${port}`];
  const program = start('workerd', [workerd, ...args], {});
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(program, `${origin}${ready}`, (status) => status === 200);
  return { origin, pid: program.pid };
}

/** The endpoint in front of PostgreSQL that a Worker speaks to, and the bindings that lead there. */
export async function startEndpoint({ cluster }: Pick<Race, 'cluster'>) {
  const endpoint = await startNode<{ url: string }>('processes/neon-endpoint.ts', { port: cluster.port });
  return { pid: endpoint.pid, url: endpoint.ready.url };
}

/** The bundle, in workerd, over a database and an endpoint. */
export async function startOneWorker(race: Race, endpoint: string, name: string) {
  const directory = join(race.directory, name);
  await buildOneWorker(directory);
  const values = {
    ...bindings(race.secret),
    DATABASE_URL: `postgres://${WORKER.user}:${WORKER.password}@localhost/${race.database}`,
    NEON_ENDPOINT: endpoint,
  };
  return startWorkerd(join(directory, 'serve'), join(directory, 'worker', 'index.js'), values, '/ready');
}

export const onWorkerd: Contender = {
  name: 'Onetrip (workerd)',
  side: 'ours',
  start: async (race) => {
    const endpoint = await startEndpoint(race);
    const { origin, pid } = await startOneWorker(race, endpoint.url, 'worker');
    return { origin, pids: [pid, endpoint.pid] };
  },
  operations,
  shape,
};

export const onNode: Contender = {
  name: 'Onetrip (Node)',
  side: 'ours',
  start: async (race) => {
    const settings = { ...bindings(race.secret), DATABASE_URL: race.cluster.url(race.database, WORKER) };
    const program = await startNode<{ port: number }>('processes/onetrip-node.ts', settings, { driver: 'pool-driver' });
    return { origin: `http://127.0.0.1:${program.ready.port}`, pids: [program.pid] };
  },
  operations,
  shape,
};

export const onDev: Contender = {
  name: 'npm run dev',
  side: 'ours',
  start: async ({ cluster, database, directory, secret }) => {
    const port = await freePort();
    const env = {
      PORT: String(port),
      DATABASE_URL: `${cluster.url(database)}?sslmode=disable`,
      ONETRIP_DATA_DIR: join(directory, 'dev'),
      JWT_SECRET: secret,
    };
    const dev = fileURLToPath(new URL('../../dev/cli/dev.ts', import.meta.url));
    const program = start('npm run dev', [process.execPath, dev], { env });
    await untilReady(program, `http://127.0.0.1:${port}/ready`, (status) => status === 200);
    return { origin: `http://127.0.0.1:${port}`, pids: [program.pid] };
  },
  operations: (job, targets, origin) => (job === 'A' || job === 'B' ? operations(job, targets, origin) : undefined),
  shape,
};

/** Requests that were found by walking a list. All of ours give the same cursors, so it is walked once. */
const walked = new WeakMap<Targets, Partial<Record<Job, Request[][]>>>();

async function operations(job: Job, targets: Targets, origin: string): Promise<Request[][]> {
  const known = walked.get(targets) ?? {};
  walked.set(targets, known);
  const made = known[job] ?? (await makeOperations(job, targets, origin));
  known[job] = made;
  return made;
}

async function makeOperations(job: Job, targets: Targets, origin: string): Promise<Request[][]> {
  const { projects, written, large, token } = targets;
  const headers = { Authorization: `Bearer ${token}` };
  const get = (path: string): Request => ({ method: 'GET', path: `/api/v1${path}`, headers, status: 200 });
  const send = (method: string, path: string, status: number, body: object): Request => ({
    ...{ method, path: `/api/v1${path}`, status, contains: TITLE_START, body: JSON.stringify(body) },
    headers: { ...headers, 'Content-Type': 'application/json' },
  });
  const fetched = (path: string) => fetchJson(origin, get(path));
  switch (job) {
    case 'A':
      return projects.map((id) => [get(`/projects/${id}`)]);
    case 'B':
      return [[get('/projects?include=tasks&limit=20')]];
    case 'C100':
    case 'C1000':
    case 'C10000':
      return [await wholeProject(large[job.slice(1)] as string, get, fetched)];
    case 'D':
      return written.projects.map((id, n) => [
        send('POST', `/projects/${id}/tasks`, 201, {
          ...{ title: TITLE, description: DESCRIPTION, tags: threeTags(targets, n) },
        }),
      ]);
    case 'E':
      return written.tasks.map((id, n) => [
        send('PATCH', `/tasks/${id}`, 200, { title: TITLE, status: nextStatus(n) }),
      ]);
    case 'F':
      return [[get(`/tasks?status=${STATUS}&limit=50`)]];
    case 'G': {
      const unchanged: Request[][] = [];
      for (const id of projects.slice(0, 200)) {
        const { etag } = await fetched(`/projects/${id}`);
        unchanged.push([{ ...get(`/projects/${id}`), headers: { ...headers, 'If-None-Match': etag }, status: 304 }]);
      }
      return unchanged;
    }
    case 'H0':
      return [[get('/tasks?limit=50')]];
    case 'H10000': {
      let cursor = '';
      for (let row = 0; row < 10_000; row += 100) {
        const { json } = await fetched(`/tasks?limit=100${cursor && `&cursor=${cursor}`}`);
        cursor = json.page.next_cursor;
      }
      return [[get(`/tasks?limit=50&cursor=${cursor}`)]];
    }
  }
}

/** As a caller must read it: the first 1 000 tasks with the project, the others in pages of 100. */
async function wholeProject(
  id: string,
  get: (path: string) => Request,
  fetched: (path: string) => ReturnType<typeof fetchJson>,
): Promise<Request[]> {
  const first = `/projects/${id}?task_limit=1000`;
  const requests = [get(first)];
  let cursor = (await fetched(first)).json.tasks_page.next_cursor;
  while (cursor) {
    const page = `/projects/${id}/tasks?limit=100&cursor=${cursor}`;
    requests.push(get(page));
    cursor = (await fetched(page)).json.page.next_cursor;
  }
  return requests;
}

// biome-ignore lint/suspicious/noExplicitAny: the answers are of many kinds, and compared elsewhere
type Any = any;

async function fetchJson(origin: string, { path, headers, status }: Request): Promise<{ etag: string; json: Any }> {
  const response = await fetch(`${origin}${path}`, { headers });
  const text = await response.text();
  if (response.status !== status) throw new Error(`${path} gave ${response.status}: ${text}`);
  return { etag: response.headers.get('ETag') ?? '', json: JSON.parse(text) };
}

/** What is compared has these very members; the API has more. */
function shape(job: Job, body: Any): unknown {
  return job === 'A' ? body : body.data;
}
