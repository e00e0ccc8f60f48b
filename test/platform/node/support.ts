import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { JWT_SECRET, signToken } from '../../support/api.ts';
import type { TestDatabase } from '../../support/database.ts';
import { JANITOR_ROLE, WORKER_ROLE } from '../../support/global-setup.ts';
import { type NodeServer, startNodeServer } from '../../support/node-server.ts';

/** What a server needs to serve a test's database. @param port of something that stands before PostgreSQL */
export function environmentOf({ admin, name }: TestDatabase, port = admin.port): Record<string, string> {
  return {
    DATABASE_URL: `postgres://${WORKER_ROLE}:worker@127.0.0.1:${port}/${name}`,
    JANITOR_DATABASE_URL: `postgres://${JANITOR_ROLE}:janitor@127.0.0.1:${port}/${name}`,
    JWT_SECRET,
    LOG_LEVEL: 'warn',
  };
}

/** A server that is killed when the test ends, unless it has ended by then. */
export async function serverFor(environment: Record<string, string>): Promise<NodeServer> {
  const server = await startNodeServer(environment);
  onTestFinished(async () => {
    await server.end('SIGKILL');
  });
  return server;
}

export type Caller = (path: string, init?: RequestInit) => Promise<Response>;

/** A new tenant's requests to a server. */
export async function tenantOf(database: TestDatabase, server: NodeServer): Promise<Caller & { id: string }> {
  const { rows } = await database.admin.query('insert into tenants (name) values ($1) returning id', [randomUUID()]);
  const { id } = rows[0] as { id: string };
  const headers = {
    Authorization: `Bearer ${await signToken({ tenant_id: id, role: 'admin', sub: 'tester' })}`,
    'Content-Type': 'application/json',
  };
  const call: Caller = (path, init) => fetch(`http://127.0.0.1:${server.port}${path}`, { headers, ...init });
  return Object.assign(call, { id });
}

/** The samples of a server's metrics, by name and labels as they stand there. */
export async function metricsOf(port: number): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const lines = (await response.text()).split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ [^ ]+$/, ''), Number(line.split(' ').at(-1))]));
}

/** A connection on which a test speaks for itself. */
export function rawSocket(port: number): { socket: Socket; received: () => string; closed: Promise<void> } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  onTestFinished(() => {
    socket.destroy();
  });
  return { socket, received: () => text, closed };
}
