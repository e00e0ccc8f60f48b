/** A PostgreSQL with a Neon endpoint before it, and requests as the proxy gets them, without the driver. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../../local/postgres.ts';
import { startNeonEndpoint } from '../endpoint.ts';

export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the endpoint answers with; the tests say what it is
  json: any;
}

export type Support = Awaited<ReturnType<typeof startSupport>>;

export async function startSupport(limits: { maxRequestBytes?: number; maxResponseBytes?: number } = {}) {
  const cleanUp = new AsyncDisposableStack();
  try {
    return await start(cleanUp, limits);
  } catch (error) {
    await cleanUp.disposeAsync();
    throw error;
  }
}

async function start(cleanUp: AsyncDisposableStack, limits: { maxRequestBytes?: number; maxResponseBytes?: number }) {
  const dataDir = await mkdtemp(join(tmpdir(), 'neon-endpoint-'));
  cleanUp.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = await startPostgres({ dataDir, durable: false });
  cleanUp.defer(() => postgres.stop());
  const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port: postgres.port }, ...limits });
  cleanUp.defer(() => endpoint.stop());
  const admin = new Client({ connectionString: postgres.adminUrl });
  cleanUp.defer(() => admin.end());
  await admin.connect();
  const { password } = new URL(postgres.adminUrl);
  const connectionString = `postgresql://postgres:${password}@db.example.com/postgres?application_name=driver`;

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

  return { postgres, endpoint, admin, connectionString, send, value, stop: () => cleanUp.disposeAsync() };
}

/** Asks until the answer is true, for at most ten seconds. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It never became true.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
