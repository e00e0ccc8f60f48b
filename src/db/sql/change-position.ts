import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import { cursorContext, type Position } from './keyset.ts';

/*
 * Where a reader of changes is. A cursor is bound to the cluster that made it (PostgreSQL's system identifier): in another
 * one, into which the database has been restored, transactions are numbered anew. It names the last entry of the log that has
 * been read: where that is not there, the database has been set back to before it. Both make it `gone`.
 */

/** The resources whose changes are told, those first that others refer to. */
export const CHANGE_TYPES = ['project', 'tag', 'member', 'task', 'comment'] as const;
export type ChangeType = (typeof CHANGE_TYPES)[number];

/** What the caller asks of the changes. */
export interface ChangesRequest {
  limit: number;
  /** Only changes of these types; of all where it is undefined. */
  types?: ChangeType[] | undefined;
  /** After a position, from the present moment on, or from the begin, which is all that exists. */
  from: ChangePosition | 'now' | 'begin';
}

/** What the cursor of a page of changes is bound to: see {@link cursorContext}. */
export function changesContext(tenantId: string, types: ChangeType[] | undefined): string {
  return cursorContext(tenantId, 'changes', { filters: types?.toSorted().join(',') ?? '', sort: '' });
}

/** A position, as the text of its values. */
export interface ChangePosition {
  /**
   * `log`: after the entry, or among the comments that changed with its task: after the one that was made at `above` and has the id
   * `unit`. `walk`: among all that exists: after the row `unit` of the type with the number `above`. Behind that comes the
   * log, after the entry.
   */
  kind: 'log' | 'walk';
  cluster: string;
  /** The day up to which everything has been read. */
  since: string;
  /** The transaction and id of the last entry of the log that has been read; `0` and the first id where there was none. */
  xid: string;
  entry: string;
  above: string;
  unit: string;
}

/** How many values a cursor has. */
export const CURSOR_LENGTH = 7;

export const FIRST_ID = sql.lit('00000000-0000-0000-0000-000000000000');
export const LAST_ID = sql.lit('ffffffff-ffff-ffff-ffff-ffffffffffff');

/** Reads the values of a cursor; undefined where they are none. */
export function changePosition(values: Position): ChangePosition | undefined {
  const [kind, cluster, since, xid, entry, above, unit] = values;
  if ((kind !== 'log' && kind !== 'walk') || !cluster || !since || !xid || !above) return undefined;
  if (!isId(entry) || !isId(unit)) return undefined;
  return { kind, cluster, since, xid, entry, above, unit };
}

const isId = (text: string | null | undefined): text is string =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text ?? '');

const cluster = sql<string>`(select system_identifier::text from pg_control_system())`;

/** The values of a cursor, for `make_cursor()`: all of them text. */
export function cursorValues(
  kind: ChangePosition['kind'],
  values: Record<'since' | 'xid' | 'entry' | 'above' | 'unit', RawBuilder<unknown>>,
) {
  const { since, xid, entry, above, unit } = values;
  const texts = [since, xid, entry, above, unit].map((value) => sql`(${value})::text`);
  return sql`json_build_array(${sql.lit(kind)}, ${cluster}, ${sql.join(texts)})`;
}

/**
 * The entries of the log that are final, as the rest of a query from FROM on: those of transactions before the oldest that is
 * still running, in whatever database of the cluster. No entry can come before or between them any more.
 */
export function finalEntries(db: Database): RawBuilder<unknown> {
  return sql`from audit_log where audit_log.tenant_id = ${db.tenantId}
    and audit_log.xid < (select pg_snapshot_xmin(pg_current_snapshot()))`;
}

/** Whether what follows a position is known: it is of this database as it stands, and at most 90 days old. */
export function isKept(
  db: Database,
  at: Record<'cluster' | 'since' | 'xid' | 'entry', string | null>,
): RawBuilder<boolean> {
  return sql<boolean>`(
    ${cluster} = ${at.cluster}::text and ${at.since}::date >= current_date - 90
    and (${at.entry}::uuid = ${FIRST_ID} or (
      select audit_log.xid = ${at.xid}::xid8 from audit_log
      where audit_log.tenant_id = ${db.tenantId} and audit_log.id = ${at.entry}::uuid) is true))`;
}
