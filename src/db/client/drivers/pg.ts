import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BatchOptions, DatabaseConfig, Driver, OpenDriver, Row, Statement } from './driver.ts';

/*
 * PostgreSQL's own protocol, for a process that lives long enough to keep connections: Node, Lambda. A batch is sent in
 * one go (PostgreSQL manual, "Pipelining"), so it is one round trip here too; and its statements stay prepared.
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
export function pgDriver({ url, shardingKey }: DatabaseConfig, connections = 1): Driver {
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

  /** Parameters become text here, so that one without a text fails before anything is sent. */
  function prepared({ sql, parameters }: Statement): Prepared {
    let name = names.get(sql);
    if (!name && names.size < MAX_PREPARED) {
      name = createHash('sha256').update(sql).digest('base64url');
      names.set(sql, name);
    }
    return { name: name ?? '', text: sql, values: parameters.map(prepareValue) };
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

  async function attempt(queries: Prepared[], options: BatchOptions): Promise<Row[][]> {
    const { isDryRun = false, signal, onRoundTrip } = options;
    const connecting = connect(onRoundTrip);
    const client = await unlessAborted(connecting, signal).catch((error) => {
      // The connection may still come up: it goes to the pool, for another batch.
      connecting.then(
        (late) => late.release(),
        () => {},
      );
      throw Object.assign(error, { unsent: true });
    });
    let fault: unknown;
    onRoundTrip?.();
    try {
      return await unlessAborted(transaction(client, queries, isDryRun ? 'rollback' : 'commit'), signal);
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
      const begin = `begin isolation level read committed${options.readOnly ? ' read only' : ''}`;
      const queries = [{ sql: begin, parameters: [] }, ...statements].map(prepared);
      if (shardingKey) queries.splice(1, 0, keyStatement(shardingKey, options.tenantId));
      const answers = await attempt(queries, options).catch((error) => {
        if (!isStaleStatement(error)) throw error;
        // The transaction was rolled back. Statements without names are not prepared, so none of them can be stale.
        return attempt(
          queries.map((query) => ({ ...query, name: '' })),
          options,
        );
      });
      return answers.slice(answers.length - statements.length);
    },
    pool: () => ({ max: connections, total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

export const openDriver: OpenDriver = (config) => pgDriver(config, config.connections);

/** A statement with its parameters as text, and the name it is prepared under on each connection; `''` is none. */
interface Prepared {
  name: string;
  text: string;
  values: unknown[];
}

/**
 * Tells a sharding proxy whose rows the transaction is about: right after it has begun, as a statement of its own, for PgDog
 * takes the value from the text of a SET alone and routes all that follows by it. Text that differs from tenant to tenant is
 * not kept prepared.
 * @throws Error where there is no tenant, or its id is no UUID: it becomes part of a statement
 */
function keyStatement(setting: string, tenantId: string | undefined): Prepared {
  if (!UUID.test(tenantId ?? '')) throw new Error('A batch without a tenant cannot be sent to a sharding proxy.');
  return { name: '', text: `set local ${setting} to '${tenantId}'`, values: [] };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What came back of a statement, as PostgreSQL sent it. */
interface Result {
  fields: pg.FieldDef[];
  rows: (string | null)[][];
}

/**
 * Sends everything at once, as one write to the socket, and waits for all of it.
 * @param queries the first begins the transaction
 * @param end how it ends where none of them fails
 */
async function transaction(client: pg.PoolClient, queries: Prepared[], end: 'commit' | 'rollback'): Promise<Row[][]> {
  const { stream } = client.connection;
  stream.cork();
  const results = new Promise<Result[]>((resolve, reject) => {
    client.query(new Pipeline(queries, resolve, reject));
  });
  // Not in the pipeline, which ends at its first error: after that this rolls back, as PostgreSQL does with the commit
  // of a failed transaction.
  const ended = client.query(end);
  stream.uncork();
  await Promise.allSettled([results, ended]);
  // The pipeline's error is the cause: a commit that fails because of it does not count.
  const [, ...answers] = await results;
  await ended;
  return answers.map(toRows);
}

/** What pg's connection can send, and what it knows, which is more than its types say. */
interface Connection {
  stream: { cork(): void; uncork(): void };
  /** The text of each statement that is prepared, by its name. */
  parsedStatements: Record<string, string>;
  parse(statement: { name: string; text: string }): void;
  bind(values: { statement: string; values: unknown[] }): void;
  describe(what: { type: 'P' }): void;
  execute(): void;
  sync(): void;
}

/**
 * Statements with one Sync at their end, where pg has one after each: PostgreSQL answers in one go, and skips what comes
 * after an error. A query in name, because in pipeline mode pg takes nothing else.
 */
class Pipeline extends pg.Query {
  readonly #queries: Prepared[];
  readonly #resolve: (results: Result[]) => void;
  readonly #reject: (error: Error) => void;
  readonly #results: Result[] = [];
  #current: Result = { fields: [], rows: [] };
  /** Of the statement whose answer is coming in: under this name pg notes it as prepared. */
  name = '';
  text = '';

  constructor(queries: Prepared[], resolve: (results: Result[]) => void, reject: (error: Error) => void) {
    super({ text: '' });
    this.#queries = queries;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#expectNext();
  }

  override submit = (connection: unknown): void => {
    const wire = connection as Connection;
    const parsedHere = new Set<string>();
    wire.stream.cork();
    for (const { name, text, values } of this.#queries) {
      if (!name || !(name in wire.parsedStatements || parsedHere.has(name))) {
        wire.parse({ name, text });
        parsedHere.add(name);
      }
      wire.bind({ statement: name, values });
      wire.describe({ type: 'P' });
      wire.execute();
    }
    wire.sync();
    wire.stream.uncork();
  };

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    this.#current.fields = fields;
  }

  handleDataRow({ fields: values }: { fields: (string | null)[] }): void {
    this.#current.rows.push(values);
  }

  handleCommandComplete(): void {
    this.#results.push(this.#current);
    this.#current = { fields: [], rows: [] };
    this.#expectNext();
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handleError(error: Error): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#results);
  }

  #expectNext(): void {
    const next = this.#queries[this.#results.length];
    this.name = next?.name ?? '';
    this.text = next?.text ?? '';
  }
}

/** Rows by column name, with the values that pg makes of each type's text. */
function toRows({ fields, rows }: Result): Row[] {
  const columns = fields.map(({ name, dataTypeID }) => ({ name, parse: pg.types.getTypeParser(dataTypeID, 'text') }));
  return rows.map((values) => {
    const row: Row = {};
    for (const [index, { name, parse }] of columns.entries()) {
      const value = values[index] ?? null;
      row[name] = value === null ? null : parse(value);
    }
    return row;
  });
}

async function isAlive(client: pg.PoolClient): Promise<boolean> {
  const answered = client.query('select').then(
    () => true,
    () => false,
  );
  return Promise.race([answered, sleep(CHECK_TIMEOUT_MS, false, { ref: false })]);
}

/**
 * Waits for work until the signal gives it up. The signal is let go of afterwards: a deadline far ahead would hold what came
 * of the work until then.
 */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Ends a connection that may never answer again. By itself pg would wait for what has been sent to be answered. */
function destroy(client: pg.PoolClient): void {
  client.connection.stream.destroy();
  client.release(true);
}

function isStaleStatement(error: unknown): boolean {
  return STALE_STATES.includes((error as { code?: string } | undefined)?.code ?? '');
}
