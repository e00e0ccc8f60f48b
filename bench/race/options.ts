import { parseArgs } from 'node:util';
import { JOBS, type Job } from './jobs.ts';

export interface Options {
  quick: boolean;
  /** Names of those that take part, in part or whole; undefined: all. */
  only: string[] | undefined;
  jobs: Job[];
}

export const USAGE = `npm run bench -- [--quick] [--only <name,name>] [--jobs A,B,…]

  --quick   at most 4 minutes: shorter rounds, and no second database of 2 000 000 tasks
  --only    only those whose name has one of these in it, such as workerd,postgrest
  --jobs    only these of A, B, C, D, E, F, G, H`;

/** @throws Error of one line */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      jobs: { type: 'string' },
    },
  });
  const wanted = values.jobs?.split(',').map((letter) => letter.trim().toUpperCase());
  for (const letter of wanted ?? []) if (!/^[A-H]$/.test(letter)) throw new Error(`--jobs: there is no job ${letter}.`);
  return {
    quick: values.quick,
    only: values.only?.split(',').map((name) => name.trim().toLowerCase()),
    jobs: (Object.keys(JOBS) as Job[]).filter((job) => !wanted || wanted.includes(job[0] as string)),
  };
}
