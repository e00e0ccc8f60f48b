import type { Contender, Running } from './contender.ts';
import type { Job, Targets } from './jobs.ts';

/* Before anything is timed: all give the same answers, member by member. Members that only some have do not count. */

const TASK = [
  ...['id', 'project_id', 'parent_id', 'title', 'description', 'status', 'priority', 'due_on', 'position'],
  ...['metadata', 'completed_at', 'version', 'created_at', 'updated_at'],
];
const PROJECT = ['id', 'name', 'description', 'status', 'metadata', 'version', 'created_at', 'updated_at'];
const TAG = ['id', 'name', 'color'];
/** Moments, which some write with other offsets or digits. */
const MOMENTS = ['completed_at', 'created_at', 'updated_at'];

type Row = Record<string, unknown>;

function members(row: Row, names: string[]): Row {
  return Object.fromEntries(
    names.map((name) => {
      const value = row[name];
      return [name, MOMENTS.includes(name) && typeof value === 'string' ? Date.parse(value) : value];
    }),
  );
}

const byName = (a: Row, b: Row) => (String(a.name) < String(b.name) ? -1 : 1);

function task(row: Row): Row {
  const tags = (row.tags as Row[]).map((tag) => members(tag, TAG)).sort(byName);
  return { ...members(row, TASK), tags };
}

function project(row: Row): Row {
  return { ...members(row, PROJECT), tasks: (row.tasks as Row[]).map(task) };
}

/** @returns where two values differ, and how; undefined where they do not */
export function difference(a: unknown, b: unknown, path = ''): string | undefined {
  if (a && b && typeof a === 'object' && typeof b === 'object') {
    if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) {
      return `${path || 'the list'} has ${a.length} elements, not ${b.length}`;
    }
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = difference((a as Row)[name], (b as Row)[name], `${path}/${name}`);
      if (found) return found;
    }
    return undefined;
  }
  return a === b ? undefined : `${path} is ${JSON.stringify(a)}, not ${JSON.stringify(b)}`;
}

async function shown({ shape }: Contender, running: Running, job: Job, operation: { path: string }, request: Request) {
  const response = await fetch(request);
  const text = await response.text();
  if (!response.ok) throw new Error(`${running.origin}${operation.path} gave ${response.status}: ${text}`);
  const body = shape?.(job, JSON.parse(text));
  if (job === 'A') return project(body as Row);
  return (body as Row[]).map(job === 'B' ? project : task);
}

/** @throws Error that names the first difference from what the first contender answers */
export async function compareAnswers(contenders: [Contender, Running][], targets: Targets): Promise<void> {
  for (const job of ['A', 'B', 'F'] as const) {
    let reference: unknown[] | undefined;
    for (const [contender, running] of contenders) {
      const operations = await contender.operations(job, targets, running.origin);
      if (!operations || !contender.shape) continue;
      const answers: unknown[] = [];
      for (const [first] of operations.slice(0, 5)) {
        if (!first) continue;
        const { method, headers, path, body } = first;
        const request = new Request(`${running.origin}${path}`, { method, headers, ...(body ? { body } : {}) });
        answers.push(await shown(contender, running, job, first, request));
      }
      reference ??= answers;
      const found = difference(answers, reference);
      if (found) throw new Error(`${contender.name} answers job ${job} unlike ${contenders[0]?.[0].name}: ${found}`);
      if (answers.length === 0 || (job !== 'A' && (answers[0] as unknown[]).length < 20)) {
        throw new Error(`${contender.name} shows too little for job ${job}`);
      }
    }
  }
}
