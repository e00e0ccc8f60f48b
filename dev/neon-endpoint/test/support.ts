/** A database with a Neon endpoint before it, and requests as the proxy gets them, without the driver. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { startNeonEndpoint } from '../index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's URL of the PostgreSQL that the set-up of the run has started. */
    adminUrl: string;
  }
}

export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the endpoint answers with; the tests say what it is
  json: any;
}

export type Support = Awaited<ReturnType<typeof startSupport>>;

interface Options {
  /** Roles that the tests of a file need, with what `CREATE ROLE` is to give them. All files share the server. */
  roles?: Record<string, string>;
  maxRequestBytes?: number;
  maxResponseBytes?: number;
}

export async function startSupport(options: Options = {}) {
  const cleanUp = new AsyncDisposableStack();
  try {
    return await start(cleanUp, options);
  } catch (error) {
    await cleanUp.disposeAsync();
    throw error;
  }
}

async function start(cleanUp: AsyncDisposableStack, { roles = {}, ...limits }: Options) {
  const server = new URL(inject('adminUrl'));
  const database = `neon_endpoint_${randomUUID().replaceAll('-', '')}`;
  const setUp = await connect(server, cleanUp);
  await setUp.query(`CREATE DATABASE ${database}`);
  cleanUp.defer(() => setUp.query(`DROP DATABASE ${database} WITH (FORCE)`).then(() => {}));
  for (const [role, attributes] of Object.entries(roles)) {
    await setUp.query(`DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} ${attributes}`);
    cleanUp.defer(() => setUp.query(`DROP ROLE ${role}`).then(() => {}));
  }
  const postgres = { host: server.hostname, port: Number(server.port) };
  const endpoint = await startNeonEndpoint({ postgres, ...limits });
  cleanUp.defer(() => endpoint.stop());
  /** Another superuser, in a session of its own. */
  const connectAdmin = () => connect(new URL(`/${database}`, server), cleanUp);
  const admin = await connectAdmin();
  const { username, password } = server;
  const connectionString = `postgresql://${username}:${password}@db.example.com/${database}?application_name=driver`;

  /** Sends a body, an object as JSON, with raw text output off unless the headers turn it on. */
  async function send(body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: { 'Neon-Connection-String': connectionString, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, json: await response.json() };
  }

  /** The first value of the first row of a single statement. */
  async function value(query: string, params: unknown[] = []): Promise<unknown> {
    const { status, json } = await send({ query, params, arrayMode: true });
    if (status !== 200) throw new Error(`${status} ${json.message}`);
    return json.rows[0][0];
  }

  return {
    postgres,
    database,
    endpoint,
    admin,
    connectAdmin,
    connectionString,
    send,
    value,
    stop: () => cleanUp.disposeAsync(),
  };
}

async function connect(url: URL, cleanUp: AsyncDisposableStack): Promise<Client> {
  const client = new Client({ connectionString: url.href });
  await client.connect();
  cleanUp.defer(() => client.end());
  return client;
}

/** Asks until the condition is true, for at most ten seconds. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It never became true.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
