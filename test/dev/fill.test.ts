import { describe, expect, test } from 'vitest';
import { readSeedOptions } from '../../dev/cli/seed-options.ts';
import { fill } from '../../dev/seed/fill.ts';
import { generatedProject } from '../../dev/seed/generated-project.ts';
import { progressBar } from '../../dev/seed/progress-bar.ts';
import { createClient, type NewTask, type Onetrip } from '../../packages/client/src/index.ts';
import { app } from '../../src/functions/index.ts';
import { type TestTenant, useApi } from '../support/api.ts';

const api = useApi();

/** A client of the API in this process. @param between stands between it and the API */
async function clientOf(tenant: TestTenant, between = (pass: () => Promise<Response>) => pass()): Promise<Onetrip> {
  return createClient({
    baseUrl: 'http://onetrip.test',
    token: await tenant.token('member'),
    fetch: (url, init) => {
      const pass = async () => app.request(url, init, api.bindings);
      return init.method === 'POST' ? between(pass) : pass();
    },
  });
}

/** The projects of a tenant, as they stand in the database. */
async function stored({ id }: TestTenant) {
  const { rows } = await api.database.admin.query<{ number: number; tasks: number }>(
    `select (metadata -> 'seed' ->> 'number')::integer as number,
       (select count(*)::integer from tasks where project_id = projects.id) as tasks
     from projects where tenant_id = $1 and deleted_at is null order by 1`,
    [id],
  );
  return rows;
}

const all = (projects: number, tasks: number) => Array.from({ length: projects }, (_, i) => ({ number: i + 1, tasks }));
const wanted = { run: 'r', projects: 12, tasks: 7 };

test('neither fewer nor more than asked for, however often it is killed, and whatever has been lost', async () => {
  const tenant = await api.tenant();
  // Killed at a moment, of which the API knows nothing: what is under way is made, and nobody is told.
  const stopping = new AbortController();
  let sent = 0;
  const killed = await clientOf(tenant, async (pass) => {
    const response = await pass();
    if (++sent < 5) return response;
    stopping.abort();
    throw new TypeError('fetch failed');
  });
  const progress: number[] = [];
  await expect(fill(killed, wanted, (there) => progress.push(there), stopping.signal)).rejects.toThrow();
  expect(progress.slice(0, 2)).toEqual([0, 1]);
  const left = await stored(tenant);
  expect(left.length).toBeGreaterThanOrEqual(5);
  expect(left.length).toBeLessThan(12);

  // What is under way when the run before is killed may not be in the list yet: as if a run saw nothing of the others.
  const onetrip = await clientOf(tenant);
  const blind = Object.assign(Object.create(onetrip), {
    projects: { ...onetrip.projects, list: (query: object) => onetrip.projects.list({ ...query, name: 'none' }) },
  });
  await expect(fill(blind, { ...wanted, projects: 5 }, () => {})).rejects.toThrow('5 projects of the run r');
  expect(await stored(tenant)).toEqual(left);

  expect(await fill(onetrip, wanted, (there) => progress.push(there))).toEqual({ made: 12 - left.length, total: 12 });
  expect(progress.at(-1)).toBe(12);
  expect(await stored(tenant)).toEqual(all(12, 7));

  // The keys are forgotten after 24 hours, the projects are not.
  await api.database.admin.query('delete from idempotency_keys');
  expect(await fill(onetrip, wanted, () => {})).toEqual({ made: 0, total: 12 });
  expect(await fill(onetrip, { ...wanted, projects: 14 }, () => {})).toEqual({ made: 2, total: 14 });
  expect(await stored(tenant)).toEqual(all(14, 7));
});

test('two at once make what one would', async () => {
  const tenant = await api.tenant();
  const onetrip = await clientOf(tenant);
  await Promise.all([fill(onetrip, wanted, () => {}), fill(await clientOf(tenant), wanted, () => {})]);
  expect(await stored(tenant)).toEqual(all(12, 7));
});

test('other sets are left alone, and a set has one number of tasks', async () => {
  const tenant = await api.tenant();
  const onetrip = await clientOf(tenant);
  await fill(onetrip, { run: 'a', projects: 1, tasks: 1 }, () => {});
  expect(await fill(onetrip, { run: 'b', projects: 2, tasks: 0 }, () => {})).toEqual({ made: 2, total: 2 });
  await expect(fill(onetrip, { run: 'a', projects: 2, tasks: 3 }, () => {})).rejects.toThrow(
    'The projects of the run a have 1 tasks each',
  );
  expect(await stored(tenant)).toHaveLength(3);
});

test('what is in the trash is said, and not taken for made', async () => {
  const tenant = await api.tenant();
  const onetrip = await clientOf(tenant);
  await fill(onetrip, { ...wanted, projects: 2 }, () => {});
  const { data } = await onetrip.projects.list().page();
  await onetrip.projects.delete(data[0]?.id ?? '');
  await expect(fill(onetrip, { ...wanted, projects: 2 }, () => {})).rejects.toThrow(
    '1 projects of the run r are in the trash',
  );
});

test('a failure ends it', async () => {
  const tenant = await api.tenant();
  let sent = 0;
  const onetrip = await clientOf(tenant, async () => {
    sent++;
    return Response.json({ detail: 'no' }, { status: 403 });
  });
  await expect(fill(onetrip, wanted, () => {})).rejects.toMatchObject({ status: 403 });
  expect(sent).toBeLessThanOrEqual(4);
});

test('a project of the most tasks is taken, and each has as many as are asked for', async () => {
  const origin = { run: 'r', number: 3, from: '2030-01-31' };
  const count = (tasks: NewTask[] = []): number => tasks.reduce((sum, one) => sum + 1 + count(one.subtasks), 0);
  for (const tasks of [0, 1, 2, 3, 4, 5, 6, 499]) {
    expect(count(generatedProject({ ...origin, tasks }).tasks)).toBe(tasks);
  }
  const body = generatedProject({ ...origin, tasks: 500 });
  expect(JSON.stringify(generatedProject({ ...origin, tasks: 500 }))).toBe(JSON.stringify(body));
  const { json, status } = await (await api.tenant()).post('/api/v1/projects', body);
  expect([status, json.task_count]).toEqual([201, 500]);
});

describe('options', () => {
  const read = (given: Record<string, string>, env = {}) =>
    readSeedOptions(
      Object.entries({ projects: '10', tasks: '5', ...given }).map(([name, value]) => `--${name}=${value}`),
      env,
    );

  test('the demo tenant of this machine, where nothing else is said', () => {
    const tenantId = '01976d5c-0000-7000-8000-000000000001';
    const expected = {
      help: false,
      projects: 10,
      tasks: 5,
      run: 'tasks-5',
      url: 'http://localhost:8787',
      tenantId,
      token: undefined,
    };
    expect(read({})).toEqual(expected);
    expect(read({}, { PORT: '9500' }).url).toBe('http://localhost:9500');
    expect(read({}, { ONETRIP_TOKEN: 'ot_x' })).toMatchObject({ token: 'ot_x', tenantId: undefined });
  });

  test.each([
    [{ projects: '0' }, '--projects is "0": a whole number from 1 to 10000 is needed.'],
    [{ projects: '10001' }, '--projects is "10001"'],
    [{ projects: '1e3' }, '--projects is "1e3"'],
    [{ tasks: '501' }, '--tasks is "501": a whole number from 0 to 500 is needed.'],
    [{ tasks: '-1' }, '--tasks is "-1"'],
    [{ tenant: 'acme' }, '--tenant is "acme"'],
    [{ url: 'localhost:8787' }, '--url is'],
    [{ run: 'Two words' }, '--run is "Two words"'],
  ])('%o is refused', (given, message) => {
    expect(() => read(given)).toThrow(message);
  });

  test('a token says whose the projects are', () => {
    const tenant = '01976d5c-0000-7000-8000-000000000002';
    expect(() => read({ tenant }, { ONETRIP_TOKEN: 'ot_x' })).toThrow('--tenant does not go with ONETRIP_TOKEN');
  });
});

test('the bar is as full as the work is done', () => {
  expect(progressBar(0, 10, 0)).toBe(`${'░'.repeat(30)} 0 of 10`);
  expect(progressBar(5, 10, 2)).toBe(`${'█'.repeat(15)}${'░'.repeat(15)} 5 of 10, 3 s left`);
  expect(progressBar(10, 10, 2)).toBe(`${'█'.repeat(30)} 10 of 10, 0 s left`);
});
