import { type SelectQueryBuilder, sql } from 'kysely';
import type { Database } from './database.ts';
import { DatabaseError } from './errors.ts';
import { notFound } from './rejections.ts';
import { MAX_BODY_BYTES, withinLimit } from './response-limit.ts';

declare const shape: unique symbol;

/** JSON text of a `T`, made by the database. It is sent to the caller unparsed; the type follows it to the response. */
export type JsonText<T> = string & { readonly [shape]: T };

// biome-ignore lint/suspicious/noExplicitAny: which tables a query reads does not matter to the one that wraps it
type Query<Columns> = SelectQueryBuilder<any, any, Columns>;

/** A resource as callers see it (RFC 9110 §3.2), with its entity tag. */
export interface Representation<T> {
  /** `<version>.<digest>`, or the digest alone, without quotes. */
  etag: string;
  /** Null where the caller has this representation already (`If-None-Match`). */
  body: JsonText<T> | null;
}

/** One page of a list. */
export interface ListRepresentation<T> extends Representation<T> {
  nextCursor: string | null;
}

/** A query of at most one row: the version (null where the resource has none) and the JSON to show. */
export type RepresentationQuery<T> = Query<{ version: number | null; body: JsonText<T> }>;

/** A query of at most one row: the JSON of a page, and the cursor of the next page for the `Link` header. */
export type ListRepresentationQuery<T> = Query<{ version: null; body: JsonText<T>; next_cursor: string | null }>;

/** What a request asks of a read. */
export interface ReadOptions {
  /** Entity tags that the caller has, without quotes; `*` for any. */
  ifNoneMatch?: string[];
  /** The parameter to lower where the response would exceed 8 MiB: `?limit`. */
  limitParameter?: string | undefined;
}

/** A query of the entity tag and the body. OFFSET 0 has each made once, and not copied, however often they are mentioned. */
function representationOf<T>(
  db: Database,
  query: Query<{ version: number | null; body: JsonText<T> }>,
  limitParameter?: string,
  maxBytes = MAX_BODY_BYTES,
) {
  return db.query
    .selectFrom(query.offset(sql<number>`0`).as('query'))
    .select([
      sql<string>`etag_of(version, body)`.as('etag'),
      withinLimit<JsonText<T>>('body', limitParameter, maxBytes).as('body'),
    ])
    .offset(sql<number>`0`);
}

/** A query whose common table expression `representation` has the entity tag and the body, to select from or to store. */
export function withRepresentation<T>(db: Database, query: RepresentationQuery<T>, limitParameter: string | undefined) {
  return db.query.with(
    (cte) => cte('representation').materialized(),
    () => representationOf(db, query, limitParameter, db.maxAnswerBytes),
  );
}

/**
 * Reads one representation in one round trip. Its digest is made in the same statement, and a body that the caller has
 * already is not even sent by the database.
 * @param resource which resource it is, for the message where it does not exist
 * @throws DatabaseError `rejected` with `not_found` where the query has no row
 */
export async function fetchRepresentation<T>(
  db: Database,
  resource: string,
  query: RepresentationQuery<T>,
  { limitParameter, ifNoneMatch = [] }: ReadOptions,
): Promise<Representation<T>> {
  return orNotFound(resource, await unlessKnown(db, query, limitParameter, ifNoneMatch).executeTakeFirst());
}

/** @throws DatabaseError `rejected` with `not_found` where there is no row */
export function orNotFound<Row>(resource: string, row: Row | undefined): Row {
  if (!row) throw new DatabaseError({ kind: 'rejected', ...notFound(resource) });
  return row;
}

/** A query of the entity tag and the body, which is null where the caller has it. */
export function unlessKnown<T>(
  db: Database,
  query: RepresentationQuery<T>,
  limitParameter: string | undefined,
  ifNoneMatch: string[],
) {
  return db.query
    .selectFrom(representationOf(db, query, limitParameter).as('representation'))
    .select(['etag', bodyUnlessKnown<T>(ifNoneMatch)]);
}

/**
 * Reads one page of a list in one round trip.
 * @param resource what the list is of, for the message where that does not exist
 * @throws DatabaseError `invalid_cursor` where PostgreSQL refuses a value; `rejected` with `not_found` where the query
 *   has no row, because the project whose tasks are listed does not exist
 */
export async function fetchList<T>(
  db: Database,
  resource: string,
  query: ListRepresentationQuery<T>,
  { limitParameter, ifNoneMatch = [] }: ReadOptions,
): Promise<ListRepresentation<T>> {
  const row = await pageUnlessKnown(db, query, limitParameter, ifNoneMatch).executeTakeFirst().catch(blameCursor);
  return orNotFound(resource, row);
}

/** A query of the entity tag, the body, which is null where the caller has it, and the cursor of the next page. */
export function pageUnlessKnown<T>(
  db: Database,
  query: ListRepresentationQuery<T>,
  limitParameter: string | undefined,
  ifNoneMatch: string[],
) {
  const representation = representationOf<T>(db, query, limitParameter).select(
    sql<string | null>`next_cursor`.as('nextCursor'),
  );
  return db.query
    .selectFrom(representation.as('representation'))
    .select(['etag', bodyUnlessKnown<T>(ifNoneMatch), 'nextCursor']);
}

/** All values in the query of a list have been validated one by one, but for those in a cursor. */
export function blameCursor(error: unknown): never {
  const isCursor = error instanceof DatabaseError && error.failure.kind === 'invalid_value';
  throw isCursor ? new DatabaseError({ kind: 'invalid_cursor' }) : error;
}

function bodyUnlessKnown<T>(ifNoneMatch: string[]) {
  return sql<JsonText<T> | null>`case when array['*', etag] && ${ifNoneMatch}::text[] then null else representation.body end`.as(
    'body',
  );
}
