/** An HTTP server that speaks Neon's SQL over HTTP in front of a PostgreSQL, see README.md. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { DatabaseError, Pool } from 'pg';
import { runPipeline } from './pipeline.ts';
import {
  batchHeaders,
  type Credentials,
  EndpointError,
  errorBody,
  parseCredentials,
  parseMode,
  parsePayload,
  startTransaction,
} from './protocol.ts';
import { ResultWriter } from './results.ts';
import { commit, finish, loadElementTypes, withConnection } from './session.ts';

export interface NeonEndpoint {
  /** `http://127.0.0.1:<port>/sql` */
  readonly url: string;
  /** How many `POST /sql` have come in. */
  readonly requests: number;
  /** Cancels what is running and closes everything. May be called again. */
  stop(): Promise<void>;
}

/** What is sent back for a request. */
interface Result {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

/** The proxy's default, in both directions. */
const MAX_BYTES = 10 * 1024 * 1024;

/** Connections for each user and database, and how long an idle one is kept (ms). */
const MAX_CONNECTIONS = 20;
const IDLE_TIMEOUT = 10_000;

const PREFLIGHT_HEADERS = {
  Allow: 'OPTIONS, POST',
  'Access-Control-Allow-Headers':
    'Authorization, Neon-Connection-String, Neon-Raw-Text-Output, Neon-Array-Mode, Neon-Pool-Opt-In, ' +
    'Neon-Batch-Read-Only, Neon-Batch-Isolation-Level',
  'Access-Control-Max-Age': '86400',
};

/**
 * Starts an endpoint on 127.0.0.1, on a free port unless one is given. User, password and database are those of
 * each request's connection string; `postgres` says where they are good for a log-in.
 *
 * Sizes are in bytes. What goes wrong with a request becomes the response that the proxy gives.
 * @throws Error if it cannot listen
 */
export async function startNeonEndpoint(options: {
  postgres: { host: string; port: number; ssl?: boolean | object };
  port?: number;
  maxRequestBytes?: number;
  maxResponseBytes?: number;
}): Promise<NeonEndpoint> {
  const { postgres, maxRequestBytes = MAX_BYTES, maxResponseBytes = MAX_BYTES } = options;
  const pools = new Map<string, Pool>();
  /** What `stop` waits for: responses on their way, then the connections to PostgreSQL. */
  const responses = new Set<Promise<void>>();
  const connections = new Set<Promise<void>>();
  let requests = 0;

  function poolFor(credentials: Credentials): Pool {
    const { user, password, database } = credentials;
    const key = JSON.stringify([user, password, database]);
    const known = pools.get(key);
    if (known) return known;
    const pool = new Pool({
      ...credentials,
      host: postgres.host,
      port: postgres.port,
      ssl: postgres.ssl ?? false,
      max: MAX_CONNECTIONS,
      idleTimeoutMillis: IDLE_TIMEOUT,
      // So that a COMMIT and the reset after it can be sent together.
      pipeline: true,
      // Values stay the text that PostgreSQL sent.
      types: { getTypeParser: () => (value: string) => value },
    });
    // Without a listener, a PostgreSQL that restarts would end this process; the pool drops the connection by itself.
    pool.on('error', () => {});
    pool.on('connect', (client) => {
      client.on('error', () => {});
      keep(connections, new Promise((resolve) => client.on('end', resolve)));
    });
    pools.set(key, pool);
    return pool;
  }

  async function handle(request: IncomingMessage, signal: AbortSignal): Promise<Result> {
    const path = request.url?.split('?', 1)[0];
    if (path === '/sql' && request.method === 'OPTIONS') return { status: 200, body: '', headers: PREFLIGHT_HEADERS };
    if (path !== '/sql' || request.method !== 'POST') return { status: 400, body: '"query is not supported"' };

    requests++;
    const credentials = parseCredentials(request.headers);
    const mode = parseMode(request.headers);
    const payload = parsePayload(await readBody(request, maxRequestBytes));
    return await withConnection(poolFor(credentials), postgres, signal, async (client, cancel) => {
      const elementTypes = mode.rawText ? new Map<number, number>() : await loadElementTypes(client);
      const writer = new ResultWriter(mode, elementTypes, maxResponseBytes);
      if ('single' in payload) {
        await runPipeline(client, { statements: [payload.single] }, writer, cancel);
        return { status: 200, body: writer.toString() };
      }
      const batch = { opening: startTransaction(mode), statements: payload.batch };
      writer.punctuate('{"results":[');
      if (mode.readOnly) {
        await finish(client, () => runPipeline(client, { ...batch, closing: 'COMMIT' }, writer, cancel));
      } else {
        // That results are too long, or are none, shows as they arrive: nothing may have been committed by then.
        await runPipeline(client, batch, writer, cancel);
        signal.throwIfAborted();
        await finish(client, () => commit(client));
      }
      writer.punctuate(']}');
      return { status: 200, body: writer.toString(), headers: batchHeaders(mode) };
    });
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const { status, body, headers } = await handle(request, gone.signal).catch(toResult);
    const bytes = Buffer.byteLength(body);
    response.writeHead(status, {
      'Content-Type': 'application/json',
      // Without it the body would be sent in chunks.
      'Content-Length': bytes,
      'Access-Control-Allow-Origin': '*',
      'neon-request-id': randomUUID(),
      ...headers,
    });
    // What has as many bytes as characters is ASCII, which is faster to send when it is known to be.
    response.end(body, bytes === body.length ? 'latin1' : 'utf8');
  }

  const server = createServer((request, response) => keep(responses, respond(request, response)));
  // A connection that we close could be one that a client is about to use again.
  server.keepAliveTimeout = 0;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  async function close(): Promise<void> {
    server.close();
    server.closeAllConnections();
    // In this order: a pool that has ended forgets who is waiting for a connection. A connection that is being reset
    // ends when that is through.
    await Promise.all(responses);
    await Promise.all([...pools.values()].map((pool) => pool.end()));
    await Promise.all(connections);
  }

  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}/sql`,
    get requests() {
      return requests;
    },
    stop: () => {
      closing ??= close();
      return closing;
    },
  };
}

function keep(set: Set<Promise<void>>, promise: Promise<void>): void {
  set.add(promise);
  void promise.finally(() => set.delete(promise));
}

function toResult(error: Error): Result {
  const status = error instanceof EndpointError ? error.status : error instanceof DatabaseError ? 400 : 500;
  return { status, body: errorBody(error) };
}

/** @throws EndpointError 413 beyond `max` bytes, the rest is then read and dropped; 400 if the client stops half-way */
function readBody(request: IncomingMessage, max: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= max) chunks.push(chunk);
      else reject(new EndpointError(413, `request is too large (max is ${max} bytes)`));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', (cause) =>
      reject(new EndpointError(400, 'could not read the HTTP request body: the client went away', { cause })),
    );
  });
}
