import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BatchOptions, DatabaseConfig, Driver, OpenDriver, Row, Statement } from './driver.ts';

/*
 * PostgreSQL's own protocol, for a process that lives long enough to keep connections: Node, Lambda. A batch is sent in
 * one go (pipeline mode), so it is one round trip here too; and its statements stay prepared.
 */

/**
 * A connection that has been idle this long (ms) is checked with an empty query before it is used: Lambda freezes
 * processes, and a firewall or proxy on the way may have dropped the connection meanwhile. The check is a round trip of
 * its own. The time is taken from the wall clock, because the monotonic one may stand still in a frozen process.
 */
const MAX_IDLE_MS = 5000;
/** How long that check may take (ms): beyond it a new connection is cheaper than to wait on. */
const CHECK_TIMEOUT_MS = 1000;
/** How long connecting, or waiting for a connection to come free, may take (ms). */
const CONNECT_TIMEOUT_MS = 5000;
/** Statements kept prepared on each connection; filters and sorts combine to many more. */
const MAX_PREPARED = 200;

/** SQLSTATEs of a prepared statement that a migration, or a connection pooler, has made useless. */
const STALE_STATES = [
  '0A000', // feature not supported: a cached plan must not change its result type
  '26000', // there is no such prepared statement
  '42P05', // there is one of that name already
];

/** Makes text (or null) of a parameter, as Neon's driver does. Throws for what has no text. */
const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): unknown } }).utils;

/**
 * @param connections how many are kept; an instance on Lambda has one request at a time, so one. Where requests share
 *   them, more than one tenant may have under way (src/db/client/concurrency.ts)
 */
export function pgDriver({ url }: DatabaseConfig, connections = 1): Driver {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
    pipeline: true,
  });
  // A connection that breaks while it is idle is replaced when the next batch needs one.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const lastUse = new WeakMap<pg.PoolClient, number>();
  const names = new Map<string, string>();

  /** The query as pg takes it. Parameters become text here, so that one without a text fails before anything is sent. */
  function prepared({ sql, parameters }: Statement): pg.QueryConfig {
    let name = names.get(sql);
    if (!name && names.size < MAX_PREPARED) {
      name = createHash('sha256').update(sql).digest('base64url');
      names.set(sql, name);
    }
    return { ...(name ? { name } : {}), text: sql, values: parameters.map(prepareValue) };
  }

  async function connect(onRoundTrip?: () => void): Promise<pg.PoolClient> {
    for (;;) {
      const client = await pool.connect();
      const idle = Date.now() - (lastUse.get(client) ?? Date.now());
      // A negative time comes of a clock that was set back: then nothing is known of the connection.
      if (idle >= 0 && idle < MAX_IDLE_MS) return client;
      onRoundTrip?.();
      if (await isAlive(client)) return client;
      destroy(client);
    }
  }

  async function attempt(queries: pg.QueryConfig[], options: BatchOptions): Promise<Row[][]> {
    const { readOnly, signal, onRoundTrip } = options;
    const connecting = connect(onRoundTrip);
    const client = await Promise.race([connecting, aborted(signal)]).catch((error) => {
      // The connection may still come up: it goes to the pool, for another batch.
      connecting.then(
        (late) => late.release(),
        () => {},
      );
      throw error;
    });
    let fault: unknown;
    onRoundTrip?.();
    try {
      return await Promise.race([transaction(client, queries, readOnly), aborted(signal)]);
    } catch (error) {
      fault = error;
      throw error;
    } finally {
      lastUse.set(client, Date.now());
      if (signal.aborted) destroy(client);
      else client.release(isStaleStatement(fault));
    }
  }

  return {
    batch: async (statements, options) => {
      const queries = statements.map(prepared);
      try {
        return await attempt(queries, options);
      } catch (error) {
        if (!isStaleStatement(error)) throw error;
        // The transaction was rolled back. Statements without names are not prepared, so none of them can be stale.
        const unnamed = queries.map(({ text, values }) => ({ text, values }) as pg.QueryConfig);
        return await attempt(unnamed, options);
      }
    },
  };
}

export const openDriver: OpenDriver = (config) => pgDriver(config);

/** Sends everything at once, as one write to the socket, and waits for all of it. */
async function transaction(client: pg.PoolClient, queries: pg.QueryConfig[], readOnly: boolean): Promise<Row[][]> {
  const { stream } = client.connection;
  stream.cork();
  const sent = [
    client.query(`begin isolation level read committed${readOnly ? ' read only' : ''}`),
    ...queries.map((query) => client.query(query)),
    // After an error this rolls back, as PostgreSQL does with the commit of a failed transaction.
    client.query('commit'),
  ];
  stream.uncork();
  const results = await Promise.allSettled(sent);
  // The first error is the cause: every statement after it fails because the transaction has failed.
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return (await Promise.all(sent.slice(1, -1))).map(({ rows }) => rows as Row[]);
}

async function isAlive(client: pg.PoolClient): Promise<boolean> {
  const answered = client.query('select').then(
    () => true,
    () => false,
  );
  return Promise.race([answered, sleep(CHECK_TIMEOUT_MS, false, { ref: false })]);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Ends a connection that may never answer again. By itself pg would wait for what has been sent to be answered. */
function destroy(client: pg.PoolClient): void {
  client.connection.stream.destroy();
  client.release(true);
}

function isStaleStatement(error: unknown): boolean {
  return STALE_STATES.includes((error as { code?: string } | undefined)?.code ?? '');
}
