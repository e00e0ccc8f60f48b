import { type Compilable, type CompiledQuery, Kysely } from 'kysely';
import { NeonDialect } from 'kysely-neon';
import { openDriver } from '#database-driver';
import { log } from '../../log.ts';
import type { DB } from '../types.ts';
import { whenFree } from './concurrency.ts';
import type { DatabaseConfig, Driver, Row, Statement } from './drivers/driver.ts';
import { isTransient, reasonOf, sqlState, timedOut, toProblem } from './errors.ts';

/** Who asks, in which request. Without a tenant: a `platform` token, or nobody (`/ready`). */
export interface Caller {
  tenantId?: string;
  platform?: boolean;
  actor?: string;
  requestId: string;
  /** Which function asks: each has one query, which the log calls by this name. */
  function: string;
  /** W3C Trace Context, for what the database's road has to log. */
  traceparent?: string;
  /** Has the runtime let some work come to its end, also if the caller has gone away meanwhile. */
  keepAlive?: (work: Promise<unknown>) => void;
}

/** A write goes out at most this often: nothing of a rolled-back batch stays, so sending it again is safe. */
const ATTEMPTS = 4;

/**
 * How long all batches of one request may take together, attempts and the pauses between them included (ms). What has
 * no answer by then is given up; each statement has its own, shorter limit.
 */
const DEADLINE = 20_000;

type Queries = Pick<CompiledQuery, 'sql' | 'parameters'>[];

interface SendOptions {
  readOnly?: boolean;
  /** SQLSTATEs whose errors are thrown as they are. */
  passOn?: string[];
}

const drivers = new Map<string, Driver>();

/** A road is kept for as long as the process lives, with the connections it may have. */
function driverFor(config: DatabaseConfig): Driver {
  const key = `${config.url} ${config.endpoint}`;
  const driver = drivers.get(key) ?? openDriver(config);
  drivers.set(key, driver);
  return driver;
}

/**
 * One request's database. Everything it sends is one batch, which is one transaction in one HTTP request, and
 * whose first statement says who asks: so no query can run without a tenant, or with that of another request. Of one
 * tenant a few batches are under way at a time, see {@link whenFree}.
 *
 * `query` builds and runs reads: each `execute…()` is a whole read-only batch. Writes are built with it and
 * sent together by {@link write}.
 *
 * Errors: every failure is thrown as a `Problem`, see `toProblem`, except the SQLSTATEs listed in `passOn`.
 */
export class Database {
  /** Round trips so far. */
  roundTrips = 0;
  /** Milliseconds spent in them. */
  milliseconds = 0;
  /** Rows that came back. */
  rows = 0;
  readonly query: Kysely<DB>;
  readonly #config: DatabaseConfig;
  readonly #caller: Caller;
  /** Aborts when the deadline has passed, which runs from the first batch on: a body may take long to arrive. */
  #overdue: AbortSignal | undefined;

  constructor(config: DatabaseConfig, caller: Caller) {
    this.#config = config;
    this.#caller = caller;
    this.query = new Kysely<DB>({
      dialect: new NeonDialect({
        neon: Object.assign(() => {}, {
          query: async (sql: string, parameters: unknown[] = []) => ({
            command: 'SELECT',
            rows: await this.#send([{ sql, parameters }], { readOnly: true }),
          }),
          transaction: undefined,
        }),
      }),
    });
  }

  /** The tenant of the caller; a query of tenant tables made without one is a bug. */
  get tenantId(): string {
    if (!this.#caller.tenantId) throw new Error('no tenant in this request');
    return this.#caller.tenantId;
  }

  /** Whose rows a list shows: a cursor is bound to it. */
  get scope(): string {
    return this.#caller.tenantId ?? 'platform';
  }

  /**
   * Sends statements as one batch in READ COMMITTED, so that each sees what was committed before it began.
   * All happen or none. Deadlocks and serialisation failures are tried again, with jitter.
   * @returns the rows of the last statement.
   */
  async write<Last>(statements: [...Compilable[], Compilable<Last>], passOn: string[] = []): Promise<Last[]> {
    const compiled = statements.map((statement) => statement.compile());
    return (await this.#send(compiled, { passOn })) as Last[];
  }

  #send(queries: Queries, options: SendOptions): Promise<Row[]> {
    this.#overdue ??= AbortSignal.timeout(this.#config.deadline ?? DEADLINE);
    const overdue = this.#overdue;
    const { tenantId, keepAlive } = this.#caller;
    const send = () => this.#sendNow(queries, overdue, options);
    const isSecond = this.roundTrips > 0;
    const sent = tenantId ? whenFree(tenantId, { signal: overdue, isSecond }, send) : send();
    // Workers drop what is left of a request whose caller goes away: its place would not be given back.
    keepAlive?.(sent);
    return sent;
  }

  async #sendNow(queries: Queries, overdue: AbortSignal, { readOnly = false, passOn = [] }: SendOptions) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(queries, readOnly, overdue);
      } catch (error) {
        // Nothing else is tried again: a batch whose answer was lost may have been carried out.
        if (isTransient(error) && attempt < ATTEMPTS && !overdue.aborted) {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * 2 ** attempt));
          continue;
        }
        const state = sqlState(error);
        if (state && passOn.includes(state)) throw error;
        // An answer of PostgreSQL's counts, however late; without one, the deadline says why.
        const problem = !state && overdue.aborted ? timedOut() : toProblem(error);
        if (problem.status >= 500) this.#log('error', 'database_error', reasonOf(error));
        throw problem;
      }
    }
  }

  async #attempt(queries: Statement[], readOnly: boolean, signal: AbortSignal): Promise<Row[]> {
    const { tenantId, platform, actor = null, requestId, traceparent } = this.#caller;
    const enter = tenantId
      ? [{ sql: 'select enter_tenant($1, $2, $3)', parameters: [tenantId, actor, requestId] }]
      : platform
        ? [{ sql: 'select enter_platform($1, $2)', parameters: [actor, requestId] }]
        : [];
    const start = performance.now();
    const onRoundTrip = () => {
      this.roundTrips++;
    };
    try {
      const results = await driverFor(this.#config).batch([...enter, ...queries], {
        readOnly,
        signal,
        onRoundTrip,
        traceparent,
      });
      for (const rows of results.slice(enter.length)) this.rows += rows.length;
      return results.at(-1) ?? [];
    } finally {
      const ms = performance.now() - start;
      this.milliseconds += ms;
      const { slowAfter = Number.POSITIVE_INFINITY } = this.#config;
      if (ms > slowAfter) this.#log('warn', 'slow_query', { db_ms: Math.round(ms), statements: queries.length });
    }
  }

  #log(level: 'warn' | 'error', event: string, fields: Record<string, unknown>): void {
    const { requestId, tenantId = null, function: query } = this.#caller;
    log(level, event, { request_id: requestId, tenant: tenantId, query, ...fields });
  }
}
