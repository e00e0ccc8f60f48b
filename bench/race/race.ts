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

/** What each kind of run may take in all, what of it is kept for the end (ms), the most requests before memory is read and
 * the time for them, and how long everybody is warmed up. */
const KINDS = {
  quick: { total: 225_000, end: 20_000, rounds: 3, requests: 5000, memory: 8000, warmUp: 300 },
  full: { total: 1_150_000, end: 100_000, rounds: 5, requests: 50_000, memory: 75_000, warmUp: 3000 },
};

export interface Outcome extends Extras {
  measured: Measured;
  rounds: number;
  /** The shortest and the longest slice that a contender was measured for (ms). */
  sliceMs: [number, number];
  notes: string[];
}

/** Runs the race in a scratch directory. What it starts is stopped by ./stops.ts. */
export async function runRace(directory: string, options: Options): Promise<Outcome> {
  const begun = performance.now();
  const kind = KINDS[options.quick ? 'quick' : 'full'];
  progress('Starting PostgreSQL');
  const cluster = await startCluster(directory);
  const { db, race, loadMs } = await prepare(cluster, directory, 'race', TASKS);
  progress('Copying the data for the peers');
  await makePeerSchema(db);
  await db.query('vacuum analyze');

  const notes: string[] = [];
  const running: [Contender, Running][] = [];
  const all = [onWorkerd, onNode, onDev, ...PEERS, emptyWorkerd, emptyNode];
  const starting = all.filter((contender) => takesPart(contender, options));
  progress(`Starting ${starting.map(({ name }) => name).join(', ')}`);
  const starts = await Promise.all(starting.map(async (one) => [one, await one.start(race)] as const));
  for (const [contender, started] of starts) {
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

  await warmUp([...lanes.values()], kind.warmUp);
  const withLarge = withLimits && !options.quick;
  // Ten times as many tasks take somewhat more than ten times as long to load.
  const until = begun + kind.total - kind.end - (withLarge ? 13 * loadMs + 60_000 : 0);
  let left = [...lanes.values()].flat().length;
  expectSteps(left * kind.rounds);
  const measured: Measured = {};
  const slices: number[] = [];
  let pace = paceFor(until - performance.now(), kind.rounds, left);
  for (const [job, own] of lanes) {
    pace = paceFor(until - performance.now(), kind.rounds, left);
    // One warm-up has to do where there is little time.
    if (options.quick) pace.warmMs = 0;
    slices.push(pace.sliceMs);
    left -= own.length;
    const unwarmed = { ...pace, rounds: options.quick ? 1 : 2, warmMs: 0, firstMs: 0 };
    const slice = ({ name }: Lane) => progress(`${job} ${name}`, 1);
    const numbers = await measure(own, job === 'C10000' ? unwarmed : pace, cluster.pid, slice);
    measured[job] = Object.fromEntries(own.map(({ name }, index) => [name, numbers[index]])) as Measured[Job] & object;
  }
  const memory = withLimits ? await compareMemory(race, ask, kind) : undefined;
  if (withLarge) measured.large = await compareSizes(race, running, ask, { ...pace, sliceMs: 2000 });
  const sliceMs: Outcome['sliceMs'] = [Math.min(...slices), Math.max(...slices)];
  return { measured, rounds: kind.rounds, sliceMs, notes, ...(memory ? { memory } : {}) };
}

function takesPart({ name, side }: Contender, { only }: Options): boolean {
  return only === undefined ? true : side !== 'limit' && only.some((part) => name.toLowerCase().includes(part));
}

/** The time that is left is shared out, so that a run takes as long however many take part, up to 3 s for each. */
function paceFor(ms: number, rounds: number, lanes: number): Pace {
  const each = Math.max(300, Math.min(3000, ms / (lanes * rounds)));
  const warmMs = Math.round(each * 0.15);
  return { rounds, warmMs, sliceMs: Math.round(each * 0.8), firstMs: warmMs + Math.round(each * 0.25) };
}

/** A database with so many tasks. */
async function prepare(cluster: Cluster, directory: string, database: string, tasks: number) {
  progress('Migrating');
  const db = await makeDatabase(cluster, database);
  progress(`Loading ${tasks} tasks`);
  const begun = performance.now();
  const tenantId = await loadData(db, tasks);
  await db.query('vacuum analyze');
  const loadMs = performance.now() - begun;
  const targets = await chooseTargets(db, tenantId, SECRET);
  const race: Race = { cluster, database, directory, targets, secret: SECRET };
  return { db, race, loadMs };
}

/** The parts of job A, straight by pg and by the endpoint. */
async function limitLanes(race: Race, db: Client, running: [Contender, Running][]): Promise<Lane[]> {
  const { cluster, database, targets, secret } = race;
  const origin = running.find(([contender]) => contender === onWorkerd)?.[1].origin;
  const textOf = async (id: string) => {
    const headers = { Authorization: `Bearer ${targets.token}` };
    return (await fetch(`${origin}/api/v1/projects/${id}`, { headers })).text();
  };
  const projects = targets.projects.slice(0, 300);
  await makeTexts(db, targets.tenantId, textOf, projects);
  await db.query('vacuum analyze bench_peers.texts');
  const endpoint = await startEndpoint(race);
  const settings = {
    ...{ adminUrl: cluster.url(database), workerUrl: cluster.url(database, WORKER), endpoint: endpoint.url },
    ...{ tenantId: targets.tenantId, projects, token: targets.token, secret },
  };
  const { ask, pid } = await startAsker('processes/limits.ts', settings, 'recording-driver');
  return ['query', 'batch', 'text', 'text by the endpoint'].map((kind) => ({
    ...{ name: kind, job: 'limits', connections: 8, asker: ask, message: { kind } },
    pids: kind.includes('endpoint') ? [pid, endpoint.pid] : [pid],
  }));
}

/** Everybody does some of each job before anything is measured, for the code of the first job would be the coldest. */
async function warmUp(lanes: Lane[][], ms: number): Promise<void> {
  for (const { name, asker, message, connections, job } of lanes.flat()) {
    if (!['A', 'E', 'F'].includes(job)) continue;
    progress(`Warming up ${name}`);
    await asker({ ...message, connections, ms });
  }
}

/** Resident memory of a new workerd after so many requests of job A, or those that the time is enough for. */
async function compareMemory(race: Race, ask: Asker, { requests, memory }: { requests: number; memory: number }) {
  progress('Comparing memory');
  const endpoint = await startEndpoint(race);
  const api = await startOneWorker(race, endpoint.url, 'memory');
  const empty = await startWorkerd(join(race.directory, 'memory-empty'), join(race.directory, 'empty.js'), {}, '/');
  const after = async (contender: Contender, { origin, pid }: { origin: string; pid: number }, most: number) => {
    const operations = await contender.operations('A', race.targets, origin);
    const result = await ask({ origin, operations, connections: 8, ms: memory, most });
    return { megabytes: memoryOf(pid), done: result.operations };
  };
  const ours = await after(onWorkerd, api, requests);
  const { megabytes } = await after(emptyWorkerd, empty, ours.done);
  return { requests: ours.done, api: ours.megabytes, empty: megabytes };
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
