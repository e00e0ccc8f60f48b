import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { jwt } from 'hono/jwt';
import { settings, tellReady } from '../processes/settings.ts';

/* The same small API over whatever reads and writes the rows: token verified, tenant from the token. */

export interface Tag {
  id: string;
  name: string;
  color: string | null;
}

export interface NewTask {
  title: string;
  description: string;
  tags: string[];
}

export interface TaskPatch {
  title: string;
  status: string;
}

/** What a peer answers is turned into JSON as it is. */
export interface Store {
  project(tenantId: string, id: string): Promise<unknown>;
  /** The newest projects with their first 20 tasks. */
  projects(tenantId: string, limit: number): Promise<unknown[]>;
  createTask(tenantId: string, projectId: string, task: NewTask): Promise<unknown>;
  updateTask(tenantId: string, id: string, patch: TaskPatch): Promise<unknown>;
  /** The newest tasks. */
  tasks(tenantId: string, status: string, limit: number): Promise<unknown[]>;
}

export interface PeerSettings {
  /** As the role that sees all rows. */
  databaseUrl: string;
  secret: string;
}

export const { databaseUrl, secret } = settings<PeerSettings>();

/** Connections of each peer. */
export const CONNECTIONS = 8;

export function serveStore(store: Store): void {
  const app = new Hono<{ Variables: { jwtPayload: { tenant_id: string } } }>();
  // The race fails at the first error, and says what it was.
  app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.text(`${error.stack}`, 500)));
  app.use(jwt({ secret, alg: 'HS256' }));
  app.get('/projects/:id', async (c) => {
    const project = await store.project(c.var.jwtPayload.tenant_id, c.req.param('id'));
    return project ? c.json(project) : c.json({ error: 'not found' }, 404);
  });
  app.get('/projects', async (c) => {
    return c.json({ data: await store.projects(c.var.jwtPayload.tenant_id, Number(c.req.query('limit'))) });
  });
  app.post('/projects/:id/tasks', async (c) => {
    const task = await store.createTask(c.var.jwtPayload.tenant_id, c.req.param('id'), await c.req.json<NewTask>());
    return task ? c.json(task, 201) : c.json({ error: 'not found' }, 404);
  });
  app.patch('/tasks/:id', async (c) => {
    const task = await store.updateTask(c.var.jwtPayload.tenant_id, c.req.param('id'), await c.req.json<TaskPatch>());
    return task ? c.json(task) : c.json({ error: 'not found' }, 404);
  });
  app.get('/tasks', async (c) => {
    const { status = '', limit } = c.req.query();
    return c.json({ data: await store.tasks(c.var.jwtPayload.tenant_id, status, Number(limit)) });
  });
  serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => tellReady({ port }));
}
