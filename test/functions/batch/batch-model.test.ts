import { expect, test } from 'vitest';
import { type Reply, type TestTenant, useApi } from '../../support/api.ts';
import { addMember } from '../../support/members.ts';
import { seededRandom } from '../../support/random.ts';
import { UNKNOWN } from '../../support/replies.ts';
import { storedRows } from '../../support/stored.ts';

/*
 * A model: chance makes operations, which one tenant sends in batches and another one by one. Whatever comes of them, also
 * their failures, has to be the same for both.
 */

const BATCHES = 12;
const MAX_OPERATIONS = 9;

const api = useApi();
const random = seededRandom('batches');
const below = (n: number) => Math.floor(random() * n);
const pick = <T>(list: T[]): T => list[below(list.length)] as T;
const chance = (share: number) => random() < share;

type Kind = 'project' | 'task' | 'tag' | 'comment' | 'member';

/** Something that was made, or will be by an operation before: the id that each tenant knows it by. */
interface Thing {
  kind: Kind;
  ids: { batch?: string; single?: string };
}

/** An operation whose ids are still things. */
interface Plan {
  method: string;
  path: (string | Thing)[];
  body?: Record<string, unknown>;
  if_match?: string;
  makes?: Thing;
}

const things: Thing[] = [];
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

/** A plan as often as it has weight, mostly of what is there. */
function makePlan(planned: Thing[]): Plan {
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
function request(plan: Plan, nameOf: (thing: Thing) => string) {
  const put = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if ('ids' in value) return nameOf(value as Thing);
    if (Array.isArray(value)) return value.map(put);
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, put(member)]));
  };
  const path = plan.path.map((part) => (typeof part === 'string' ? part : nameOf(part))).join('');
  return { method: plan.method, path: `/api/v1${path}`, ...(plan.body ? { body: put(plan.body) } : {}) };
}

function runSingle(tenant: TestTenant, plan: Plan): Promise<Reply> {
  const { path, ...call } = request(plan, ({ ids }) => ids.single ?? '');
  return tenant.call(path, { ...call, headers: plan.if_match ? { 'If-Match': plan.if_match } : {} });
}

function runBatch(tenant: TestTenant, plans: Plan[]): Promise<Reply> {
  const names = new Map(plans.flatMap(({ makes }, index) => (makes ? [[makes, `op_${index}`] as const] : [])));
  const nameOf = (thing: Thing) => (names.has(thing) ? `{${names.get(thing)}}` : (thing.ids.batch ?? ''));
  const operations = plans.map((plan) => ({
    ...(plan.makes ? { id: names.get(plan.makes) } : {}),
    ...request(plan, nameOf),
    ...(plan.if_match ? { if_match: plan.if_match } : {}),
  }));
  return tenant.post('/api/v1/batch', { operations });
}

const described = (plans: Plan[]) => JSON.stringify(plans.map((plan) => request(plan, ({ ids }) => ids.single ?? '')));

const UUIDS = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Numbers in place of ids, in the order in which they first come; times and digests are left out. */
function masker() {
  const numbers = new Map<string, string>();
  const numberOf = (id: string) => {
    const number = numbers.get(id) ?? `#${numbers.size}`;
    numbers.set(id, number);
    return number;
  };
  return (value: unknown) =>
    JSON.stringify(value)
      .replaceAll(UUIDS, numberOf)
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
      .replaceAll(/(?<=\\"\d+\.)[0-9a-f]{32}/g, '')
      .replaceAll(/"next_cursor":"[^"]*"/g, '"next_cursor":"…"');
}

/** All that a tenant can see, and how many rows of each kind it has. */
async function stateOf(tenant: TestTenant): Promise<string[]> {
  const all = async (path: string) => {
    const rows: Record<string, string>[] = [];
    for (let cursor = ''; ; ) {
      const { json } = await tenant.get(`/api/v1/${path}${path.includes('?') ? '&' : '?'}limit=100${cursor}`);
      rows.push(...json.data);
      if (!json.page.has_more) return rows;
      cursor = `&cursor=${json.page.next_cursor}`;
    }
  };
  const mask = masker();
  const state: string[] = [];
  for (const path of ['projects?include=tasks&task_limit=200&sort=name', 'tasks?sort=title', 'tags', 'members']) {
    state.push(...(await all(path)).map(mask));
  }
  const byName = (a: Record<string, string>, b: Record<string, string>) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1);
  state.push(...(await all('trash')).sort(byName).map(mask), ...(await all('comments?sort=created_at')).map(mask));
  const entries = (await all('audit-log')).toReversed().map(({ id: _, request_id: __, ...entry }) => entry);
  // What is told of one resource is in order; how those of several lie between each other, time tells.
  const byResource = Map.groupBy(entries, (entry) => mask(entry.resource_id));
  state.push(...[...byResource.entries()].sort().flatMap(([, own]) => own.map(mask)));
  const rows = await storedRows(api.database.admin, tenant.id);
  return [...state, ...Object.entries(rows).map(([table, { length }]) => `${table}: ${length}`)];
}

test(`${BATCHES} random batches do what their operations do one by one`, { timeout: 120_000 }, async () => {
  const [batch, single] = [await api.tenant(), await api.tenant()];
  for (const name of ['Ada', 'Bob', 'Cy']) {
    const ids = { batch: await addMember(api, batch, { name }), single: await addMember(api, single, { name }) };
    things.push({ kind: 'member', ids });
  }
  const [maskBatch, maskSingle] = [masker(), masker()];

  /** The batch that ends with what has just failed by itself fails of that, and nothing of it stays. */
  async function failsAlike(plans: Plan[], { status, json: { code, errors = [] } }: Reply): Promise<void> {
    const failed = plans.length - 1;
    const before = await storedRows(api.database.admin, batch.id);
    const refused = await runBatch(batch, plans);
    expect(refused, described(plans)).toMatchObject({ status, json: { code, operation: failed } });
    const at = (pointer: string) => `/operations/${failed}${pointer.startsWith('/') ? `/body${pointer}` : '/path'}`;
    const pointers = (all: { pointer: string }[]) => all.map(({ pointer }) => pointer);
    expect(pointers(refused.json.errors ?? []), described(plans)).toEqual(pointers(errors).map(at));
    expect(await storedRows(api.database.admin, batch.id), described(plans)).toEqual(before);
  }

  const done = { operations: 0, failures: {} as Record<string, number> };
  for (let round = 0; round < BATCHES; round++) {
    const planned: Thing[] = [];
    const good: Plan[] = [];
    const replies: Reply[] = [];
    const size = 1 + below(MAX_OPERATIONS);
    for (let attempt = 0; good.length < size && attempt < 20; attempt++) {
      // Something to begin with.
      const plan = round === 0 && attempt === 0 ? (PLANS[0] as (typeof PLANS)[0])[1](planned) : makePlan(planned);
      const reply = await runSingle(single, plan);
      if (reply.status >= 400) {
        done.failures[reply.json.code] = (done.failures[reply.json.code] ?? 0) + 1;
        if (chance(0.5)) await failsAlike([...good, plan], reply);
        continue;
      }
      if (plan.makes) {
        plan.makes.ids.single = reply.json.id;
        planned.push(plan.makes);
      }
      good.push(plan);
      replies.push(reply);
    }
    const where = `batch ${round}: ${described(good)}`;
    if (good.length === 0) continue;
    const { status, json, text } = await runBatch(batch, good);
    expect(status, `${where}: ${text}`).toBe(200);
    for (const [index, plan] of good.entries()) {
      const { status, headers, json: body = null } = replies[index] as Reply;
      const result = json.results[index];
      const alone = { status, location: headers.get('Location'), etag: headers.get('ETag'), body };
      expect(maskBatch({ ...result, id: undefined }), where).toBe(maskSingle({ ...alone, id: undefined }));
      if (plan.makes) {
        plan.makes.ids.batch = result.body.id;
        things.push(plan.makes);
      }
      // What is nested in what was made can be meant from now on.
      for (const [nested, task] of Object.entries((plan.makes && body?.tasks) ?? {}) as [string, { id: string }][]) {
        things.push({ kind: 'task', ids: { single: task.id, batch: result.body.tasks[nested].id } });
      }
      done.operations++;
    }
  }
  expect(await stateOf(batch)).toEqual(await stateOf(single));
  console.info(`${done.operations} operations; failures: ${JSON.stringify(done.failures)}`);
  expect(done.operations).toBeGreaterThan(2 * BATCHES);
});
