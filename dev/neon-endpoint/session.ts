/** Connections to PostgreSQL: how the Neon endpoint lends, cancels and resets them. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, DatabaseError } from 'pg';
import { toClientError } from './pipeline.ts';
import type { ConnectionPool } from './pool.ts';
import { type Credentials, EndpointError } from './protocol.ts';

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
const resets = new WeakMap<Client, Promise<boolean>>();

/** How often the server is asked to cancel a statement that goes on, each time with a pause (ms). */
const CANCEL_ATTEMPTS = 20;
const CANCEL_PAUSE = 100;

/** What a request may do with the connection that it is lent. */
export interface Lent {
  client: Client;
  /** Ends what runs on it. */
  cancel(): void;
  /** Has it closed afterwards, in place of kept. */
  discard(): void;
}

/**
 * Lends a connection to `use`, cancels what runs on it when `signal` aborts, and has it reset. That goes on after this
 * has returned; whoever is lent the connection next waits for it.
 * @param reuse whether it may be one that served a request before; it is kept for others either way, as the proxy's is
 * @throws DatabaseError if the database does not exist; EndpointError 400 for a wrong user or password, 500 if there is
 *   no connection for another reason; what `use` throws
 */
export async function withConnection<T>(
  pool: ConnectionPool,
  { credentials, reuse, address, signal }: Request,
  use: (lent: Lent) => Promise<T>,
): Promise<T> {
  const client = (reuse && (await takeClean(pool, credentials))) || (await logIn(pool, credentials));
  let cancelled = false;
  let discarded = false;
  const cancel = () => {
    if (!cancelled) void cancelUntilOver(address, client, work);
    cancelled = true;
  };
  const discard = () => {
    discarded = true;
  };
  signal.addEventListener('abort', cancel);
  const work = signal.aborted ? Promise.reject(signal.reason) : use({ client, cancel, discard });
  try {
    return await work;
  } finally {
    signal.removeEventListener('abort', cancel);
    // A late request to cancel would hit whatever comes next on this connection.
    if (cancelled || discarded) pool.discard(client);
    else {
      if (!resets.has(client)) reset(client, END_AND_RESET);
      pool.put(client);
    }
  }
}

interface Request {
  credentials: Credentials;
  reuse: boolean;
  address: Address;
  signal: AbortSignal;
}

/** A connection that has served another request, on which nothing is left of that. */
async function takeClean(pool: ConnectionPool, credentials: Credentials): Promise<Client | undefined> {
  for (;;) {
    const client = pool.take(credentials);
    if (!client) return undefined;
    // A connection goes to the pool before its reset is through, and is waited for here: otherwise a client that asks
    // again at once would have another one opened.
    const clean = await (resets.get(client) ?? true);
    resets.delete(client);
    if (clean) return client;
    pool.discard(client);
  }
}

/**
 * Opens a connection. The proxy looks at the password by itself, so that a wrong one is no error of the database there
 * (`authenticate_with_password()` in `backend.rs`); of what PostgreSQL says then, a missing database alone is the client's
 * fault (`HttpConnError::get_error_kind()`).
 */
async function logIn(pool: ConnectionPool, credentials: Credentials): Promise<Client> {
  try {
    return await pool.open(credentials);
  } catch (cause) {
    if (!(cause instanceof DatabaseError)) throw new EndpointError(500, "Couldn't connect to compute node", { cause });
    // invalid_password, of a user that does not exist too
    if (cause.code === '28P01') {
      throw new EndpointError(400, `password authentication failed for user '${credentials.user}'`);
    }
    // invalid_catalog_name
    if (cause.code === '3D000') throw cause;
    throw new EndpointError(500, cause.message, { cause });
  }
}

/**
 * Does the last thing of a request, which has to end its transaction unless it fails. The reset is sent along, so that
 * PostgreSQL goes on with it while the answer leaves.
 */
export async function finish(client: Client, send: () => Promise<unknown>): Promise<void> {
  const { stream } = client.connection;
  stream.cork();
  const sent = send();
  reset(client, RESET);
  stream.uncork();
  await sent;
}

/** Commits a batch. */
export async function commit(client: Client): Promise<void> {
  await client.query('COMMIT').catch((error) => {
    throw toClientError(error);
  });
}

function reset(client: Client, sql: string): void {
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
export async function loadElementTypes(client: Client): Promise<Map<number, number>> {
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
async function cancelUntilOver(address: Address, client: Client, work: Promise<unknown>): Promise<void> {
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
async function requestCancel({ host, port }: Address, client: Client): Promise<void> {
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
