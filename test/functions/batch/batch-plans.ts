import { seededRandom } from '../../support/random.ts';
import { UNKNOWN } from '../../support/replies.ts';

/* Operations as chance makes them, of whatever there is or will be. */

const random = seededRandom('batches');
export const below = (n: number) => Math.floor(random() * n);
const pick = <T>(list: T[]): T => list[below(list.length)] as T;
export const chance = (share: number) => random() < share;

type Kind = 'project' | 'task' | 'tag' | 'comment' | 'member';

/** Something that was made, or will be by an operation before: the id that each tenant knows it by. */
export interface Thing {
  kind: Kind;
  ids: { batch?: string; single?: string };
}

/** An operation whose ids are still things. */
export interface Plan {
  method: string;
  path: (string | Thing)[];
  body?: Record<string, unknown>;
  if_match?: string;
  makes?: Thing;
}

/** What there is. */
export const things: Thing[] = [];
const nowhere: Thing = { kind: 'task', ids: { batch: UNKNOWN, single: UNKNOWN } };
let n = 0;
const text = (word: string) => `${word} ${++n}`;

/** Something of a kind, mostly; the newest ones more often. */
function some(kind: Kind, planned: Thing[]): Thing {
  const all = [...things, ...planned].filter((thing) => thing.kind === kind);
  if (all.length === 0 || chance(0.01)) return nowhere;
  return chance(0.6) ? pick(all.slice(-5)) : pick(all);
}

const names = ['red', 'Red', 'green', 'blue', 'a long name'];
const tags = () => Array.from({ length: below(3) }, () => pick(names));
const status = () => pick(['pending', 'in_progress', 'completed', 'cancelled']);
const roles = ['owner', 'contributor', 'reviewer', 'watcher'];

/** Members to assign, each once, at most one owner. */
function assignees(planned: Thing[]): { member_id: Thing; role: string }[] {
  const members = [...new Set(Array.from({ length: below(3) }, () => some('member', planned)))];
  return members.map((member_id, index) => ({ member_id, role: index === 0 ? pick(roles) : 'contributor' }));
}

const PLANS: [weight: number, plan: (planned: Thing[]) => Plan][] = [
  [
    2,
    (planned) => ({
      method: 'POST',
      path: ['/projects'],
      makes: { kind: 'project', ids: {} },
      body: {
        name: text('project'),
        metadata: { n },
        tasks: Array.from({ length: below(3) }, () => ({
          title: text('nested'),
          tags: tags(),
          assignees: assignees(planned),
          subtasks: chance(0.5) ? [{ title: text('below') }] : [],
        })),
      },
    }),
  ],
  [
    2,
    (planned) => ({
      method: 'PATCH',
      path: ['/projects/', some('project', planned)],
      body: pick<Record<string, unknown>>([
        {},
        { name: text('renamed') },
        {
          metadata: {
            a: chance(0.3) ? 'x'.repeat(9000) : null,
            [pick(['b', 'c'])]: 'x'.repeat(chance(0.4) ? 8000 : 3),
          },
        },
        { status: 'archived', description: 'kept' },
      ]),
    }),
  ],
  [1, (planned) => ({ method: 'DELETE', path: ['/projects/', some('project', planned)] })],
  [1, (planned) => ({ method: 'POST', path: ['/projects/', some('project', planned), '/restore?task_limit=3'] })],
  [
    6,
    (planned) => ({
      method: 'POST',
      path: ['/projects/', some('project', planned), '/tasks'],
      makes: { kind: 'task', ids: {} },
      body: {
        title: text('task'),
        tags: tags(),
        assignees: assignees(planned),
        ...(chance(0.2) ? { parent_id: some('task', planned) } : {}),
      },
    }),
  ],
  [
    8,
    (planned) => ({
      method: 'PATCH',
      path: ['/tasks/', some('task', planned)],
      body: pick<() => Record<string, unknown>>([
        () => ({}),
        () => ({ title: text('renamed'), priority: below(5) }),
        () => ({ status: status() }),
        () => ({ tags: tags() }),
        () => ({ tags: { add: [pick(names)], remove: [pick(names)] } }),
        () => ({ assignees: assignees(planned) }),
        () => ({ assignees: { add: assignees(planned).slice(0, 1), remove: [] } }),
        () => ({ parent_id: chance(0.3) ? null : some('task', planned) }),
        () => ({ project_id: some('project', planned), parent_id: null }),
      ])(),
    }),
  ],
  [2, (planned) => ({ method: 'DELETE', path: ['/tasks/', some('task', planned)] })],
  [2, (planned) => ({ method: 'POST', path: ['/tasks/', some('task', planned), '/restore'] })],
  [
    1,
    () => ({
      method: 'POST',
      path: ['/tags'],
      makes: { kind: 'tag', ids: {} },
      body: { name: chance(0.2) ? pick(names) : text('tag'), color: null },
    }),
  ],
  [
    1,
    (planned) => ({
      method: 'PATCH',
      path: ['/tags/', some('tag', planned)],
      body: chance(0.2) ? { name: pick(names) } : { name: text('tag'), color: '#00FF00' },
    }),
  ],
  [1, (planned) => ({ method: 'DELETE', path: ['/tags/', some('tag', planned)] })],
  [
    3,
    (planned) => ({
      method: pick(['PUT', 'PUT', 'DELETE']),
      path: ['/tasks/', some('task', planned), '/tags/', some('tag', planned)],
    }),
  ],
  [
    3,
    (planned) => ({
      method: 'PUT',
      path: ['/tasks/', some('task', planned), '/assignees/', some('member', planned)],
      body: { role: pick(roles) },
    }),
  ],
  [
    1,
    (planned) => ({
      method: 'DELETE',
      path: ['/tasks/', some('task', planned), '/assignees/', some('member', planned)],
    }),
  ],
  [
    3,
    (planned) => ({
      method: pick(['PUT', 'PUT', 'DELETE']),
      path: ['/tasks/', some('task', planned), '/blockers/', some('task', planned)],
    }),
  ],
  [
    2,
    (planned) => ({
      method: 'POST',
      path: ['/tasks/', some('task', planned), '/comments'],
      makes: { kind: 'comment', ids: {} },
      body: { body: text('said') },
    }),
  ],
  [
    1,
    (planned) => ({ method: 'PATCH', path: ['/comments/', some('comment', planned)], body: { body: text('edited') } }),
  ],
  [1, (planned) => ({ method: 'DELETE', path: ['/comments/', some('comment', planned)] })],
];

/** A project with tasks, to begin with. */
export const newProject = (planned: Thing[]) => (PLANS[0] as (typeof PLANS)[0])[1](planned);

/** A plan as often as it has weight, mostly of what is there. */
export function makePlan(planned: Thing[]): Plan {
  const weighted = PLANS.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));
  let plan = pick(weighted)(planned);
  while (meant(plan).has(nowhere) && chance(0.95)) plan = pick(weighted)(planned);
  return !plan.makes && chance(0.1) ? { ...plan, if_match: `"${1 + below(3)}.x"` } : plan;
}

/** What an operation refers to. */
function meant(plan: Plan): Set<Thing> {
  const found = new Set<Thing>();
  const nameOf = (thing: Thing) => {
    found.add(thing);
    return '';
  };
  request(plan, nameOf);
  return found;
}

/** The plan as a tenant sends it. */
export function request(plan: Plan, nameOf: (thing: Thing) => string) {
  const put = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if ('ids' in value) return nameOf(value as Thing);
    if (Array.isArray(value)) return value.map(put);
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, put(member)]));
  };
  const path = plan.path.map((part) => (typeof part === 'string' ? part : nameOf(part))).join('');
  return { method: plan.method, path: `/api/v1${path}`, ...(plan.body ? { body: put(plan.body) } : {}) };
}
