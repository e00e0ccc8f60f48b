import { causeOf } from '../../log.ts';
import { METADATA_TOO_LARGE, type Rejection, TAG_EXISTS } from './rejections.ts';

/** What both drivers tell of an error: PostgreSQL's SQLSTATE and fields (manual, appendix A and §54.8). */
interface SqlError {
  code?: string;
  severity?: string;
  detail?: string;
  constraint?: string;
  /** Whether the driver `pg` has not even connected. */
  unsent?: boolean;
}

/** SQLSTATE of `raise_unless()`, and of the triggers that refuse a write. The DETAIL of the error is a {@link Rejection}. */
const REJECTED = 'OT000';
/** SQLSTATE of `claim_idempotency_key()` where the request has been carried out before. */
export const ALREADY_COMPLETED = 'OT001';
/** SQLSTATE of `split_unless()` where the work has to be done in several batches. */
export const TOO_MANY_ROWS = 'OT002';

/** Everything that can keep the database from doing what it was asked. The HTTP side has a response for each kind. */
export type DatabaseFailure =
  /** A rule of a write, or a constraint, of which PostgreSQL does not say which statement violated it. */
  | ({ kind: 'rejected' | 'violated' } & Rejection)
  /** A value that PostgreSQL cannot store or compare, such as one in a cursor that somebody made up. */
  | { kind: 'invalid_value' }
  /** A value in the cursor of a list that PostgreSQL cannot read. */
  | { kind: 'invalid_cursor' }
  /** The response that was stored for an idempotency key expired while it was being fetched. */
  | { kind: 'stored_response_expired' }
  /** What the first request with an idempotency key made has been purged, and its stored response with it. */
  | { kind: 'stored_response_purged' }
  /** Too many batches of this tenant are under way in this process or isolate: more than `max`, and others wait. */
  | { kind: 'too_many_batches'; max: number }
  /**
   * The database cannot be reached, or cannot serve at the moment. `outage`: it is the whole database that does not, and has
   * carried out nothing (`refused`), or may have (`lost`).
   */
  | { kind: 'unavailable'; outage?: 'refused' | 'lost' }
  /** What concerns no single tenant cannot be asked of the sharding proxy, which is all that is known of the databases. */
  | { kind: 'no_sharding_key' }
  /** A statement or the whole request ran past its time limit. */
  | { kind: 'timeout' }
  /** A statement is wrong, or the schema is not the one that this code was written for. */
  | { kind: 'unexpected' };

/** Thrown by {@link Database}, and by what runs on it. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly failure: DatabaseFailure;

  constructor(failure: DatabaseFailure) {
    super('detail' in failure ? failure.detail : failure.kind);
    this.failure = failure;
  }

  /** Whether the cause is on this side, and somebody should read of it in the log. */
  get isServerFault(): boolean {
    return ['unavailable', 'no_sharding_key', 'timeout', 'unexpected'].includes(this.failure.kind);
  }
}

/** Constraints that a caller's input can violate. */
const CONSTRAINTS: Record<string, Rejection> = {
  tags_name_unique: TAG_EXISTS,
  members_subject_unique: {
    code: 'duplicate',
    detail: 'A member with this subject exists.',
    errors: [{ pointer: '/subject', code: 'duplicate', message: 'is the subject of another member' }],
  },
  projects_metadata_size: METADATA_TOO_LARGE,
  tasks_metadata_size: METADATA_TOO_LARGE,
};

/**
 * The SQLSTATE, of an error that PostgreSQL gave. Others have none, though they may well have a `code`: Node's are words
 * (`EPIPE` could be a SQLSTATE), a DOMException's are numbers. Only PostgreSQL's errors have a severity.
 */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as SqlError;
  return severity && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether the whole batch may be sent again: it was rolled back, and another run can succeed. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

/** What the error of a failed batch means. An error without SQLSTATE comes from the connection to the database. */
export function toDatabaseError(error: unknown): DatabaseError {
  return error instanceof DatabaseError ? error : new DatabaseError(failureOf(error));
}

function failureOf(error: unknown): DatabaseFailure {
  const state = sqlState(error);
  const { detail, constraint, unsent } = (error ?? {}) as SqlError;
  if (!state) return { kind: 'unavailable', outage: unsent || isRefusedByProxy(error) ? 'refused' : 'lost' };
  if (state === REJECTED && detail) return { kind: 'rejected', ...(JSON.parse(detail) as Rejection) };
  const violated = constraint ? CONSTRAINTS[constraint] : undefined;
  if (violated) return { kind: 'violated', ...violated };
  // statement_timeout, transaction_timeout
  if (state === '57014' || state === '25P04') return { kind: 'timeout' };
  // class 22: data exception
  if (state.startsWith('22')) return { kind: 'invalid_value' };
  // invalid authorization, no such database, too many connections, starting up: before anything was begun
  if (/^(28|3D|53300|57P03)/.test(state)) return { kind: 'unavailable', outage: 'refused' };
  // connection exception, shutdown, crash
  if (/^(08|57P)/.test(state)) return { kind: 'unavailable', outage: 'lost' };
  return { kind: isOutage(state) ? 'unavailable' : 'unexpected' };
}

/** A fault of the deployment, by class or code of SQLSTATE: it passes by itself, or its operator has to mend it. */
function isOutage(state: string): boolean {
  const classes = [
    '40', // transaction rollback, retried in vain
    '53', // insufficient resources
    '55', // object not in prerequisite state, among them lock_not_available
    '57', // operator intervention
    '58', // system error
    'XX', // internal error of PostgreSQL's, such as a cache lookup that failed while a table was being altered
  ];
  // undefined table, column, function, parameter: a migration is missing; insufficient privilege: it is another role
  const missing = ['42P01', '42703', '42883', '42704', '42501'];
  // read-only transaction: the primary became a standby; idle in transaction: a proxy between it and us stopped
  const failover = ['25006', '25P03'];
  return classes.includes(state.slice(0, 2)) || missing.includes(state) || failover.includes(state);
}

/**
 * What Neon's proxy says where it has not connected to PostgreSQL, so that nothing was carried out: the part of its messages that
 * holds no value (neondatabase/neon, `proxy/src`: `auth/mod.rs`, `control_plane/errors.rs` and `compute/mod.rs`).
 */
const PROXY_REFUSALS = [
  'password authentication failed',
  'Too many connections to this endpoint',
  'Too many connections attempts',
  'Failed to acquire permit to connect to the database',
  'Control plane request failed',
  "Couldn't connect to compute node",
];

/**
 * The same where PostgreSQL gave no error, or none that the driver reads (also `serverless/sql_over_http.rs` and
 * `libs/proxy/tokio-postgres2/src/error/mod.rs`).
 */
const PROXY_MESSAGES = [...PROXY_REFUSALS, 'Query cancelled, connection was terminated', 'connection closed'];

/** The SQLSTATE by which PostgreSQL refused a connection to Neon's proxy: it is in the text of a 500, which the driver does not read. */
function refusedState(message: string): string | undefined {
  return message.includes('(HTTP status 500)') ? /"code":"([0-9A-Z]{5})"/.exec(message)?.[1] : undefined;
}

/** Whether Neon's proxy has sent nothing to PostgreSQL. */
function isRefusedByProxy(error: unknown): boolean {
  const { message = '' } = (error ?? {}) as Partial<Error>;
  return refusedState(message) !== undefined || PROXY_REFUSALS.some((text) => message.includes(text));
}

/**
 * What the log says of an error: the SQLSTATE, or why there was no response. No message goes there as it is: PostgreSQL's
 * can hold a caller's values, and so can one that quotes a response, as those of JSON.parse and of the driver do.
 */
export function reasonOf(error: unknown): { sqlstate: string } | { reason: string } {
  const sqlstate = sqlState(error);
  if (sqlstate) return { sqlstate };
  const { message = '' } = (error ?? {}) as Partial<Error>;
  const httpStatus = /\(HTTP status \d+\)/.exec(message)?.[0];
  const said = refusedState(message) ?? PROXY_MESSAGES.find((text) => message.includes(text));
  const what = httpStatus ?? causeOf(error);
  return { reason: said ? `${what}: ${said}` : what };
}
