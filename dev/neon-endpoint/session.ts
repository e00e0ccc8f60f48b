/** Connections to PostgreSQL: how the Neon endpoint lends, cancels and resets them. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { toClientError } from './pipeline.ts';
import { EndpointError } from './protocol.ts';

/** Where PostgreSQL listens. */
interface Address {
  host: string;
  port: number;
}

/** The proxy's `reset_session_background()`: nothing passes from one request to the next, except query plans. */
const RESET = `
  CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *;
  SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES`;
/** Where a transaction may be open. Where none is, the warning about that costs half as much as all the rest. */
const END_AND_RESET = `ROLLBACK; ${RESET}`;

/** Of each connection that has served a request, whether it can serve another one: known when its reset is through. */
const resets = new WeakMap<PoolClient, Promise<boolean>>();

/** How often the server is asked to cancel a statement that goes on, each time with a pause (ms). */
const CANCEL_ATTEMPTS = 20;
const CANCEL_PAUSE = 100;

/**
 * Lends a connection to `use`, cancels what runs on it when `signal` aborts, and has it reset. That goes on after this
 * has returned; whoever is lent the connection next waits for it.
 * @throws DatabaseError if the credentials or the database are wrong; EndpointError 500 if there is no connection for
 *   another reason; what `use` throws
 */
export async function withConnection<T>(
  pool: Pool,
  address: Address,
  signal: AbortSignal,
  use: (client: PoolClient, cancel: () => void) => Promise<T>,
): Promise<T> {
  const client = await borrow(pool);
  let cancelled = false;
  const cancel = () => {
    if (!cancelled) void cancelUntilOver(address, client, work);
    cancelled = true;
  };
  signal.addEventListener('abort', cancel);
  const work = signal.aborted ? Promise.reject(signal.reason) : use(client, cancel);
  try {
    return await work;
  } finally {
    signal.removeEventListener('abort', cancel);
    if (!cancelled && !resets.has(client)) reset(client, END_AND_RESET);
    // A late request to cancel would hit whatever comes next on this connection.
    client.release(cancelled);
  }
}

/** A connection on which nothing is left of the request before. */
async function borrow(pool: Pool): Promise<PoolClient> {
  for (;;) {
    const client = await logIn(pool);
    // A connection goes to the pool before its reset is through, and is waited for here: otherwise a client that asks
    // again at once would have another one opened.
    const clean = await (resets.get(client) ?? true);
    resets.delete(client);
    if (clean) return client;
    client.release(true);
  }
}

async function logIn(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string };
    // Class 28 is "invalid authorization", 3D000 "no such database".
    if (error instanceof DatabaseError && (code.startsWith('28') || code === '3D000')) throw error;
    throw new EndpointError(500, `could not connect to PostgreSQL: ${message || code}`, { cause: error });
  }
}

/**
 * Does the last thing of a request, which has to end its transaction unless it fails. The reset is sent along, so that
 * PostgreSQL goes on with it while the answer leaves.
 */
export async function finish(client: PoolClient, send: () => Promise<unknown>): Promise<void> {
  const { stream } = client.connection;
  stream.cork();
  const sent = send();
  reset(client, RESET);
  stream.uncork();
  await sent;
}

/** Commits a batch. */
export async function commit(client: PoolClient): Promise<void> {
  await client.query('COMMIT').catch((error) => {
    throw toClientError(error);
  });
}

function reset(client: PoolClient, sql: string): void {
  const clean = client
    .query(sql)
    // A transaction that has failed heeds nothing but its end.
    .catch(() => client.query(END_AND_RESET))
    .then(
      () => true,
      () => {
        // At once, because what is left on it may be a lock.
        client.connection.stream.destroy();
        return false;
      },
    );
  resets.set(client, clean);
}

/** Looks up all array types. `int2vector` and `oidvector` are such too, but their text looks different. */
export async function loadElementTypes(client: PoolClient): Promise<Map<number, number>> {
  const sql = `
    SELECT oid, typelem FROM pg_catalog.pg_type
    WHERE typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
      AND oid NOT IN ('pg_catalog.int2vector'::pg_catalog.regtype, 'pg_catalog.oidvector'::pg_catalog.regtype)`;
  const { rows } = await client.query<{ oid: string; typelem: string }>(sql).catch((error) => {
    throw toClientError(error);
  });
  return new Map(rows.map(({ oid, typelem }) => [Number(oid), Number(typelem)]));
}

/**
 * Cancels until `work` is over: a request that comes before its statement, or between two, is lost.
 * In the end the connection is closed.
 */
async function cancelUntilOver(address: Address, client: PoolClient, work: Promise<unknown>): Promise<void> {
  const over = work.then(
    () => true,
    () => true,
  );
  for (let attempt = 0; attempt < CANCEL_ATTEMPTS; attempt++) {
    await requestCancel(address, client);
    if (await Promise.race([over, sleep(CANCEL_PAUSE, false)])) return;
  }
  client.connection.stream.destroy();
}

/** PostgreSQL manual, "Canceling Requests in Progress": a connection of its own, which the server closes at once. */
async function requestCancel({ host, port }: Address, client: PoolClient): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const message = Buffer.alloc(16);
  [16, 80877102, processID, secretKey].forEach((word, index) => {
    message.writeInt32BE(word, 4 * index);
  });
  const socket = connect(port, host);
  socket.on('error', () => {});
  socket.setTimeout(1000, () => socket.destroy());
  socket.resume();
  socket.write(message);
  // Not `once()` of node:events, which rejects if the server is not there any more.
  await new Promise((resolve) => socket.once('close', resolve));
}
