import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BatchOptions, DatabaseConfig, Driver, OpenDriver, Row, Statement } from './driver.ts';

/*
 * PostgreSQL's own protocol, for a process that lives long enough to keep connections: Node, Lambda. A batch is sent in
 * one go (pipeline mode), so it is one round trip here too; and its statements stay prepared.
 */

/**
 * A connection that has rested this long (ms) is tried before it is trusted: Lambda freezes processes, and what stands
 * between may have forgotten the connection. Costs a round trip of its own, once for each rest. By the clock on the
 * wall, because the monotonic one may stand still in a frozen process.
 */
const RESTED = 5000;
/** How long a connection that has rested may take to answer (ms); a new one is cheaper than to wait on. */
const TRIAL = 1000;
/** How long connecting, or waiting for a connection to come free, may take (ms). */
const PATIENCE = 5000;
/** Statements kept prepared on each connection; filters and sorts combine to many more. */
const MAX_PREPARED = 200;

/** What PostgreSQL says of a prepared statement that a migration, or a pooler, has made useless. */
const STALE = [
  '0A000', // feature not supported: a cached plan must not change its result type
  '26000', // there is no such prepared statement
  '42P05', // there is one of that name already
];

/** What Neon's driver does with a parameter, too: text, or null. Throws for what has no text. */
const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): unknown } }).utils;

/**
 * @param connections how many are kept; an instance on Lambda has one request at a time, so one. Where requests share
 *   them, more than one tenant may have under way (src/db/client/concurrency.ts)
 */
export function pgDriver({ url }: DatabaseConfig, connections = 1): Driver {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: PATIENCE,
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
    pipeline: true,
  });
  // A connection that breaks while it rests is replaced when it is wanted.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const lastUse = new WeakMap<pg.PoolClient, number>();
  const names = new Map<string, string>();

  /** As it is sent. Parameters are made text here, so that one which cannot be fails before anything has begun. */
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
      const rested = Date.now() - (lastUse.get(client) ?? Date.now());
      // A clock that was set back says nothing.
      if (rested >= 0 && rested < RESTED) return client;
      onRoundTrip?.();
      if (await answers(client)) return client;
      abandon(client);
    }
  }

  async function attempt(queries: pg.QueryConfig[], options: BatchOptions): Promise<Row[][]> {
    const { readOnly, signal, onRoundTrip } = options;
    const connecting = connect(onRoundTrip);
    const client = await Promise.race([connecting, aborted(signal)]).catch((error) => {
      // It may still come, for somebody else.
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
      if (signal.aborted) abandon(client);
      else client.release(isStale(fault));
    }
  }

  return {
    batch: async (statements, options) => {
      const queries = statements.map(prepared);
      try {
        return await attempt(queries, options);
      } catch (error) {
        if (!isStale(error)) throw error;
        // All of it was rolled back. Without names nothing can be stale, whatever stands between us and PostgreSQL.
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
  // The first error is the cause; what came after it was told that the transaction has failed.
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return (await Promise.all(sent.slice(1, -1))).map(({ rows }) => rows as Row[]);
}

async function answers(client: pg.PoolClient): Promise<boolean> {
  const asked = client.query('select').then(
    () => true,
    () => false,
  );
  return Promise.race([asked, sleep(TRIAL, false, { ref: false })]);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Ends a connection that may never answer again. By itself pg would wait for what has been sent to be answered. */
function abandon(client: pg.PoolClient): void {
  client.connection.stream.destroy();
  client.release(true);
}

function isStale(error: unknown): boolean {
  return STALE.includes((error as { code?: string } | undefined)?.code ?? '');
}
