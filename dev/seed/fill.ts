import type { Onetrip } from '../../packages/client/src/index.ts';
import { generatedProject, type Origin } from './generated-project.ts';

/*
 * Fills a tenant with projects that are made up, until it has as many as are asked for, however often it is interrupted.
 *
 * Over the API, and not by SQL: so it works against whatever runs the API, by its rules, as a caller may. What is there it
 * knows by two things. Each project has its number in its metadata, so a start reads which of them are there, and makes the
 * others. And each number has an Idempotency-Key of its own: a project that was being made when the run before was killed
 * may not be in the list yet, and is then not made twice.
 */

/** How many requests are under way at a time: half of what one tenant may have. */
const CONCURRENCY = 4;

export interface Wanted {
  /** The name of the set. Projects of other sets are left alone. */
  run: string;
  projects: number;
  /** In each project. */
  tasks: number;
}

export interface Filled {
  /** How many this run has made. */
  made: number;
  /** How many of the set there are in the end. */
  total: number;
}

/**
 * Makes the projects of a set that are not there yet.
 * @param onProgress told how many of those that are asked for are there: at the beginning, and after each
 * @param signal ends the run at once: what is under way may still be made, and is found by the next run
 * @throws Error of one line where the set has projects with another number of tasks, or some cannot be made; OnetripError and
 *   OnetripConnectionError of the API
 */
export async function fill(
  onetrip: Onetrip,
  { run, projects, tasks }: Wanted,
  onProgress: (there: number) => void,
  signal?: AbortSignal,
): Promise<Filled> {
  const found = await foundOf(onetrip, run);
  const other = found.find((origin) => origin.tasks !== tasks);
  if (other) {
    throw new Error(
      `The projects of the run ${run} have ${other.tasks} tasks each: ask for as many, or for another --run.`,
    );
  }
  const from = found[0]?.from ?? new Date().toISOString().slice(0, 10);
  const numbers = new Set(found.map(({ number }) => number));
  const missing = Array.from({ length: projects }, (_, index) => index + 1).filter((number) => !numbers.has(number));
  let made = 0;
  const left = missing.values();
  onProgress(projects - missing.length);

  const failures: unknown[] = [];
  const makeRest = async () => {
    for (const number of left) {
      if (failures.length > 0 || signal?.aborted) return;
      const origin: Origin = { run, number, tasks, from };
      await onetrip.projects.create(generatedProject(origin), { idempotencyKey: `seed-${run}-${number}`, signal });
      made++;
      onProgress(projects - missing.length + made);
    }
  };
  const workers = Array.from({ length: CONCURRENCY }, () => makeRest().catch((error) => failures.push(error)));
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
  signal?.throwIfAborted();

  const { page } = await onetrip.projects.list({ metadata: { seed: { run } }, limit: 1, count: true }).page();
  const total = page.total ?? 0;
  const lost = found.length + missing.length - total;
  if (lost > 0) {
    // Their keys still stand for the first ones, which somebody has deleted.
    throw new Error(`${lost} projects of the run ${run} are in the trash: restore them, or ask for another --run.`);
  }
  return { made, total };
}

/** What the projects of a set that are there say of themselves. */
async function foundOf(onetrip: Onetrip, run: string): Promise<Origin[]> {
  const found: Origin[] = [];
  const query = { metadata: { seed: { run } }, fields: ['metadata'], limit: 100 } as const;
  for await (const { metadata } of onetrip.projects.list(query)) found.push(metadata.seed as Origin);
  return found;
}
