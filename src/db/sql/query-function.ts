import { type Compilable, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import { QUERY_FUNCTIONS } from '../query-functions.ts';

/*
 * Queries that are kept in the database as functions. PostgreSQL plans a statement anew each time that it comes over
 * Neon's HTTP, which takes longer than running it; the plan of a function is kept by each connection.
 */

/** The types of parameters, by their names in SQL. */
interface ValueOf {
  uuid: string;
  integer: number;
  text: string | null;
  'text[]': string[];
}
type SqlType = keyof ValueOf;
type Values<P extends Record<string, SqlType>> = { [K in keyof P]: ValueOf[P[K]] };

/** A query of at most one row, and the function that it is kept as. */
export interface QueryFunction<P extends Record<string, SqlType> = Record<string, SqlType>, Row = unknown> {
  name: keyof typeof QUERY_FUNCTIONS;
  /** Beyond the tenant, which is the first one. */
  parameters: P;
  /** The columns of its row, all of them text. */
  columns: (keyof Row & string)[];
  /** Builds the query, of which `npm run generate` makes a migration. It may not compute with the values. */
  query: (db: Database, values: Values<P>) => Compilable<Row>;
}

/** Runs a query that is kept as a function, as one read. */
export async function callQueryFunction<P extends Record<string, SqlType>, Row>(
  db: Database,
  { name, parameters, columns }: QueryFunction<P, Row>,
  values: Values<P>,
): Promise<Row | undefined> {
  const args = [db.tenantId, ...Object.keys(parameters).map((parameter) => values[parameter])];
  const call = sql<Row>`select ${sql.join(columns.map(sql.ref))} from ${sql.id(QUERY_FUNCTIONS[name])}(${sql.join(args)})`;
  const { rows } = await call.execute(db.query);
  return rows[0];
}
