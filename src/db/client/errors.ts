import { Problem, type ProblemCode, type ProblemOptions } from '../../problem.ts';

/** What both drivers tell of an error: PostgreSQL's SQLSTATE and fields (manual, appendix A and §54.8). */
interface SqlError {
  code?: string;
  severity?: string;
  detail?: string;
  constraint?: string;
}

/** SQLSTATE of a problem that our own SQL raised: `must()` and the triggers. Its DETAIL is a {@link RaisedProblem}. */
const RAISED = 'OT000';
/** SQLSTATE of `claim_idempotency_key()`: the request has been answered before. */
export const ANSWERED_ALREADY = 'OT001';
/** SQLSTATE of `split_unless()`: the work is to be done in several batches. */
export const TOO_MANY_ROWS = 'OT002';

/** The problem as SQL raises it, in the DETAIL of its error. */
export type RaisedProblem = { code: ProblemCode; detail: string } & ProblemOptions;

/** Constraints that a caller can break, and what the caller then reads. */
const CONSTRAINTS: Record<string, () => Problem> = {
  tags_name_unique: () =>
    new Problem('duplicate', 'A tag with this name exists.', {
      errors: [{ pointer: '/name', code: 'duplicate', message: 'is the name of another tag' }],
    }),
  projects_metadata_size: metadataTooLarge,
  tasks_metadata_size: metadataTooLarge,
};

function metadataTooLarge(): Problem {
  const message = 'must be at most 16 KiB as the database prints it';
  return new Problem('validation_failed', `/metadata: ${message}`, {
    errors: [{ pointer: '/metadata', code: 'too_large', message }],
  });
}

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

/**
 * The problem that a failed batch means for the caller. Nothing of the database's own words reaches it.
 * Errors without SQLSTATE come from the road to the database.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const state = sqlState(error);
  if (!state) return unavailable();
  const { detail, constraint } = error as SqlError;
  if (state === RAISED && detail) {
    const raised = JSON.parse(detail) as RaisedProblem;
    return new Problem(raised.code, raised.detail, raised);
  }
  const known = constraint ? CONSTRAINTS[constraint] : undefined;
  if (known) return known();
  // statement_timeout, transaction_timeout
  if (state === '57014' || state === '25P04') return timedOut();
  // Data exceptions come of values that no earlier rule caught, such as those in a forged cursor.
  if (state.startsWith('22')) return new Problem('invalid_request', 'A value of the request is out of range.');
  return isOutage(state) ? unavailable() : new Problem('internal', 'Something is broken on our side.');
}

/** 503 with `Retry-After`. */
export function unavailable(detail = 'The database cannot be asked at the moment.'): Problem {
  return new Problem('unavailable', detail, { headers: { 'Retry-After': '1' } });
}

/** 504 with `Retry-After`. */
export function timedOut(): Problem {
  return new Problem('timeout', 'The request ran past its time limit.', { headers: { 'Retry-After': '5' } });
}

/** A fault behind us, by class or code of SQLSTATE: it will pass, or somebody has to mend the deployment. */
function isOutage(state: string): boolean {
  const classes = [
    '08', // connection exception
    '28', // invalid authorization
    '3D', // no such database
    '40', // transaction rollback, retried in vain
    '53', // insufficient resources, among them too many connections
    '55', // object not in prerequisite state, among them lock_not_available
    '57', // operator intervention: shutdown, crash, starting up
    '58', // system error
    'XX', // internal error of PostgreSQL's, such as a cache lookup that failed while a table was being altered
  ];
  // undefined table, column, function, parameter: a migration is missing; insufficient privilege: it is another role
  const missing = ['42P01', '42703', '42883', '42704', '42501'];
  // read-only transaction: the primary became a standby; idle in transaction: the one between it and us stopped
  const failover = ['25006', '25P03'];
  return classes.includes(state.slice(0, 2)) || missing.includes(state) || failover.includes(state);
}

/**
 * What the log says of an error: the SQLSTATE, or why there was no answer. No message goes there as it is: PostgreSQL's
 * can hold a caller's values, and so can one that quotes an answer, as JSON.parse's and the driver's do.
 */
export function reasonOf(error: unknown): { sqlstate: string } | { reason: string } {
  const sqlstate = sqlState(error);
  if (sqlstate) return { sqlstate };
  const httpStatus = /\(HTTP status \d+\)/.exec((error as Error | undefined)?.message ?? '')?.[0];
  if (httpStatus) return { reason: httpStatus };
  // The driver wraps what fetch threw, and that what the socket did.
  let cause = error as { name?: string; code?: unknown; sourceError?: unknown; cause?: unknown };
  for (let next = cause; next; next = (next.sourceError ?? next.cause) as typeof cause) cause = next;
  return { reason: [cause?.name, cause?.code].filter(Boolean).join(' ') };
}
