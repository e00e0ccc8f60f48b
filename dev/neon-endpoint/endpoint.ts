/** An HTTP server that speaks Neon's SQL over HTTP in front of a PostgreSQL, see README.md. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { DatabaseError } from 'pg';
import { parsePayload } from './payload.ts';
import { runPipeline } from './pipeline.ts';
import { ConnectionPool, type PostgresAddress } from './pool.ts';
import { batchHeaders, EndpointError, errorBody, parseCredentials, parseMode, startTransaction } from './protocol.ts';
import { RateLimit } from './rate-limit.ts';
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

const PREFLIGHT_HEADERS = {
  Allow: 'OPTIONS, POST',
  'Access-Control-Allow-Headers':
    'Authorization, Neon-Connection-String, Neon-Raw-Text-Output, Neon-Array-Mode, Neon-Pool-Opt-In, ' +
    'Neon-Batch-Read-Only, Neon-Batch-Isolation-Level',
  'Access-Control-Max-Age': '86400',
};

/** How Neon's proxy is configured. Sizes are in bytes. */
export interface NeonEndpointOptions {
  /** Where PostgreSQL is. User, password and database are those of each request's connection string. */
  postgres: PostgresAddress;
  /** Other PostgreSQL servers, by the host of the connection string, as Neon's proxy has one for each of its hosts. */
  computes?: Record<string, PostgresAddress>;
  /** Where to listen on 127.0.0.1, in place of a free port. */
  port?: number;
  maxRequestBytes?: number;
  maxResponseBytes?: number;
  /**
   * Whether a request is lent a connection that served another one only if it has the header `Neon-Pool-Opt-In: true`,
   * and a fresh one otherwise. It is the proxy's `--sql-over-http-pool-opt-in`, which its source has on and Neon's service
   * off, if its driver is right: "All queries now use the connection pool" (`fetchConnectionCache`).
   */
  poolOptIn?: boolean;
  /** How many requests a second, and at once, are let through: the control plane's `connection_attempts.http`. */
  connectionAttempts?: { rps: number; burst: number };
}

/**
 * Starts an endpoint on 127.0.0.1. What goes wrong with a request becomes the response that the proxy gives.
 * @throws Error if it cannot listen
 */
export async function startNeonEndpoint(options: NeonEndpointOptions): Promise<NeonEndpoint> {
  const { postgres, maxRequestBytes = MAX_BYTES, maxResponseBytes = MAX_BYTES, poolOptIn = false } = options;
  const elsewhere = { pool: new ConnectionPool(postgres), address: postgres };
  const computes = new Map(
    Object.entries(options.computes ?? {}).map(([host, address]) => [
      host,
      { pool: new ConnectionPool(address), address },
    ]),
  );
  const rateLimit = options.connectionAttempts && new RateLimit(options.connectionAttempts);
  /** What `stop` waits for: responses on their way, then the connections to PostgreSQL. */
  const responses = new Set<Promise<void>>();
  let requests = 0;

  async function handle(request: IncomingMessage, signal: AbortSignal): Promise<Result> {
    const path = request.url?.split('?', 1)[0];
    if (path === '/sql' && request.method === 'OPTIONS') return { status: 200, body: '', headers: PREFLIGHT_HEADERS };
    if (path !== '/sql' || request.method !== 'POST') return { status: 400, body: '"query is not supported"' };

    requests++;
    const credentials = parseCredentials(request.headers);
    const mode = parseMode(request.headers);
    if (rateLimit && !rateLimit.allows()) {
      throw new EndpointError(500, 'Too many connections to this endpoint. Please try again later.');
    }
    const payload = parsePayload(await readBody(request, maxRequestBytes));
    const reuse = !poolOptIn || request.headers['neon-pool-opt-in'] === 'true';
    const { pool, address } = computes.get(credentials.host) ?? elsewhere;
    const lease = { credentials, reuse, address, signal };
    return await withConnection(pool, lease, async ({ client, cancel, discard }) => {
      const elementTypes = mode.rawText ? new Map<number, number>() : await loadElementTypes(client);
      const writer = new ResultWriter(mode, elementTypes, maxResponseBytes);
      // After which errors a connection is not kept: `process()` of QueryData and of BatchQueryData.
      const orDiscard = (error: unknown) => {
        discard();
        throw error;
      };
      if ('single' in payload) {
        await runPipeline(client, { statements: [payload.single] }, writer, cancel).catch(orDiscard);
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
        await finish(client, () => commit(client)).catch(orDiscard);
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
      // Of a request that is too large the rest is not read, as by the proxy.
      ...(status === 413 && { Connection: 'close' }),
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
    // A connection that is being reset ends when that is through.
    await Promise.all(responses);
    await Promise.all([elsewhere, ...computes.values()].map(({ pool }) => pool.close()));
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

/**
 * Reads a body (`read_body_with_limit()` in `proxy/src/http/mod.rs`).
 * @throws EndpointError 413 as soon as it is known to have more than `max` bytes; 400 if the client stops half-way
 */
function readBody(request: IncomingMessage, max: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = () => {
      request.pause();
      reject(new EndpointError(413, `request is too large (max is ${max} bytes)`));
    };
    if (Number(request.headers['content-length'] ?? 0) > max) return refuse();
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= max) chunks.push(chunk);
      else refuse();
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', (cause) =>
      reject(new EndpointError(400, 'could not read the HTTP request body: the client went away', { cause })),
    );
  });
}
