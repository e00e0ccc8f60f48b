import type { MemberError, ProblemCode } from './generated/types.ts';

/** Members of problem details (RFC 9457) as the API sends them, which not every answer of a proxy has. */
interface Problem {
  type?: string;
  title?: string;
  code?: ProblemCode;
  detail?: string;
  request_id?: string;
  errors?: MemberError[];
  current_version?: number | null;
}

/** The API, or a proxy before it, has answered with an error. */
export class OnetripError extends Error {
  override readonly name: string = 'OnetripError';
  /** The HTTP status. */
  readonly status: number;
  /** What is wrong, for programs; undefined where the answer is no problem of the API, but a page of some proxy. */
  readonly code: ProblemCode | undefined;
  /** The URI of the kind of problem. */
  readonly type: string | undefined;
  readonly title: string | undefined;
  /** What is wrong, for people. */
  readonly detail: string | undefined;
  /** By which the operator finds the request in the log. */
  readonly requestId: string | undefined;
  /** The members at fault, where single members are. */
  readonly errors: readonly MemberError[];
  /** Seconds after which the API would be asked again; undefined where it does not say. */
  readonly retryAfter: number | undefined;
  /** With `precondition_failed`: the version that there is now. Null for what has no version. */
  readonly currentVersion: number | null | undefined;
  /** The whole problem, with members such as `allowed`; the text of an answer that is none. */
  readonly body: unknown;
  /** How often the request was sent. After more than once, an earlier one may have been carried out. */
  readonly attempts: number;

  /** @param text the body of the answer */
  constructor(response: Response, text: string, attempts: number) {
    const body = parse(text);
    const problem: Problem = typeof body === 'object' && body !== null ? body : {};
    const { status, statusText, headers } = response;
    super(problem.detail ?? `HTTP ${status} ${statusText}`.trim());
    this.status = status;
    this.code = problem.code;
    this.type = problem.type;
    this.title = problem.title;
    this.detail = problem.detail;
    this.requestId = problem.request_id ?? headers.get('X-Request-Id') ?? undefined;
    this.errors = problem.errors ?? [];
    this.retryAfter = retryAfter(headers);
    this.currentVersion = problem.current_version;
    this.body = body;
    this.attempts = attempts;
  }
}

/** No answer came: the host is unknown or refuses, the connection broke. `cause` is what `fetch` threw. */
export class OnetripConnectionError extends Error {
  override readonly name: string = 'OnetripConnectionError';
  /** How often the request was sent. Each of them may have been carried out. */
  readonly attempts: number;

  constructor(cause: unknown, attempts: number) {
    super('No answer from the API', { cause });
    this.attempts = attempts;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The seconds of `Retry-After` (RFC 9110 §10.2.3), which may also be a date. */
export function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('Retry-After');
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(seconds, 0);
}
