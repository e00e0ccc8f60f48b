/** Why a write was refused, as SQL raises it. The codes are those of the problems that callers read. */
export interface Rejection {
  code:
    | 'conflict'
    | 'cycle'
    | 'duplicate'
    | 'forbidden'
    | 'gone'
    | 'invalid_transition'
    | 'not_found'
    | 'precondition_failed'
    | 'rate_limited'
    | 'unauthenticated'
    | 'unavailable'
    | 'unprocessable'
    | 'validation_failed';
  /** A sentence for the caller. */
  detail: string;
  /** The members at fault: `pointer` is a JSON pointer into the body, or `?name` for a query parameter. */
  errors?: { pointer: string; code: string; message: string }[];
  /** Further members of the problem, such as `current_version`. */
  members?: Record<string, unknown>;
  /** Headers of the response, such as `Retry-After`. */
  headers?: Record<string, string>;
  /** Of several operations in one batch the one that was refused, from 0. */
  operation?: number;
  /**
   * That the tenant is not at home in the database that was asked, which has done nothing; and the name of the one that it has
   * moved to, as far as that is known there (`refuse_unless_served()`). It is for the Worker, and no caller sees it.
   */
  elsewhere?: { shard: string | null };
}

/**
 * The rejection of a request for something that does not exist. It is the same where the resource is in the trash or is
 * another tenant's, so that nobody learns which of these it is.
 * @param resource what callers call it: `project`
 */
export function notFound(resource: string): Rejection {
  return { code: 'not_found', detail: `There is no such ${resource}.` };
}

/** That the tenant has a tag of this name in any spelling. */
export const TAG_EXISTS: Rejection = {
  code: 'duplicate',
  detail: 'A tag with this name exists.',
  errors: [{ pointer: '/name', code: 'duplicate', message: 'is the name of another tag' }],
};

const TOO_LARGE = 'must be at most 16 KiB as the database prints it';

/** That metadata would be larger than they may be. */
export const METADATA_TOO_LARGE: Rejection = {
  code: 'validation_failed',
  detail: `/metadata: ${TOO_LARGE}`,
  errors: [{ pointer: '/metadata', code: 'too_large', message: TOO_LARGE }],
};
