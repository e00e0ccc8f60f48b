import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { useApi } from '../support/api.ts';
import { operations } from '../support/examples.ts';
import { storedRows } from '../support/stored.ts';
import { type Fuzzed, requests } from './requests.ts';
import { FuzzedWorld } from './world.ts';

/*
 * Random requests to all endpoints, valid and broken, over rows in states as they come. Set FUZZ_SEED to run one again,
 * FUZZ_RUNS for another number of requests:
 *   FUZZ_SEED=1 FUZZ_RUNS=50000 npx vitest run --project node test/fuzz
 */

const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const runs = Number(process.env.FUZZ_RUNS ?? 1_200);
/** Requests of one run of the property, and how many of them are under way at once. */
const SEQUENCE = 20;
const AT_ONCE = 4;

const api = useApi();

test(`${runs} requests, seed ${seed}`, { timeout: 60_000 + runs * 30 }, async () => {
  const world = await FuzzedWorld.make(api);
  const before = await storedRows(api.database.admin, world.victim.id);

  const sequence = fc.array(requests(operations), { minLength: SEQUENCE, maxLength: SEQUENCE });
  const property = fc.asyncProperty(sequence, async (all) => {
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const sent = await Promise.allSettled(all.slice(i, i + AT_ONCE).map((request) => world.send(request)));
      for (const result of sent) if (result.status === 'rejected') throw result.reason;
    }
  });
  await fc.assert(property, { seed, numRuns: Math.ceil(runs / SEQUENCE), endOnFailure: true, reporter });

  const counts = [...world.statuses].sort().map(([status, count]) => `${status}: ${count}`);
  console.info(`seed ${seed}: ${world.sent} requests; ${counts.join(', ')}`);
  expect(world.sent).toBeGreaterThanOrEqual(runs);
  for (const status of ['200', '201', '204', '304', '400', '404', '409', '412', '415', '422']) {
    expect(world.statuses.get(status) ?? 0, `answers with ${status}`).toBeGreaterThan(runs / 2000);
  }
  expect(await storedRows(api.database.admin, world.victim.id), 'rows of another tenant').toEqual(before);
  expect(await broken()).toEqual([]);
});

/** The request at fault and its answer say more than the sequence; made smaller it would meet other rows. */
function reporter({ failed, errorInstance, numRuns }: fc.RunDetails<[Fuzzed[]]>): void {
  if (failed) throw new Error(`FUZZ_SEED=${seed}, sequence ${numRuns}: ${(errorInstance as Error).message}`);
}

/** What must hold of the rows after whatever happened to them: each query gives those of which it does not. */
const INVARIANTS: Record<string, string> = {
  'every version of a project, a tag and a member is in the audit log once': `
    select id, version from (
      select tenant_id, id, version, 'project' as type from projects
      union all select tenant_id, id, version, 'tag' from tags
      union all select tenant_id, id, version, 'member' from members) as row
    where version <> (
      select count(*) from audit_log as log
      where log.tenant_id = row.tenant_id and log.resource_type = row.type and log.resource_id = row.id)`,
  'no live task lies in the trash': `
    select task.id from tasks as task
    join projects as project on project.tenant_id = task.tenant_id and project.id = task.project_id
    left join tasks as parent on parent.tenant_id = task.tenant_id and parent.id = task.parent_id
    where task.deleted_at is null and (project.deleted_at is not null or parent.deleted_at is not null)`,
  'a task is completed at some time': `
    select id from tasks where (status = 'completed') <> (completed_at is not null)`,
  'a task has at most 50 tags': `select task_id from task_tags group by tenant_id, task_id having count(*) > 50`,
  'a task has at most 50 blockers': `
    select task_id from dependencies group by tenant_id, task_id having count(*) > 50`,
  'a task that has blockers says so': `
    select id from tasks where not has_blockers and id in (select task_id from dependencies)`,
  'no tasks block each other in a circle': `
    with recursive above as (
      select task_id, blocker_id from dependencies
      union
      select above.task_id, next.blocker_id from above join dependencies as next on next.task_id = above.blocker_id)
    select task_id from above where task_id = blocker_id`,
  'metadata has at most 16 KiB': `
    select id from projects where octet_length(metadata::text) > 16384
    union all select id from tasks where octet_length(metadata::text) > 16384`,
  'no tree is deeper than ten levels, nor a ring': `
    with recursive below as (
      select tenant_id, id, 1 as level from tasks where parent_id is null
      union all
      select tasks.tenant_id, tasks.id, level + 1 from below
      join tasks on tasks.tenant_id = below.tenant_id and tasks.parent_id = below.id)
    select id from tasks where id not in (select id from below where level <= 10)`,
};

async function broken(): Promise<string[]> {
  const faults: string[] = [];
  for (const [name, query] of Object.entries(INVARIANTS)) {
    const { rows } = await api.database.admin.query(query);
    if (rows.length > 0) faults.push(`${name}, but for ${JSON.stringify(rows.slice(0, 3))}`);
  }
  return faults;
}
