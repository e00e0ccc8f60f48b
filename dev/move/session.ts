import type { Client, ClientBase, QueryResultRow } from 'pg';

/* A connection to one of the databases, and its transactions. */

/** One of the databases that tenants are spread over. */
export interface Shard {
  name: string;
  /** As the owner of its tables. */
  client: Client;
}

/** How long another run may take to let go of a tenant (ms): one that was killed may still have a statement under way. */
const LOCK_TIMEOUT_MS = 15_000;

/** What PostgreSQL prints depends on these; two databases are to print the same. */
const SAME_TEXT = `
  set local search_path = pg_catalog, public, pg_temp; set local timezone = 'UTC'; set local datestyle = 'ISO, YMD';
  set local intervalstyle = 'postgres'; set local extra_float_digits = 1; set local bytea_output = 'hex';
  set local xmlbinary = 'base64'; set local enable_seqscan = off; set local jit = off; set local statement_timeout = 0;
  set local lock_timeout = '30s'; set local idle_in_transaction_session_timeout = 0`;

/**
 * Runs work in one transaction, rolled back where the work throws. Row-level security raises where it would leave out a row.
 * @param how `read`: a view that does not change; `copy`: triggers rest (see rest_while_copying()); `write`: they act
 */
export async function inTransaction<T>(
  client: ClientBase,
  how: 'read' | 'copy' | 'write',
  work: () => Promise<T>,
): Promise<T> {
  const mode = how === 'read' ? 'isolation level repeatable read, read only' : 'read write';
  await client.query(
    `begin transaction ${mode}; set local row_security = off; ${SAME_TEXT};
     ${how === 'copy' ? `set local app.copying = 'on'` : ''}`,
  );
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** The one row that a query has. */
export async function only<Row extends QueryResultRow>(
  client: ClientBase,
  sql: string,
  parameters: unknown[] = [],
): Promise<Row> {
  const { rows } = await client.query<Row>(sql, parameters);
  const [row] = rows;
  if (!row) throw new Error('PostgreSQL gave no row where there is always one.');
  return row;
}

/**
 * Locks the tenant in a database for as long as this connection lasts, so that no two runs move it at the same time. Whatever a
 * run does, it does on the connection that holds the lock: if that breaks, it can do nothing more.
 * @param timeout for how long it is waited for (ms)
 * @throws Error of one line where another run has it
 */
export async function lockTenant({ name, client }: Shard, tenantId: string, timeout = LOCK_TIMEOUT_MS): Promise<void> {
  try {
    await client.query(`set lock_timeout = ${timeout}`);
    await client.query(`select pg_advisory_lock(hashtext('move-tenant'), hashtext($1))`, [tenantId]);
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    throw new Error(`Another run is moving this tenant: it holds the lock in ${name}.`);
  }
}
