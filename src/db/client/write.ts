import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from './database.ts';
import { ALREADY_COMPLETED, DatabaseError, sqlState, TOO_MANY_ROWS } from './errors.ts';
import { type JsonText, type RepresentationQuery, withRepresentation } from './read.ts';

/** What a request asks of a write, and what its response will have. */
export interface WriteOptions {
  status: number;
  location?: string;
  /** Entity tags of which the resource must have one (`If-Match`), without quotes. Undefined: any will do. */
  ifMatch?: string[] | undefined;
  /** The member of the body, or the parameter, to lower where the response would exceed 8 MiB. */
  limitParameter?: string;
  /** `hash`: SHA-256 (hex) over method, path with query, and raw body. */
  idempotency?: { key: string; hash: string } | undefined;
  /** When the response is stored with the key, of its `body`; it always is where this is undefined. */
  storeIf?: RawBuilder<boolean>;
  /** Of a write that is one of several operations, which are sent together: nothing is sent for it by itself. */
  operation?: Operation;
}

/** One of several operations of a batch. */
export interface Operation {
  /** What the caller calls it. */
  name: string | null;
  /** Takes its statements. */
  add(statements: Statements): void;
}

/** What an operation sends, in this order. */
export type Statements = Compilable[];

export interface WriteResult<T> {
  status: number;
  location: string | null;
  etag: string | null;
  /** Null where the response has no body. */
  body: JsonText<T> | null;
  /** Whether this is the stored response to an earlier, equal request. */
  replayed: boolean;
}

/**
 * Runs a write and responds with a representation, all in one batch. With an idempotency key, the key is claimed first
 * and the response is stored with it, in the same transaction; a key that has been used costs a second round trip, for
 * the stored response.
 * @param query has a row once the statements have run
 */
export async function writeRepresentation<T>(
  db: Database,
  options: WriteOptions,
  statements: Compilable[],
  query: RepresentationQuery<T>,
): Promise<WriteResult<T>> {
  const representation = withRepresentation(db, query, options.limitParameter);
  if (options.operation) {
    const outcome = representation.selectFrom('representation');
    return addOperation(options, [...statements, outcome.select(keepResult(options, sql`etag`, sql`body`))]);
  }
  const idempotency = claimOf(db, options);
  if (!idempotency) {
    const [row] = await db.write([...statements, representation.selectFrom('representation').select(['etag', 'body'])]);
    return resultOf(options, row);
  }
  const { storeIf } = options;
  const store = representation
    .with('stored', (qb) =>
      qb
        .updateTable('idempotency_keys')
        .from('representation')
        .set((eb) => ({
          ...storedColumns(options),
          etag: storeIf
            ? sql<string | null>`case when ${storeIf} then representation.etag end`
            : eb.ref('representation.etag'),
          body: storeIf
            ? sql<JsonText<T>>`case when ${storeIf} then representation.body end`
            : eb.ref('representation.body'),
        }))
        .where('idempotency_keys.tenant_id', '=', db.tenantId)
        .where('idempotency_keys.key', '=', idempotency.key),
    )
    .selectFrom('representation')
    .select(['etag', 'body']);
  return runIdempotently<T>(db, options, idempotency, [...statements, store]);
}

/**
 * Runs a write whose response has no body, see {@link writeRepresentation}.
 * @param rethrowSqlStates SQLSTATEs whose errors are thrown as they are
 */
export async function writeNothing(
  db: Database,
  options: WriteOptions,
  statements: Compilable[],
  rethrowSqlStates: string[] = [],
): Promise<WriteResult<never>> {
  if (options.operation) {
    const kept = keepResult(options, sql`null`, sql`null`);
    return addOperation(options, [...statements, db.query.selectNoFrom(kept)]);
  }
  const idempotency = claimOf(db, options);
  if (!idempotency) {
    try {
      await db.write(statements as [...Compilable[], Compilable], rethrowSqlStates);
    } catch (error) {
      // What takes several batches has been found to be allowed by then, and the next ones would build on the first.
      if (!db.isDryRun || sqlState(error) !== TOO_MANY_ROWS) throw error;
    }
    return resultOf(options, { etag: null, body: null });
  }
  const store = db.query
    .updateTable('idempotency_keys')
    .set(storedColumns(options))
    .where('tenant_id', '=', db.tenantId)
    .where('key', '=', idempotency.key)
    .returning(['etag', 'body']);
  return runIdempotently<never>(
    db,
    options,
    idempotency,
    [...statements, store as Compilable<Outcome<never>>],
    rethrowSqlStates,
  );
}

/** The idempotency key to claim. A dry run claims none, and is answered nothing that is stored. */
function claimOf(db: Database, { idempotency }: WriteOptions): WriteOptions['idempotency'] {
  return db.isDryRun ? undefined : idempotency;
}

type Outcome<T> = { etag: string | null; body: JsonText<T> | null };

/** Runs a batch that stores its response with an idempotency key, once for each key. */
async function runIdempotently<T>(
  db: Database,
  options: WriteOptions,
  { key, hash }: NonNullable<WriteOptions['idempotency']>,
  statements: [...Compilable[], Compilable<Outcome<T>>],
  rethrowSqlStates: string[] = [],
): Promise<WriteResult<T>> {
  const claim = db.query.selectNoFrom(sql`claim_idempotency_key(${key}, ${hash})`.as('claimed'));
  try {
    const [row] = await db.write([claim, ...statements], [ALREADY_COMPLETED, ...rethrowSqlStates]);
    return resultOf(options, row);
  } catch (error) {
    if (sqlState(error) !== ALREADY_COMPLETED) throw error;
    return storedResponse(db, key);
  }
}

/** @returns what is known of the response before the operations are sent */
function addOperation<T>(options: WriteOptions, statements: Compilable[]): WriteResult<T> {
  options.operation?.add(statements);
  return resultOf(options, { etag: null, body: null });
}

/** An expression that keeps the answer to an operation in the transaction, see `keep_result()`. */
function keepResult(
  { operation, status, location }: WriteOptions,
  etag: RawBuilder<unknown>,
  body: RawBuilder<unknown>,
) {
  const name = operation?.name ?? null;
  return sql`keep_result(${name}, ${status}::integer, ${location ?? null}, ${etag}, ${body})`.as('kept');
}

function storedColumns({ status, location }: WriteOptions) {
  return { status, location: location ?? null };
}

function resultOf<T>({ status, location }: WriteOptions, row: Outcome<T> | undefined): WriteResult<T> {
  if (!row) throw new Error('A write has left nothing to respond with.');
  return { status, location: location ?? null, etag: row.etag, body: row.body, replayed: false };
}

async function storedResponse<T>(db: Database, key: string): Promise<WriteResult<T>> {
  const row = await db.query
    .selectFrom('idempotency_keys')
    .select(['status', 'location', 'etag', 'body'])
    .where('tenant_id', '=', db.tenantId)
    .where('key', '=', key)
    .executeTakeFirst();
  if (!row) throw new DatabaseError({ kind: 'stored_response_expired' });
  const { status, location, etag, body } = row;
  if (status !== 204 && body === null) throw new DatabaseError({ kind: 'stored_response_purged' });
  return { status: status as number, location, etag, body: body as JsonText<T> | null, replayed: true };
}
