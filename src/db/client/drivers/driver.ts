/*
 * What database.ts asks of a driver. There are two, neon.ts and pg.ts, and a deployment has one of them in it: which one
 * `#database-driver` stands for is chosen at build time, by a condition (`imports` in package.json).
 */

/** How the database is reached. */
export interface DatabaseConfig {
  /** `postgres://user:password@host/database`, the deployment's own role. */
  url: string;
  /** Its name, where it is one of several (`SHARDS`). */
  shard?: string;
  /**
   * The setting by which a sharding proxy at this URL is told the tenant of each transaction, such as `pgdog.sharding_key`
   * (https://docs.pgdog.dev/features/sharding/manual-routing/). Neon's driver knows none.
   */
  shardingKey?: string;
  /** Where SQL over HTTP is spoken, if not at the host's own address: the local Neon endpoint. */
  endpoint?: string;
  /** How long all batches of one request may take together (ms), where it is to be another time than 20 s. */
  deadlineMs?: number;
  /** A batch that takes longer than this is in the log (ms). */
  slowAfterMs?: number;
  /** How many connections are kept, by a driver that keeps any and where it is to be another number than 1. */
  connections?: number;
}

export interface Statement {
  sql: string;
  parameters: readonly unknown[];
}

export interface BatchOptions {
  readOnly: boolean;
  /** The tenant that everything in it belongs to: needed where there is a `shardingKey`, and read nowhere else. */
  tenantId?: string | undefined;
  /** Whether the transaction is rolled back at its end, after its statements have had their results. */
  isDryRun?: boolean;
  /** Gives the batch up. What it has done by then may stay. */
  signal: AbortSignal;
  /** Called for each round trip, as it begins: a driver may need more than one. */
  onRoundTrip?: () => void;
  /** W3C Trace Context, for drivers that can carry it. */
  traceparent?: string | undefined;
}

/** One row of a result: members by column name. */
export type Row = Record<string, unknown>;

export interface Driver {
  /**
   * Runs the statements as one transaction in READ COMMITTED, sent at once.
   * @returns the rows of each statement.
   * @throws PostgreSQL's errors with `code` (the SQLSTATE) and `severity`; others have no severity. Where it is known that
   *   nothing has been sent, they have `unsent`.
   */
  batch(statements: Statement[], options: BatchOptions): Promise<Row[][]>;
  /** Its connections, if it keeps any. */
  pool?(): PoolState;
  /** Closes the connections that it keeps, each when its batch has ended. */
  close?(): Promise<void>;
}

/** Connections at a moment: those that carry a batch are `total` without `idle`. */
export interface PoolState {
  max: number;
  total: number;
  idle: number;
  /** Batches that wait for a connection. */
  waiting: number;
}

/** What each driver's module exports as `openDriver`; called once for each URL. */
export type OpenDriver = (config: DatabaseConfig) => Driver;
