import { join } from 'node:path';
import type { Client } from 'pg';
import { PEERS } from './all-peers.ts';
import { type Cluster, makeDatabase, startCluster, WORKER } from './cluster.ts';
import { compareAnswers } from './compare.ts';
import type { Contender, Race, Running } from './contender.ts';
import { memoryOf } from './cpu.ts';
import { loadData } from './data.ts';
import type { Extras, Measured } from './goals.ts';
import type { Job } from './jobs.ts';
import { emptyNode, emptyWorkerd } from './limits.ts';
import { type Asker, type Lane, measure, type Pace, startAsker } from './measure.ts';
import { onDev, onNode, onWorkerd, startEndpoint, startOneWorker, startWorkerd } from './onetrip.ts';
import type { Options } from './options.ts';
import { makePeerSchema, makeTexts } from './peer-schema.ts';
import { expectSteps, progress } from './progress.ts';
import { chooseTargets } from './targets.ts';

/* The race itself: loads, starts, compares, measures. */

const SECRET = 'a secret of the scratch database, 32 bytes';
export const TASKS = 200_000;
const MANY_TASKS = 2_000_000;

/** Connections of a job. Whole projects of 10 000 tasks take so long that two are enough to keep two cores busy. */
const connectionsOf = (job: Job) => (job.startsWith('C') ? 2 : 8);

/** What each kind of run takes: time to measure in (ms), rounds, requests before the memory is read. */
const KINDS = {
  quick: { budget: 115_000, rounds: 3, requests: 5000 },
  full: { budget: 570_000, rounds: 5, requests: 50_000 },
};

export interface Outcome extends Extras {
  measured: Measured;
  pace: Pace;
  notes: string[];
}

/** Runs the race in a scratch directory. What it starts is stopped by ./stops.ts. */
export async function runRace(directory: string, options: Options): Promise<Outcome> {
  const kind = KINDS[options.quick ? 'quick' : 'full'];
  progress('Starting PostgreSQL');
  const cluster = await startCluster(directory);
  const { db, race } = await prepare(cluster, directory, 'race', TASKS);
  progress('Copying the data for the peers');
  await makePeerSchema(db);
  await db.query('vacuum analyze');

  const notes: string[] = [];
  const running: [Contender, Running][] = [];
  for (const contender of [onWorkerd, onNode, onDev, ...PEERS, emptyWorkerd, emptyNode]) {
    if (!takesPart(contender, options)) continue;
    progress(`Starting ${contender.name}`);
    const started = await contender.start(race);
    if (typeof started === 'string') notes.push(`${contender.name} did not take part: ${started}.`);
    else running.push([contender, started]);
  }
  progress('Comparing answers');
  await compareAnswers(
    running.filter(([{ side }]) => side !== 'limit'),
    race.targets,
  );

  const { ask } = await startAsker('processes/generator.ts', {});
  const lanes = new Map<Job | 'limits', Lane[]>();
  for (const job of options.jobs) {
    progress(`Preparing ${job}`);
    const own: Lane[] = [];
    for (const [contender, { origin, pids }] of running) {
      const operations = await contender.operations(job, race.targets, origin);
      if (!operations) continue;
      const message = { origin, operations };
      own.push({ name: contender.name, job, connections: connectionsOf(job), pids, asker: ask, message });
    }
    if (own.length > 0) lanes.set(job, own);
  }
  const withLimits = options.jobs.includes('A') && !options.only;
  if (withLimits) lanes.set('limits', await limitLanes(race, db, running));

  const count = [...lanes.values()].flat().length;
  const pace = paceFor(kind.budget, kind.rounds, count);
  expectSteps(count * pace.rounds);
  const measured: Measured = {};
  for (const [job, own] of lanes) {
    const numbers = await measure(own, pace, cluster.pid, ({ name }) => progress(`${job} ${name}`, 1));
    measured[job] = Object.fromEntries(own.map(({ name }, index) => [name, numbers[index]])) as Measured[Job] & object;
  }
  const memory = withLimits ? await compareMemory(race, ask, kind.requests) : undefined;
  if (withLimits && !options.quick) measured.large = await compareSizes(race, running, ask, pace);
  return { measured, pace, notes, ...(memory ? { memory } : {}) };
}

function takesPart({ name, side }: Contender, { only }: Options): boolean {
  return only === undefined ? true : side !== 'limit' && only.some((part) => name.toLowerCase().includes(part));
}

/** The time is shared out, so that a run takes as long however many take part; a lane needs no more than 3 s. */
function paceFor(budget: number, rounds: number, lanes: number): Pace {
  const each = Math.min(3000, budget / (lanes * rounds));
  const warmMs = Math.round(each * 0.15);
  return { rounds, warmMs, sliceMs: Math.round(each * 0.8), firstMs: warmMs + Math.round(each * 0.25) };
}

/** A database with so many tasks. */
async function prepare(cluster: Cluster, directory: string, database: string, tasks: number) {
  progress('Migrating');
  const db = await makeDatabase(cluster, database);
  progress(`Loading ${tasks} tasks`);
  const tenantId = await loadData(db, tasks);
  await db.query('vacuum analyze');
  const targets = await chooseTargets(db, tenantId, SECRET);
  const race: Race = { cluster, database, directory, targets, secret: SECRET };
  return { db, race };
}

/** The parts of job A, straight by pg and by the endpoint. */
async function limitLanes(race: Race, db: Client, running: [Contender, Running][]): Promise<Lane[]> {
  const { cluster, database, targets, secret } = race;
  const origin = running.find(([contender]) => contender === onWorkerd)?.[1].origin;
  const textOf = async (id: string) => {
    const headers = { Authorization: `Bearer ${targets.token}` };
    return (await fetch(`${origin}/api/v1/projects/${id}`, { headers })).text();
  };
  await makeTexts(db, targets.tenantId, textOf, targets.projects);
  await db.query('vacuum analyze bench_peers.texts');
  const endpoint = await startEndpoint(race);
  const settings = {
    ...{ adminUrl: cluster.url(database), workerUrl: cluster.url(database, WORKER), endpoint: endpoint.url },
    ...{ tenantId: targets.tenantId, projects: targets.projects, token: targets.token, secret },
  };
  const { ask, pid } = await startAsker('processes/limits.ts', settings, 'recording-driver');
  return ['query', 'batch', 'text', 'text by the endpoint'].map((kind) => ({
    ...{ name: kind, job: 'limits', connections: 8, asker: ask, message: { kind } },
    pids: kind.includes('endpoint') ? [pid, endpoint.pid] : [pid],
  }));
}

/** Resident memory of a new workerd after so many requests of job A, with the API and with an empty handler. */
async function compareMemory(race: Race, ask: Asker, requests: number) {
  progress('Comparing memory');
  const endpoint = await startEndpoint(race);
  const api = await startOneWorker(race, endpoint.url, 'memory');
  const empty = await startWorkerd(join(race.directory, 'memory-empty'), join(race.directory, 'empty.js'), {}, '/');
  const after = async (contender: Contender, { origin, pid }: { origin: string; pid: number }) => {
    const operations = await contender.operations('A', race.targets, origin);
    await ask({ origin, operations, connections: 8, ms: 150_000, most: requests });
    return memoryOf(pid);
  };
  return { requests, api: await after(onWorkerd, api), empty: await after(emptyWorkerd, empty) };
}

/** Job A with ten times as many tasks, in another database of the same PostgreSQL. */
async function compareSizes(race: Race, running: [Contender, Running][], ask: Asker, pace: Pace) {
  const { db, race: large } = await prepare(race.cluster, join(race.directory, 'large'), 'race_large', MANY_TASKS);
  await db.end();
  const lanes: Lane[] = [];
  for (const [contender, name] of [
    [onWorkerd, 'workerd'],
    [onNode, 'Node'],
  ] as const) {
    const small = running.find(([one]) => one === contender)?.[1];
    for (const [size, where, started] of [
      ['200 000', race, small],
      ['2 000 000', large, (await contender.start(large)) as Running],
    ] as const) {
      if (!started) continue;
      const operations = await contender.operations('A', where.targets, started.origin);
      const message = { origin: started.origin, operations };
      lanes.push({ name: `${name}, ${size}`, job: 'A', connections: 8, pids: started.pids, asker: ask, message });
    }
  }
  const numbers = await measure(lanes, pace, race.cluster.pid, ({ name }) => progress(`A of ${name}`));
  return Object.fromEntries(lanes.map(({ name }, index) => [name, numbers[index]])) as NonNullable<Measured['large']>;
}
