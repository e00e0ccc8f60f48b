import { type NeonQueryFunction, neon, neonConfig } from '@neondatabase/serverless';
import { type Compilable, type CompiledQuery, Kysely } from 'kysely';
import { NeonDialect } from 'kysely-neon';
import { isTransient, toProblem } from './errors.ts';
import type { DB } from './types.ts';

/** One row of a result, as Kysely would give it: members by column name. */
export type Row = Record<string, unknown>;

/** Who asks, in which request. Without a tenant: a `platform` token, or nobody (`/ready`). */
export interface Caller {
  tenantId?: string;
  platform?: boolean;
  actor?: string;
  requestId: string;
}

/** How the database is reached. */
export interface DatabaseConfig {
  /** `postgres://user:password@host/database`, the Worker's own role. */
  url: string;
  /** Where SQL over HTTP is spoken, if not at the host's own address: the local Neon endpoint. */
  endpoint?: string;
}

/** A write goes out at most this often: nothing of a rolled-back batch stays, so sending it again is safe. */
const ATTEMPTS = 4;

/** A batch that has no answer by then is given up (ms); its statements have their own, shorter limit. */
const DEADLINE = 20_000;

const clients = new Map<string, NeonQueryFunction<false, true>>();

function clientFor({ url, endpoint }: DatabaseConfig): NeonQueryFunction<false, true> {
  // The driver keeps this setting for the whole module; a deployment has one database.
  if (endpoint) neonConfig.fetchEndpoint = endpoint;
  let client = clients.get(url);
  if (!client) {
    client = neon(url, { fullResults: true, disableWarningInBrowsers: true });
    clients.set(url, client);
  }
  return client;
}

/**
 * One request's database. Everything it sends is one batch, which is one transaction in one HTTP request, and
 * whose first statement says who asks: so no query can run without a tenant, or with that of another request.
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
  readonly query: Kysely<DB>;
  readonly #client: NeonQueryFunction<false, true>;
  readonly #caller: Caller;

  constructor(config: DatabaseConfig, caller: Caller) {
    this.#client = clientFor(config);
    this.#caller = caller;
    this.query = new Kysely<DB>({
      dialect: new NeonDialect({
        neon: Object.assign(() => {}, {
          query: async (sql: string, parameters: unknown[] = []) => {
            const results = await this.#send([{ sql, parameters }], { readOnly: true });
            return results.at(-1);
          },
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
    const results = await this.#send(
      statements.map((statement) => statement.compile()),
      { passOn },
    );
    return (results.at(-1)?.rows ?? []) as Last[];
  }

  async #send(
    queries: Pick<CompiledQuery, 'sql' | 'parameters'>[],
    { readOnly = false, passOn = [] as string[] }: { readOnly?: boolean; passOn?: string[] },
  ) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(queries, readOnly);
      } catch (error) {
        if (isTransient(error) && attempt < ATTEMPTS) {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * 2 ** attempt));
          continue;
        }
        if (passOn.includes((error as { code?: string }).code ?? '')) throw error;
        const problem = toProblem(error);
        if (problem.status >= 500) console.error(describe(error));
        throw problem;
      }
    }
  }

  async #attempt(queries: Pick<CompiledQuery, 'sql' | 'parameters'>[], readOnly: boolean) {
    const sql = this.#client;
    const { tenantId, platform, actor = null, requestId } = this.#caller;
    const enter = tenantId
      ? [sql`select enter_tenant(${tenantId}, ${actor}, ${requestId})`]
      : platform
        ? [sql`select enter_platform(${actor}, ${requestId})`]
        : [];
    const start = performance.now();
    this.roundTrips++;
    try {
      return await sql.transaction([...enter, ...queries.map((q) => sql.query(q.sql, [...q.parameters]))], {
        isolationLevel: 'ReadCommitted',
        readOnly,
        fetchOptions: { signal: AbortSignal.timeout(DEADLINE) },
      });
    } finally {
      this.milliseconds += performance.now() - start;
    }
  }
}

/** What the log says: the SQLSTATE, or why there was no answer. A message of PostgreSQL's can hold a caller's values. */
function describe(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  return JSON.stringify({ level: 'error', event: 'database_error', ...(code ? { sqlstate: code } : { message }) });
}
