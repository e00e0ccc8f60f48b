import { SignJWT } from 'jose';
import type { Client } from 'pg';
import { LARGE, TASKS_PER_PROJECT } from './data.ts';
import type { Targets } from './jobs.ts';
import { WEB_ROLE } from './peer-schema.ts';

/** One token for all contenders: the claims of the API, and the role that PostgREST is to become. */
export function signToken(tenantId: string, secret: string): Promise<string> {
  return new SignJWT({ tenant_id: tenantId, role: 'member', sub: 'bench', database_role: WEB_ROLE })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime('2h')
    .sign(new TextEncoder().encode(secret));
}

/** How many projects are read at random, and how many projects and tasks are written to. */
const READ = 1000;
const WRITTEN = 500;

/** Chooses what the jobs are done with: the same rows in each run that has loaded as much. */
export async function chooseTargets(db: Client, tenantId: string, secret: string): Promise<Targets> {
  const { rows: projects } = await db.query<{ id: string; size: number; rank: number }>(
    `select p.id, count(*)::integer as size, row_number() over (order by p.id)::integer as rank
     from projects as p join tasks as t on t.tenant_id = p.tenant_id and t.project_id = p.id
     where p.tenant_id = $1 group by p.id order by p.id`,
    [tenantId],
  );
  const small = projects.filter(({ size }) => size === TASKS_PER_PROJECT).map(({ id }) => id);
  // The oldest are written to, so that what is read stays as it was compared; the newest twenty are job B.
  const quarter = Math.floor(small.length / 4);
  const written = spread(small.slice(0, quarter), WRITTEN);
  const { rows: tasks } = await db.query<{ id: string }>(
    `select id from tasks where tenant_id = $1 and project_id = any($2) and status in ('pending', 'in_progress')
     order by id`,
    [tenantId, written],
  );
  const { rows: tags } = await db.query<{ name: string }>('select name from tags where tenant_id = $1 order by name', [
    tenantId,
  ]);
  return {
    tenantId,
    token: await signToken(tenantId, secret),
    projects: spread(small.slice(quarter), READ),
    written: { projects: written, tasks: tasks.map(({ id }) => id) },
    large: Object.fromEntries(LARGE.map((size) => [size, projects.find((project) => project.size === size)?.id ?? ''])),
    tags: tags.map(({ name }) => name),
  };
}

/** So many of the ids, from all over the list. */
function spread(ids: string[], count: number): string[] {
  if (ids.length <= count) return ids;
  return Array.from({ length: count }, (_, n) => ids[Math.floor((n * ids.length) / count)] as string);
}
