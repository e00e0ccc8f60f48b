import { expect, test } from 'vitest';
import { type Reply, type TestTenant, useApi } from '../../support/api.ts';
import { addMember } from '../../support/members.ts';
import { storedRows } from '../../support/stored.ts';
import { below, chance, makePlan, newProject, type Plan, request, type Thing, things } from './batch-plans.ts';

/*
 * A model: chance makes operations, which one tenant sends in batches and another one by one. Whatever comes of them, also
 * their failures, has to be the same for both.
 */

const BATCHES = 10;
const MAX_OPERATIONS = 9;

const api = useApi();

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
      const plan = round === 0 && attempt === 0 ? newProject(planned) : makePlan(planned);
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
  expect(done.operations).toBeGreaterThan(BATCHES / 2);
});
