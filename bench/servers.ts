/**
 * What requests take where the same number of tenants is on one, two or three PostgreSQL servers, each of them with a data
 * directory of its own:
 *
 *   TMPDIR=/dev/shm PATH="$PWD/node_modules/.bin:$PATH" node bench/servers.ts [rounds] [seconds]
 *
 * The server on Node as it is deployed, once before one server, once before two, once before three, and once before three
 * databases of one. 24 tenants have 5
 * projects of 20 tasks. A closed loop of 8 connections: of ten requests four read a project with its tasks, four list
 * tasks, one creates a task and one changes one, each of any tenant. They take turns in each round, in an order
 * that rotates; what is printed is the median over the rounds, and of the ratios within a round. Processor time is that of
 * Node and of the PostgreSQL servers asked. TMPDIR in memory keeps the disk, which all servers share, out of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'undici';
import { median } from '../dev/build/median.ts';
import { buildNodeServer } from '../dev/build/node-server.ts';
import { signToken } from '../dev/local/jwt.ts';
import { type Cluster, makeDatabase, startCluster, WORKER } from './race/cluster.ts';
import { cpuOf } from './race/cpu.ts';
import { freePort, start, untilReady } from './race/programs.ts';
import { atEnd, stopAll } from './race/stops.ts';

const [rounds = 9, seconds = 4] = process.argv.slice(2).map(Number);
/** Three databases in one server tell what is of the servers, and what is of having three. */
const SETUPS = [
  { servers: 1, databases: 1 },
  { servers: 2, databases: 2 },
  { servers: 3, databases: 3 },
  { servers: 1, databases: 3 },
];
const TENANTS = 24;
const PROJECTS = 5;
const CONNECTIONS = 8;
const JWT_SECRET = 'a secret of the scratch database, 32 bytes';

interface Tenant {
  headers: Record<string, string>;
  /** Read, and never written. */
  projects: string[];
  /** The project whose tasks are changed, and that gets more of them. */
  written: string;
  tasks: string[];
}

/** The server on Node before some of the PostgreSQL servers. */
interface Deployment {
  origin: string;
  pid: number;
  postgres: number[];
  tenants: Tenant[];
}

interface Numbers {
  cpu: number;
  postgresCpu: number;
  trips: number;
  perSecond: number;
}

interface Answer {
  json: { id: string; tasks: { id: string }[] };
  trips: number;
}

/** @throws Error where the answer is no success */
async function send(client: Client, method: string, path: string, headers: Tenant['headers'], body?: object) {
  const reply = await client.request({
    method: method as 'GET',
    path: `/api/v1/${path}`,
    headers,
    body: body ? JSON.stringify(body) : null,
  });
  const text = await reply.body.text();
  if (reply.statusCode > 299) throw new Error(`${method} ${path} gave ${reply.statusCode}: ${text}`);
  const trips = Number(/desc="(\d+)/.exec(String(reply.headers['server-timing']))?.[1]);
  return { text, trips };
}

/** The same, whose answer is read. */
async function made(...request: Parameters<typeof send>): Promise<Answer['json']> {
  return JSON.parse((await send(...request)).text);
}

async function headersOf(role: 'platform' | 'admin', tenantId?: string): Promise<Tenant['headers']> {
  const token = await signToken({ role, ...(tenantId ? { tenantId } : {}) }, 86_400, JWT_SECRET);
  return { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
}

async function makeTenant(client: Client, name: string): Promise<Tenant> {
  const { id } = await made(client, 'POST', 'tenants', await headersOf('platform'), { name });
  const headers = await headersOf('admin', id);
  const tasks = Array.from({ length: 20 }, (_, n) => ({ title: `task ${n}`, tags: [`tag ${n % 9}`] }));
  const projects: string[] = [];
  for (let n = 0; n < PROJECTS; n++) {
    projects.push((await made(client, 'POST', 'projects', headers, { name: `project ${n}`, tasks })).id);
  }
  const written = await made(client, 'POST', 'projects', headers, { name: 'written', tasks });
  return { headers, projects, written: written.id, tasks: written.tasks.map((task) => task.id) };
}

/** Starts the server before databases of the clusters, and makes its tenants, which it spreads itself. */
async function deploy(file: string, clusters: Cluster[], databases: number): Promise<Deployment> {
  const admins: Awaited<ReturnType<typeof makeDatabase>>[] = [];
  const urls: [string, string][] = [];
  for (const [n, letter] of [...'abc'].slice(0, databases).entries()) {
    const cluster = clusters[n % clusters.length] as Cluster;
    const name = `of_${clusters.length}_${databases}_${letter}`;
    const admin = await makeDatabase(cluster, name);
    atEnd(name, () => admin.end());
    admins.push(admin);
    urls.push([letter, cluster.url(name, WORKER)]);
  }
  const bindings: Record<string, string> =
    databases === 1
      ? { DATABASE_URL: urls[0]?.[1] ?? '' }
      : { SHARDS: JSON.stringify(Object.fromEntries(urls)), SHARDS_BY_HASH: urls.map(([letter]) => letter).join(',') };
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const env = { ...bindings, JWT_SECRET, LISTEN_ADDRESS: '127.0.0.1', PORT: `${port}`, LOG_LEVEL: 'warn' };
  const program = start('the server', [process.execPath, file], { env: { ...env, NODE_ENV: 'production' } });
  await untilReady(program, `${origin}/health`, (status) => status === 200);
  const client = new Client(origin);
  const tenants: Tenant[] = [];
  for (let n = 0; n < TENANTS; n++) tenants.push(await makeTenant(client, `tenant ${n}`));
  await client.close();
  const spread: number[] = [];
  for (const admin of admins) {
    await admin.query('vacuum analyze');
    spread.push((await admin.query('select count(*)::integer as n from tenants')).rows[0].n);
  }
  console.log(`${clusters.length} servers, ${databases} databases: ${spread.join(' + ')} tenants`);
  return { origin, pid: program.pid, postgres: clusters.map(({ pid }) => pid), tenants };
}

const anyOf = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)] as T;

async function request(client: Client, { headers, projects, written, tasks }: Tenant): Promise<number> {
  const title = `task ${Math.random()}`;
  const dice = Math.floor(Math.random() * 10);
  if (dice < 4) return (await send(client, 'GET', `projects/${anyOf(projects)}`, headers)).trips;
  if (dice < 8) return (await send(client, 'GET', 'tasks?status=pending&limit=20', headers)).trips;
  if (dice === 8) return (await send(client, 'POST', `projects/${written}/tasks`, headers, { title })).trips;
  return (await send(client, 'PATCH', `tasks/${anyOf(tasks)}`, headers, { title })).trips;
}

async function measure({ origin, pid, postgres, tenants }: Deployment, ms: number): Promise<Numbers> {
  let requests = 0;
  let trips = 0;
  const [own = 0, databases = 0] = cpuOf([[pid], postgres]);
  const begun = performance.now();
  const loop = async (client: Client) => {
    while (performance.now() - begun < ms) {
      const took = await request(client, anyOf(tenants));
      trips += took;
      requests++;
    }
  };
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(origin));
  await Promise.all(clients.map(loop)).finally(() => Promise.all(clients.map((client) => client.destroy())));
  const took = (performance.now() - begun) / 1000;
  const [ownThen = 0, databasesThen = 0] = cpuOf([[pid], postgres]);
  const postgresCpu = (databasesThen - databases) / requests;
  const cpu = (ownThen - own) / requests + postgresCpu;
  return { cpu, postgresCpu, trips: trips / requests, perSecond: requests / took };
}

/** The medians over the rounds, and those of the ratios to one server in the same round. */
function print(taken: Numbers[][]): void {
  const one = taken[0] as Numbers[];
  console.log(
    '\n| servers, databases | processor time per request | of that PostgreSQL | round trips | requests per second |',
  );
  console.log('| --- | --- | --- | --- | --- |');
  for (const [index, numbers] of taken.entries()) {
    const middle = (of: keyof Numbers) => median(numbers.map((each) => each[of]));
    const ratio = (of: keyof Numbers) =>
      median(numbers.map((each, round) => each[of] / (one[round] as Numbers)[of])).toFixed(2);
    const cells = [
      `${middle('cpu').toFixed(2)} ms (× ${ratio('cpu')})`,
      `${middle('postgresCpu').toFixed(2)} ms (× ${ratio('postgresCpu')})`,
      middle('trips').toFixed(3),
      `${middle('perSecond').toFixed(0)} (× ${ratio('perSecond')})`,
    ];
    const { servers, databases } = SETUPS[index] as (typeof SETUPS)[number];
    console.log(`| ${servers}, ${databases} | ${cells.join(' | ')} |`);
  }
}

const directory = await mkdtemp(join(tmpdir(), 'onetrip-servers-'));
atEnd('the scratch directory', () => rm(directory, { recursive: true, force: true }));
try {
  const { file } = await buildNodeServer(directory);
  const clusters: Cluster[] = [];
  for (const n of [1, 2, 3]) clusters.push(await startCluster(join(directory, `server-${n}`)));
  const deployments: Deployment[] = [];
  for (const { servers, databases } of SETUPS) {
    deployments.push(await deploy(file, clusters.slice(0, servers), databases));
  }
  for (const deployment of deployments) await measure(deployment, 2 * 1000 * seconds);
  const taken: Numbers[][] = SETUPS.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < SETUPS.length; turn++) {
      const index = (turn + round) % SETUPS.length;
      const deployment = deployments[index] as Deployment;
      // Connections that have been idle meanwhile are checked, which is a round trip more.
      await measure(deployment, 1000);
      taken[index]?.push(await measure(deployment, 1000 * seconds));
    }
  }
  print(taken);
} finally {
  await stopAll();
}
