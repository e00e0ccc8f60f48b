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

/** What the cursor of a page of changes is bound to, but for the tenant: see {@link cursorContext}. */
export function changesContext(tenantId: string, types: ChangeType[] | undefined): string {
  return cursorContext(tenantId, 'changes', { filters: types?.toSorted().join(',') ?? '', sort: '' });
}

/** What both kinds of position have. */
interface Place {
  cluster: string;
  /** The day up to which everything has been read. */
  since: string;
  /** The transaction and id of the last entry of the log that has been read; `0` and the first id where there was none. */
  xid: string;
  id: string;
}

/** In the log: after the entry, or among the comments that changed with its task. */
export type LogPosition = Place & { kind: 'log'; madeAt: string; unitId: string };
/** Among all that exists: after a row of the type with this number. Behind it comes the log, after the entry. */
export type WalkPosition = Place & { kind: 'walk'; rank: string; last: string };
export type ChangePosition = LogPosition | WalkPosition;

/** How many values a cursor has. */
export const CURSOR_LENGTH = 7;

export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
export const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Reads the values of a cursor; undefined where they are none. */
export function changePosition(values: Position): ChangePosition | undefined {
  const [kind, cluster, since, xid, id, fifth, sixth] = values.map((value) => value ?? '');
  if (kind === undefined || cluster === undefined || since === undefined || xid === undefined) return undefined;
  if (id === undefined || fifth === undefined || sixth === undefined) return undefined;
  const place = { cluster, since, xid, id };
  if (kind === 'log') return { kind, ...place, madeAt: fifth, unitId: sixth };
  return kind === 'walk' ? { kind, ...place, rank: fifth, last: sixth } : undefined;
}

const cluster = sql<string>`(select system_identifier::text from pg_control_system())`;

/** The values of a cursor, for `make_cursor()`: all of them text. */
export function cursorValues(
  kind: ChangePosition['kind'],
  since: RawBuilder<unknown>,
  [...rest]: [RawBuilder<unknown>, RawBuilder<unknown>, RawBuilder<unknown>, RawBuilder<unknown>],
) {
  const texts = [since, ...rest].map((value) => sql`(${value})::text`);
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
export function isKept(db: Database, position: ChangePosition): RawBuilder<boolean> {
  const { xid, id, since } = position;
  return sql<boolean>`(
    ${cluster} = ${position.cluster} and ${since}::date >= current_date - 90
    and (${id}::uuid = ${FIRST_ID}::uuid or (
      select audit_log.xid = ${xid}::xid8 from audit_log
      where audit_log.tenant_id = ${db.tenantId} and audit_log.id = ${id}::uuid) is true))`;
}
