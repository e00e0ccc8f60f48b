import { once } from 'node:events';
import { cpuOf } from './cpu.ts';
import { startNode } from './programs.ts';

/** How one part of the race is done: by whom, and with which processes. */
export interface Lane {
  name: string;
  job: string;
  connections: number;
  /** The processes whose time counts, but for PostgreSQL's. */
  pids: number[];
  /** The program that asks, and what it is told. */
  asker: Asker;
  message: object;
}

export interface Numbers {
  /** Operations per second. */
  perSecond: number;
  p50: number;
  p99: number;
  /** Processor time of an operation in all processes, and in those of PostgreSQL alone (ms). */
  cpu: number;
  postgresCpu: number;
  /** Bytes of an answer. */
  bytes: number;
}

/** What a program that asks has measured. */
export interface Result {
  operations: number;
  seconds: number;
  bytes: number;
  /** Milliseconds of each operation, sorted. */
  times: number[];
}

export type Asker = (message: object) => Promise<Result>;

let lastId = 0;

/** Starts a program that asks: ../processes/generator.ts or limits.ts. */
export async function startAsker(
  file: string,
  settings: object,
  driver?: string,
): Promise<{ pid: number; ask: Asker }> {
  const program = await startNode(file, settings, driver ? { driver } : {});
  const ended = once(program.child, 'exit').then(() => {
    throw new Error(`${file} has ended: ${program.lastWords()}`);
  });
  ended.catch(() => {});
  const ask: Asker = async (message) => {
    const id = ++lastId;
    const answered = new Promise<Result & { error?: string }>((resolve) => {
      const listen = (answer: { id: number } & Result) => {
        if (answer.id !== id) return;
        program.child.off('message', listen);
        resolve(answer);
      };
      program.child.on('message', listen);
    });
    program.child.send({ id, ...message });
    const { error, ...result } = await Promise.race([answered, ended]);
    if (error) throw new Error(error);
    return result;
  };
  return { pid: program.pid, ask };
}

export interface Pace {
  rounds: number;
  /** How long each contender is asked in a round (ms), and before that without being measured; longer the first time. */
  sliceMs: number;
  warmMs: number;
  firstMs: number;
}

/**
 * Measures the lanes of one job in turn, again and again, so that whatever else the machine does meets all of them alike.
 * @param postgres the first process of PostgreSQL
 * @returns the median of each number over the rounds, for each lane
 */
export async function measure(
  lanes: Lane[],
  { rounds, sliceMs, warmMs, firstMs }: Pace,
  postgres: number,
  onSlice: (lane: Lane) => void,
): Promise<Numbers[]> {
  const taken: Numbers[][] = lanes.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < lanes.length; turn++) {
      const index = (turn + round) % lanes.length;
      const lane = lanes[index] as Lane;
      onSlice(lane);
      const ask = (ms: number) =>
        lane.asker({ ...lane.message, connections: lane.connections, ms }).catch((error: Error) => {
          throw new Error(`${lane.name}, job ${lane.job}: ${error.message}`);
        });
      const warm = round === 0 ? firstMs : warmMs;
      if (warm > 0) await ask(warm);
      const [own = 0, database = 0] = cpuOf([lane.pids, [postgres]]);
      const result = await ask(sliceMs);
      const [ownThen = 0, databaseThen = 0] = cpuOf([lane.pids, [postgres]]);
      const postgresCpu = (databaseThen - database) / result.operations;
      taken[index]?.push({
        perSecond: result.operations / result.seconds,
        p50: quantile(result.times, 0.5),
        p99: quantile(result.times, 0.99),
        cpu: (ownThen - own) / result.operations + postgresCpu,
        postgresCpu,
        bytes: result.bytes / result.operations,
      });
    }
  }
  return taken.map(medians);
}

function quantile(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function medians(taken: Numbers[]): Numbers {
  const of = (name: keyof Numbers) => {
    const values = taken.map((numbers) => numbers[name]).sort((a, b) => a - b);
    const middle = values.length >> 1;
    return values.length % 2
      ? (values[middle] as number)
      : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
  };
  return {
    ...{ perSecond: of('perSecond'), p50: of('p50'), p99: of('p99') },
    ...{ cpu: of('cpu'), postgresCpu: of('postgresCpu'), bytes: of('bytes') },
  };
}
