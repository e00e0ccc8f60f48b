import { type Compilable, type SelectQueryBuilder, sql } from 'kysely';
import { Problem } from '../../problem.ts';
import { withinLimit } from '../sql/response-limit.ts';
import type { Database } from './database.ts';
import { ANSWERED_ALREADY, sqlState } from './errors.ts';

declare const shape: unique symbol;

/** JSON text of a `T`, made by the database. It goes out as it is; the type follows it to the response schema. */
export type JsonText<T> = string & { readonly [shape]: T };

// biome-ignore lint/suspicious/noExplicitAny: which tables a query reads does not matter to who wraps it
type Query<Columns> = SelectQueryBuilder<any, any, Columns>;

export interface Answer<T> {
  /** `<version>.<digest>`, or the digest alone, without quotes. */
  etag: string;
  /** Null where the caller has this representation already (`If-None-Match`). */
  body: JsonText<T> | null;
}

/** A query of at most one row: the version (null where the resource has none) and the JSON to show. */
export type Source<T> = Query<{ version: number | null; body: T }>;

interface AnswerOptions {
  /** The parameter to lower where the answer would exceed 8 MiB: `?limit`. */
  lower?: string | undefined;
  /** Entity tags that the caller has, without quotes; `*` for any. */
  ifNoneMatch?: string[];
}

/** The same for a list: with the cursor of its next page, for the `Link` header. */
export type ListSource<T> = Query<{ version: null; body: T; next_cursor: string | null }>;

/** The `answer` (etag, body) of a source, for a statement to end with or to store. */
function withAnswer<T>(db: Database, source: Source<T>, lower: string | undefined) {
  // Both are materialised, because PostgreSQL would otherwise build the JSON once for every mention.
  return db.query
    .with(
      (cte) => cte('source').materialized(),
      () => source,
    )
    .with(
      (cte) => cte('answer').materialized(),
      (qb) =>
        qb
          .selectFrom('source')
          .select([
            sql<string>`etag_of(version, body::text)`.as('etag'),
            withinLimit<JsonText<T>>('body', lower).as('body'),
          ]),
    );
}

/**
 * Asks for one answer, in one round trip. The digest is made in the same statement, and a body that the caller
 * has already is not sent, not even from the database.
 * @returns undefined where the source has no row.
 */
export async function readAnswer<T>(
  db: Database,
  source: Source<T>,
  { lower, ifNoneMatch = [] }: AnswerOptions = {},
): Promise<Answer<T> | undefined> {
  return withAnswer(db, source, lower)
    .selectFrom('answer')
    .select(['etag', unlessKnown<T>(ifNoneMatch)])
    .executeTakeFirst();
}

/** {@link readAnswer} for a list. */
export async function readList<T>(
  db: Database,
  source: ListSource<T>,
  { lower = '?limit', ifNoneMatch = [] }: AnswerOptions = {},
): Promise<(Answer<T> & { nextCursor: string | null }) | undefined> {
  try {
    return await withAnswer<T>(db, source, lower)
      .selectFrom(['answer', 'source'])
      .select(['etag', unlessKnown<T>(ifNoneMatch), sql<string | null>`next_cursor`.as('nextCursor')])
      .executeTakeFirst();
  } catch (error) {
    // Of a list's values only those in a cursor have not been checked one by one.
    if (!(error instanceof Problem) || error.code !== 'invalid_request') throw error;
    throw new Problem('invalid_cursor', '?cursor: holds no position of this list', {
      errors: [{ pointer: '?cursor', code: 'invalid_cursor', message: 'holds no position of this list' }],
    });
  }
}

function unlessKnown<T>(ifNoneMatch: string[]) {
  return sql<JsonText<T> | null>`case when array['*', etag] && ${ifNoneMatch}::text[] then null else answer.body end`.as(
    'body',
  );
}

/** What a write answers with, and under which idempotency key that is to be found again. */
export interface Reply {
  status: number;
  location?: string;
  /** The member to lower where the answer would exceed 8 MiB. */
  lower?: string;
  /** `hash`: SHA-256 (hex) over method, path with query, and raw body. */
  idempotency?: { key: string; hash: string } | undefined;
}

export interface WriteAnswer<T> {
  status: number;
  location: string | null;
  etag: string | null;
  /** Null where the write answers with nothing. */
  body: JsonText<T> | null;
  /** Whether this is the stored answer of an earlier, equal request. */
  replayed: boolean;
}

/**
 * Runs a write and answers with the given source, all in one batch. With an idempotency key, the key is claimed
 * first and the answer is stored with it, in the same transaction; a key that has been answered costs a second
 * round trip, for the stored answer. The source must yield a row once the statements have run.
 */
export function writeAnswer<T>(
  db: Database,
  reply: Reply,
  statements: Compilable[],
  source: Source<T>,
): Promise<WriteAnswer<T>> {
  const answer = withAnswer(db, source, reply.lower);
  const shown = answer.selectFrom('answer').select(['etag', 'body']);
  return once<T>(db, reply, statements, shown, ({ key, stored }) =>
    answer
      .with('stored', (qb) =>
        qb
          .updateTable('idempotency_keys')
          .from('answer')
          .set((eb) => ({ ...stored, etag: eb.ref('answer.etag'), body: eb.ref('answer.body') }))
          .where('idempotency_keys.tenant_id', '=', db.tenantId)
          .where('idempotency_keys.key', '=', key),
      )
      .selectFrom('answer')
      .select(['etag', 'body']),
  );
}

/**
 * The same for a write that answers with nothing but its status.
 * @param passOn SQLSTATEs to be thrown as they are
 */
export function writeNothing(
  db: Database,
  reply: Reply,
  statements: Compilable[],
  passOn: string[] = [],
): Promise<WriteAnswer<never>> {
  const nothing = db.query.selectNoFrom([sql<null>`null::text`.as('etag'), sql<null>`null::text`.as('body')]);
  return once<never>(
    db,
    reply,
    statements,
    nothing,
    ({ key, stored }) =>
      db.query
        .updateTable('idempotency_keys')
        .set(stored)
        .where('tenant_id', '=', db.tenantId)
        .where('key', '=', key)
        .returning(['etag', 'body']),
    passOn,
  );
}

type Shown<T> = Compilable<{ etag: string | null; body: JsonText<T> | null }>;

/** Runs a write whose last statement is `plain`, or with an idempotency key what `storing` makes, at most once. */
async function once<T>(
  db: Database,
  { status, location, idempotency }: Reply,
  statements: Compilable[],
  plain: Shown<T>,
  storing: (into: { key: string; stored: { status: number; location: string | null } }) => Compilable,
  passOn: string[] = [],
): Promise<WriteAnswer<T>> {
  const stored = { status, location: location ?? null };
  if (!idempotency) {
    const [row] = await db.write([...statements, plain], passOn);
    return { ...stored, replayed: false, ...present(row) };
  }
  const { key, hash } = idempotency;
  const claim = db.query.selectNoFrom(sql`claim_idempotency_key(${key}, ${hash})`.as('claimed'));
  try {
    const [row] = await db.write(
      [claim, ...statements, storing({ key, stored }) as Shown<T>],
      [ANSWERED_ALREADY, ...passOn],
    );
    return { ...stored, replayed: false, ...present(row) };
  } catch (error) {
    if (sqlState(error) !== ANSWERED_ALREADY) throw error;
    return replay(db, key);
  }
}

async function replay<T>(db: Database, key: string): Promise<WriteAnswer<T>> {
  const row = await db.query
    .selectFrom('idempotency_keys')
    .select(['status', 'location', 'etag', 'body'])
    .where('tenant_id', '=', db.tenantId)
    .where('key', '=', key)
    .executeTakeFirst();
  if (!row) throw new Problem('conflict', 'The answer to this Idempotency-Key has just expired: use another key.');
  const { status, location, etag, body } = row;
  if (status !== 204 && body === null) {
    throw new Problem('not_found', 'What the first request with this Idempotency-Key made has been purged.');
  }
  return { status: status as number, location, etag, body: body as JsonText<T> | null, replayed: true };
}

function present<R>(row: R | undefined): R {
  if (row === undefined) throw new Error('a write left no answer');
  return row;
}
