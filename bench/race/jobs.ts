/* What is done, by whoever takes part. */

/** What contenders are asked to do, in the order of the table. */
export const JOBS = {
  A: 'a project with 20 tasks and their tags',
  B: '20 projects with 20 tasks each and their tags',
  C100: 'a project of 100 tasks, whole',
  C1000: 'a project of 1 000 tasks, whole',
  C10000: 'a project of 10 000 tasks, whole',
  D: 'create a task with 3 tags',
  E: 'change title and status of a task',
  F: '50 tasks by status',
  G: 'A, which has not changed (If-None-Match)',
  H0: 'the first 50 of all tasks',
  H10000: '50 tasks, 10 000 rows further',
} as const;

export type Job = keyof typeof JOBS;

export interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** `{{n}}` in it is replaced by another number each time. */
  body?: string;
  /** The status that the answer must have. */
  status: number;
  /** What its text must have in it, such as the title that was written: GraphQL answers 200 to errors, too. */
  contains?: string;
}

/** What the jobs are done with: rows of the first tenant. */
export interface Targets {
  tenantId: string;
  token: string;
  /** Projects of 20 tasks, which no job changes. */
  projects: string[];
  /** Projects that get more tasks, and tasks that are changed. */
  written: { projects: string[]; tasks: string[] };
  /** Projects by how many tasks they have. */
  large: Record<string, string>;
  tags: string[];
}

/** The status that job F asks for. */
export const STATUS = 'in_progress';

/** The titles that jobs D and E give, which differ each time. */
export const TITLE_START = 'Answer the letter of customer';
export const TITLE = `${TITLE_START} {{n}}`;

export const DESCRIPTION =
  'The customer asked for this twice, most recently on Friday. Keep the old address working for another month. ' +
  'If it takes more than a day, split it. Leave a note for support when it is done.';

/** Three different tags for the n-th task that is created. */
export function threeTags({ tags }: Targets, n: number): string[] {
  return [0, 31, 67].map((step) => tags[(n + step) % tags.length] as string);
}

/** Alternates, so that each change is one; both can follow on each other. */
export function nextStatus(n: number): string {
  return n % 2 ? 'in_progress' : 'pending';
}
