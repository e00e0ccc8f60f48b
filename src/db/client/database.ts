import { type Compilable, Kysely } from 'kysely';
import { log } from '../../log.ts';
import { telemetry } from '../../telemetry.ts';
import { atHome } from '../shards/at-home.ts';
import { cacheHome } from '../shards/directory-cache.ts';
import { databaseOf, firstOf, type Shards } from '../shards/shards.ts';
import type { DB } from '../types.ts';
import { type Caller, contextStatements } from './caller.ts';
import { maxRunning, runWhenFree } from './concurrency.ts';
import { batchDialect } from './dialect.ts';
import type { DatabaseConfig, Row, Statement } from './drivers/driver.ts';
import { DatabaseError, isTransient, reasonOf, sqlState, toDatabaseError } from './errors.ts';
import { driverFor } from './open-drivers.ts';
import { notFound } from './rejections.ts';
import { MAX_BODY_BYTES } from './response-limit.ts';
import { Usage } from './usage.ts';

/**
 * Batches of API keys that may be made up are bounded together: neither do those of the tenants that they name wait for them,
 * nor can somebody without a key take up the database.
 */
const UNKNOWN_KEYS = 'unknown API keys';

/** How often a batch is sent at most. Only one that was rolled back is sent again, so nothing is done twice. */
const MAX_ATTEMPTS = 4;

/**
 * How long all batches of one request may take together, attempts and the pauses between them included (ms). What has
 * no response by then is given up; each statement has its own, shorter limit.
 */
const DEADLINE_MS = 20_000;

interface SendOptions {
  readOnly?: boolean;
  /** SQLSTATEs whose errors are thrown as they are. */
  rethrowSqlStates?: string[];
}

/**
 * The database, for one request. Everything that it sends is one batch: one transaction, sent in one round trip, whose
 * first statement sets the tenant. So no query can run without a tenant, or with the tenant of another request. How many
 * batches of one tenant are under way at a time is bounded, see {@link runWhenFree}.
 *
 * `query` builds and runs reads: each `execute…()` is a read-only batch of its own. Writes are built with it and sent
 * together by {@link write}.
 *
 * Where there are several databases, those of a tenant go to the tenant's home, see {@link atHome}, or to the proxy that knows
 * it; others to the first.
 *
 * Every failure is thrown as a {@link DatabaseError}, except for the SQLSTATEs in `rethrowSqlStates`.
 */
export class Database {
  readonly query: Kysely<DB>;
  /** The databases among which tenants are spread, where there are several. */
  readonly shards: Shards | undefined;
  readonly #config: DatabaseConfig;
  readonly #caller: Caller;
  /** Whose home is asked. */
  readonly #resident: string | undefined;
  readonly #usage: Usage;
  /** Whether a dry run is over. */
  #isTried = false;

  /**
   * @param config the database, of several the first
   * @param resident the tenant whose home is asked, if not the caller
   */
  constructor(
    config: DatabaseConfig,
    caller: Caller,
    {
      shards,
      resident = caller.tenantId,
      usage,
    }: { shards?: Shards | undefined; resident?: string; usage?: Usage } = {},
  ) {
    this.#config = config;
    this.#caller = caller;
    this.shards = shards;
    this.#resident = resident;
    this.#usage = usage ?? new Usage(config.deadlineMs ?? DEADLINE_MS);
    this.query = new Kysely<DB>({ dialect: batchDialect((query) => this.#send([query], { readOnly: true })) });
  }

  /** Round trips so far. */
  get roundTrips(): number {
    return this.#usage.roundTrips;
  }

  /** Milliseconds spent in them. */
  get milliseconds(): number {
    return this.#usage.milliseconds;
  }

  /** Rows that came back. */
  get rows(): number {
    return this.#usage.rows;
  }

  /** One of several databases by its name, for the same request. */
  at(shard: string): Database {
    if (!this.shards) return this;
    const { tenantId: _, ...caller } = this.#caller;
    return new Database(databaseOf(this.shards, shard), caller, { shards: this.shards, usage: this.#usage });
  }

  /** The home of a tenant, for the platform. */
  homeOf(tenantId: string): Database {
    if (!this.shards && !this.#config.shardingKey) return this;
    return new Database(this.#config, this.#caller, { shards: this.shards, resident: tenantId, usage: this.#usage });
  }

  /** The tenant of the caller. A query of tenant tables that is made without one is a bug. */
  get tenantId(): string {
    if (!this.#caller.tenantId) throw new Error('This request has no tenant.');
    return this.#caller.tenantId;
  }

  /** With what the caller has come. */
  get credential(): 'token' | 'api_key' {
    return this.#caller.apiKey ? 'api_key' : 'token';
  }

  /** Whether nothing stays of what is written. */
  get isDryRun(): boolean {
    return this.#caller.isDryRun ?? false;
  }

  /** What the body of an answer to a write may have (bytes): beyond that nothing is written. */
  get maxAnswerBytes(): number {
    return this.#caller.maxAnswerBytes ?? MAX_BODY_BYTES;
  }

  /** Whose rows a list shows: a cursor is bound to it. */
  get scope(): string {
    return this.#caller.tenantId ?? 'platform';
  }

  /**
   * Sends statements as one batch in READ COMMITTED, so that each sees what was committed before it began. All happen or
   * none. After a deadlock or serialisation failure the whole batch is sent again, with jitter. In a dry run it is rolled back
   * at its end; as it then is as if it had not been, nothing can be built on it in another batch.
   * @returns the rows of the last statement
   */
  async write<Last>(statements: [...Compilable[], Compilable<Last>], rethrowSqlStates: string[] = []): Promise<Last[]> {
    if (this.#isTried) throw new Error('A dry run is one batch.');
    const compiled = statements.map((statement) => statement.compile());
    const last = (await this.#send(compiled, { rethrowSqlStates })) as Last[];
    this.#isTried = this.isDryRun;
    return last;
  }

  /**
   * Sends nothing but who asks, to the home of the caller's tenant.
   * @throws DatabaseError `rejected` where that is refused: with `unauthenticated` for an API key that is not good, with
   *   `forbidden` for one whose role is too low
   */
  async identify(): Promise<void> {
    await this.#send([], { readOnly: true });
  }

  /** Has the copy of the directory say where a tenant is, see {@link cacheHome}. Nobody waits for it. */
  cacheHome(tenantId: string, shard: string): void {
    if (this.shards) this.#keepAlive(cacheHome(this.shards, tenantId, shard));
  }

  #keepAlive(work: Promise<unknown>): void {
    this.#caller.keepAlive?.(work);
  }

  #send(queries: Statement[], options: SendOptions): Promise<Row[]> {
    const deadline = this.#usage.deadline();
    const { tenantId, apiKey } = this.#caller;
    const send = () => this.#sendToHome(queries, deadline, options);
    const isSecond = this.roundTrips > 0;
    const scope = apiKey && !apiKey.isKnown ? UNKNOWN_KEYS : tenantId;
    const limits = { signal: deadline, isSecond, max: maxRunning(this.#config.connections) };
    const sent = scope ? runWhenFree(scope, limits, send) : send();
    // Workers drop a request whose caller goes away, and would not give its slot back.
    this.#keepAlive(sent);
    return sent;
  }

  #sendToHome(queries: Statement[], deadline: AbortSignal, options: SendOptions): Promise<Row[]> {
    const shards = this.shards;
    const tenantId = this.#resident;
    if (tenantId !== undefined && shards?.proxy) return this.#sendWithRetries(shards.proxy, queries, deadline, options);
    if (!shards || tenantId === undefined) return this.#sendWithRetries(this.#config, queries, deadline, options);
    const ask = (shard: string, batch: Statement[], how: SendOptions) =>
      this.#sendWithRetries(databaseOf(shards, shard), batch, deadline, how);
    const isServed = {
      sql: 'select refuse_unless_served($1::uuid, $2::json)',
      parameters: [tenantId, JSON.stringify(notFound('tenant'))],
    };
    return atHome({
      shards,
      tenantId,
      isRead: options.readOnly ?? false,
      ask: (shard) => ask(shard, queries, options),
      probe: (shard) => ask(shard, [isServed], { readOnly: true }),
      lookUp: () => this.#lookUp(shards, tenantId),
      keepAlive: (work) => this.#keepAlive(work),
    });
  }

  /** The home of a tenant as the directory has it. */
  async #lookUp(shards: Shards, tenantId: string): Promise<string | undefined> {
    const { tenantId: _, apiKey: __, ...caller } = this.#caller;
    const config = databaseOf(shards, firstOf(shards));
    const first = new Database(config, { ...caller, platform: true }, { usage: this.#usage });
    const ofTenant = first.query.selectFrom('tenant_directory').select('shard').where('id', '=', tenantId);
    return (await ofTenant.executeTakeFirst())?.shard;
  }

  async #sendWithRetries(
    config: DatabaseConfig,
    queries: Statement[],
    deadline: AbortSignal,
    { readOnly = false, rethrowSqlStates = [] }: SendOptions,
  ): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(config, queries, readOnly, deadline);
      } catch (error) {
        // Nothing else is sent again: a batch whose response was lost may have been committed.
        if (isTransient(error) && attempt < MAX_ATTEMPTS && !deadline.aborted) {
          telemetry.onRetry();
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * 2 ** attempt));
          continue;
        }
        const state = sqlState(error);
        if (state && rethrowSqlStates.includes(state)) throw error;
        // An error that PostgreSQL gave counts, however late it is. Without one, the deadline is the reason.
        const failed = !state && deadline.aborted ? new DatabaseError({ kind: 'timeout' }) : toDatabaseError(error);
        if (failed.isServerFault) this.#log('error', 'database_error', { ...reasonOf(error), ...placeOf(config) });
        throw failed;
      }
    }
  }

  async #attempt(config: DatabaseConfig, queries: Statement[], readOnly: boolean, signal: AbortSignal): Promise<Row[]> {
    const { traceparent } = this.#caller;
    const tenantId = this.#resident;
    // A proxy would answer for one database of several, or of none.
    if (config.shardingKey && tenantId === undefined) throw new DatabaseError({ kind: 'no_sharding_key' });
    const context = contextStatements(this.#caller, readOnly);
    const usage = this.#usage;
    const start = performance.now();
    const onRoundTrip = () => {
      usage.roundTrips++;
    };
    usage.begin();
    try {
      const results = await driverFor(config).batch([...context, ...queries], {
        readOnly,
        tenantId,
        isDryRun: !readOnly && this.isDryRun,
        signal,
        onRoundTrip,
        traceparent,
      });
      for (const rows of results.slice(context.length)) usage.rows += rows.length;
      if (!readOnly && !this.isDryRun && results[0]?.[0]?.webhooks === 'on') this.#caller.announce?.(config.shard);
      return results.at(-1) ?? [];
    } finally {
      usage.end();
      const ms = performance.now() - start;
      const { slowAfterMs = Number.POSITIVE_INFINITY } = config;
      if (ms > slowAfterMs) this.#log('warn', 'slow_query', { db_ms: Math.round(ms), statements: queries.length });
    }
  }

  #log(level: 'warn' | 'error', event: string, fields: Record<string, unknown>): void {
    const { requestId, tenantId = null, operationId } = this.#caller;
    log(level, event, { request_id: requestId, tenant: tenantId, operation_id: operationId, ...fields });
  }
}

/** Where batches are sent: without the user and password of the URL. */
function placeOf({ url, endpoint, shard }: DatabaseConfig): { host?: string | undefined; shard?: string } {
  return { host: URL.parse(endpoint ?? url)?.host, ...(shard ? { shard } : {}) };
}
