import type { Job } from './jobs.ts';
import type { Numbers } from './measure.ts';

/* What the API has to reach against the others, and what it reached. */

/** What has been measured: numbers by job and by name. */
export type Measured = Partial<Record<Job | 'limits' | 'large', Record<string, Numbers>>>;

export interface Goal {
  name: string;
  /** The measured ratio, NaN where something it needs was not measured. */
  measured: number;
  bound: 'at least' | 'at most';
  goal: number;
  /** Undefined where it was not measured. */
  reached: boolean | undefined;
}

export interface Extras {
  /** Resident memory of workerd after so many requests, with the API and with an empty handler (MB). */
  memory?: { requests: number; api: number; empty: number };
}

const WORKERD = 'Onetrip (workerd)';
const NODE = 'Onetrip (Node)';

/** How many times as good as another one, by throughput or by processor time, whichever is worse for us. */
function advantage(ours: Numbers | undefined, theirs: Numbers | undefined): number {
  if (!ours || !theirs) return Number.NaN;
  return least([ours.perSecond / theirs.perSecond, theirs.cpu / ours.cpu]);
}

/** How many times as much one takes as another one, by time or by processor time, whichever is more. */
function cost(one: Numbers | undefined, other: Numbers | undefined): number {
  if (!one || !other) return Number.NaN;
  return -least([-other.perSecond / one.perSecond, -one.cpu / other.cpu]);
}

/** Where processor time cannot be told, throughput alone decides. */
function least(values: number[]): number {
  return Math.min(...values.filter((value) => !Number.isNaN(value)));
}

function divided(one: Numbers | undefined, other: Numbers | undefined, by: 'cpu' | 'postgresCpu'): number {
  return one && other ? one[by] / other[by] : Number.NaN;
}

/** All goals, in the order of the table. @param peers their names; the first is PostgREST */
export function goals(measured: Measured, peers: string[], { memory }: Extras): Goal[] {
  const at = (job: Job, name: string) => measured[job]?.[name];
  const limit = (name: string) => measured.limits?.[name];
  const large = (name: string) => measured.large?.[name];
  const against = (job: Job, ours: string, theirs: string) => advantage(at(job, ours), at(job, theirs));
  const best = (job: Job) => {
    const rivals = peers.filter((name) => name !== 'PostgREST' && at(job, name) && at(job, NODE));
    return rivals.length === 0 ? Number.NaN : Math.min(...rivals.map((name) => against(job, NODE, name)));
  };
  const tail = (name: string) => (at('A', name)?.p99 ?? Number.NaN) / (at('A', name)?.p50 ?? Number.NaN);
  const grows = (more: Job, less: Job, name: string) => cost(at(more, name), at(less, name));
  const rows: [string, number, Goal['bound'], number][] = [
    ['A: workerd ÷ PostgREST', against('A', WORKERD, 'PostgREST'), 'at least', 1.3],
    ['B: workerd ÷ PostgREST', against('B', WORKERD, 'PostgREST'), 'at least', 3],
    ['A: Node ÷ PostgREST', against('A', NODE, 'PostgREST'), 'at least', 3],
    ['B: Node ÷ PostgREST', against('B', NODE, 'PostgREST'), 'at least', 5],
    ['A: Node ÷ the best other peer', best('A'), 'at least', 1],
    ['B: Node ÷ the best other peer', best('B'), 'at least', 3],
    ['D: Node ÷ PostgREST', against('D', NODE, 'PostgREST'), 'at least', 1],
    ['E: Node ÷ PostgREST', against('E', NODE, 'PostgREST'), 'at least', 1],
    ['F: Node ÷ PostgREST', against('F', NODE, 'PostgREST'), 'at least', 1],
    ['A: workerd ÷ FastAPI', against('A', WORKERD, 'FastAPI'), 'at least', 5],
    ['B: workerd ÷ FastAPI', against('B', WORKERD, 'FastAPI'), 'at least', 12],
    [
      'PostgreSQL’s time for A (workerd) ÷ for a finished text, looked up by the endpoint',
      divided(at('A', WORKERD), limit('text by the endpoint'), 'postgresCpu'),
      ...(['at most', 1.5] as const),
    ],
    [
      'PostgreSQL’s time for the batch with row-level security ÷ for its query alone, without',
      divided(limit('batch'), limit('query'), 'postgresCpu'),
      ...(['at most', 1.25] as const),
    ],
    ['C: 1 000 tasks ÷ 100 (workerd)', grows('C1000', 'C100', WORKERD), 'at most', 9.5],
    ['C: 1 000 tasks ÷ 100 (Node)', grows('C1000', 'C100', NODE), 'at most', 9.5],
    ['C: 10 000 tasks ÷ 1 000 (workerd)', grows('C10000', 'C1000', WORKERD), 'at most', 9.5],
    ['C: 10 000 tasks ÷ 1 000 (Node)', grows('C10000', 'C1000', NODE), 'at most', 9.5],
    [
      'A: of 2 000 000 tasks ÷ of 200 000 (workerd)',
      cost(large('workerd, 2 000 000'), large('workerd, 200 000')),
      'at most',
      1.2,
    ],
    [
      'A: of 2 000 000 tasks ÷ of 200 000 (Node)',
      cost(large('Node, 2 000 000'), large('Node, 200 000')),
      'at most',
      1.2,
    ],
    ['H: 10 000 rows further ÷ the first page (workerd)', grows('H10000', 'H0', WORKERD), 'at most', 1.1],
    ['H: 10 000 rows further ÷ the first page (Node)', grows('H10000', 'H0', NODE), 'at most', 1.1],
    ['G ÷ A, processor time (workerd)', divided(at('G', WORKERD), at('A', WORKERD), 'cpu'), 'at most', 0.6],
    ['G ÷ A, processor time (Node)', divided(at('G', NODE), at('A', NODE), 'cpu'), 'at most', 0.6],
    ['A: p99 ÷ p50 (workerd)', tail(WORKERD), 'at most', 2.5],
    ['A: p99 ÷ p50 (Node)', tail(NODE), 'at most', 2.5],
    [
      `memory of workerd ÷ with an empty handler, after ${memory?.requests ?? 0} requests`,
      memory ? memory.api / memory.empty : Number.NaN,
      ...(['at most', 1.2] as const),
    ],
  ];
  return rows.map(([name, ratio, bound, goal]) => ({
    ...{ name, measured: ratio, bound, goal },
    reached: Number.isFinite(ratio) ? (bound === 'at least' ? ratio >= goal : ratio <= goal) : undefined,
  }));
}
