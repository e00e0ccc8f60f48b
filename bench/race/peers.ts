import type { Contender, Race } from './contender.ts';
import {
  DESCRIPTION,
  type Job,
  nextStatus,
  type Request,
  STATUS,
  type Targets,
  TITLE,
  TITLE_START,
  threeTags,
} from './jobs.ts';
import { ORM } from './peer-schema.ts';
import { startNode } from './programs.ts';

/* The peers that have the same small API: those of ../peers/serve.ts, and FastAPI. */

/** A peer that is one program of ../peers. */
function nodePeer(name: string, file: string): Contender {
  return {
    name,
    side: 'peer',
    start: async ({ cluster, database, secret }: Race) => {
      const settings = { databaseUrl: cluster.url(database, ORM), secret };
      const program = await startNode<{ port: number }>(`peers/${file}`, settings);
      return { origin: `http://127.0.0.1:${program.ready.port}`, pids: [program.pid] };
    },
    operations: restOperations,
    shape: (job, body) => (job === 'A' ? body : (body as { data: unknown }).data),
  };
}

/** The jobs as requests to ../peers/serve.ts, or to what has the same routes. */
export function restOperations(job: Job, targets: Targets): Request[][] | undefined {
  const headers = { Authorization: `Bearer ${targets.token}` };
  const get = (path: string): Request => ({ method: 'GET', path, headers, status: 200 });
  const send = (method: string, path: string, status: number, body: object): Request => ({
    ...{ method, path, status, contains: TITLE_START, body: JSON.stringify(body) },
    headers: { ...headers, 'Content-Type': 'application/json' },
  });
  switch (job) {
    case 'A':
      return targets.projects.map((id) => [get(`/projects/${id}`)]);
    case 'B':
      return [[get('/projects?limit=20')]];
    case 'D':
      return targets.written.projects.map((id, n) => [
        send('POST', `/projects/${id}/tasks`, 201, {
          ...{ title: TITLE, description: DESCRIPTION, tags: threeTags(targets, n) },
        }),
      ]);
    case 'E':
      return targets.written.tasks.map((id, n) => [
        send('PATCH', `/tasks/${id}`, 200, { title: TITLE, status: nextStatus(n) }),
      ]);
    case 'F':
      return [[get(`/tasks?status=${STATUS}&limit=50`)]];
    default:
      return undefined;
  }
}

export const drizzle = nodePeer('Drizzle', 'drizzle.ts');
export const kyselyRows = nodePeer('Kysely, rows', 'kysely-rows.ts');
export const prisma = nodePeer('Prisma', 'prisma.ts');
export const typeorm = nodePeer('TypeORM', 'typeorm.ts');
