import type { CreateProjectBody, NewSubsubtask, NewTask } from '../../packages/client/src/index.ts';

/* Projects that are made up: each by its number, and the same again whenever it is asked for. */

const GOALS = ['Website', 'Warehouse', 'Newsletter', 'Onboarding', 'Audit', 'Office move', 'Mobile app', 'Price list'];
const VERBS = [
  'Draft',
  'Review',
  'Order',
  'Measure',
  'Translate',
  'Schedule',
  'Test',
  'Announce',
  'Clean up',
  'Compare',
];
const THINGS = ['the plan', 'the budget', 'supplies', 'the contract', 'the figures', 'the pictures', 'the invitation'];
const TAGS = ['admin', 'backend', 'content', 'design', 'finance', 'frontend', 'legal', 'research', 'sales', 'urgent'];
const STATUSES = ['pending', 'in_progress', 'completed', 'pending', 'pending', 'cancelled'] as const;

/** What a made-up project says of itself in its metadata, by which a later run finds it. */
export interface Origin {
  /** The name of the set that it belongs to. */
  run: string;
  /** From 1 on, within that set. */
  number: number;
  /** How many tasks it was made with. */
  tasks: number;
  /** The date around which its tasks are due. */
  from: string;
}

/** @returns the body of `POST /projects`, equal in every byte for an equal origin */
export function generatedProject(origin: Origin): CreateProjectBody {
  const { number, tasks } = origin;
  return {
    name: `${pick(GOALS, number)} ${String(number).padStart(4, '0')}`,
    description: number % 3 === 0 ? null : `Made by npm run seed, with ${tasks} tasks.`,
    metadata: { seed: origin },
    tasks: nested(Array.from({ length: tasks }, (_, index) => task(origin, index))),
  };
}

/** Five at a time: one with three subtasks, of which one has a subtask of its own. */
function nested(tasks: NewSubsubtask[]): NewTask[] {
  const roots: NewTask[] = [];
  for (let at = 0; at < tasks.length; at += 5) {
    const [parent, first, second, third, below] = tasks.slice(at, at + 5);
    if (!parent) break;
    const deep = first && { ...first, subtasks: below ? [below] : [] };
    roots.push({ ...parent, subtasks: [deep, second, third].filter((one) => one !== undefined) });
  }
  return roots;
}

function task({ number, from }: Origin, index: number): NewSubsubtask {
  // Steps that have no divisor in common with the lengths, so that they meet in many combinations.
  const mixed = number * 7 + index * 3;
  const day = Date.parse(from) + ((mixed % 61) - 20) * 24 * 3600 * 1000;
  return {
    title: `${pick(VERBS, mixed)} ${pick(THINGS, mixed + index)}`,
    description: index % 4 === 0 ? 'With everybody who has a part in it.\nThen say here what came of it.' : null,
    status: pick(STATUSES, mixed),
    priority: mixed % 5,
    due_on: index % 3 === 2 ? null : new Date(day).toISOString().slice(0, 10),
    tags: [...new Set([pick(TAGS, mixed), pick(TAGS, number + index * 9)])].slice(index % 3 === 0 ? 0 : 1),
  };
}

function pick<T>(from: readonly T[], number: number): T {
  return from[number % from.length] as T;
}
