/** Problem details (RFC 9457): the one shape of every error body. */

/** One member at fault: `pointer` is a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter. */
export interface MemberError {
  pointer: string;
  code: string;
  message: string;
}

/** Every `code` with its status and title (docs/api-conventions.md, "Problem codes"). A code has one status. */
export const PROBLEMS = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  validation_failed: { status: 400, title: 'The request is not valid' },
  invalid_cursor: { status: 400, title: 'The cursor is not valid here' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'A valid token is needed' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  duplicate: { status: 409, title: 'It exists already' },
  invalid_transition: { status: 409, title: 'The status does not allow this' },
  cycle: { status: 409, title: 'A task cannot lie below itself, nor block itself' },
  conflict: { status: 409, title: 'The present state forbids this' },
  gone: { status: 410, title: 'The cursor is not kept any longer' },
  precondition_failed: { status: 412, title: 'The resource has changed' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  unprocessable: { status: 422, title: 'The request cannot be carried out' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'The service is not available at the moment' },
  timeout: { status: 504, title: 'The request took too long' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemOptions {
  /** The members at fault, where single members are. */
  errors?: MemberError[];
  /** Further members of the body, such as `current_version`. */
  members?: Record<string, unknown>;
  /** Further headers, such as `Allow` or `Retry-After`. */
  headers?: Record<string, string>;
}

/** A response that is an error. Thrown anywhere below a handler; `onError` turns it into the response. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  /** @param detail a sentence for the caller; never holds SQL, a stack or a message of the database. */
  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** The `application/problem+json` response. It may not be cached, because it holds the id of one request; a 404 could be otherwise. */
  toResponse(requestId: string): Response {
    const { status, title } = PROBLEMS[this.code];
    const { errors, members, headers } = this.options;
    return new Response(
      JSON.stringify({
        type: `https://onetrip.dev/problems/${this.code}`,
        title,
        status,
        code: this.code,
        detail: this.message,
        request_id: requestId,
        ...(errors ? { errors } : {}),
        ...members,
      }),
      { status, headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...headers } },
    );
  }
}

/** `503 unavailable`, with the time after which the caller may try again (s). */
export function unavailable(detail: string, retryAfter = 1): Problem {
  return new Problem('unavailable', detail, { headers: { 'Retry-After': String(retryAfter) } });
}

/** `400 validation_failed` that names the members at fault. */
export function validationFailed(errors: MemberError[]): Problem {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const where = first?.pointer ? `${first.pointer}: ` : '';
  return new Problem('validation_failed', `${where}${first?.message ?? 'The request is not valid'}${more}`, { errors });
}
