import type { DatabaseError } from '../../db/client/errors.ts';
import { Problem, unavailable } from '../../problem.ts';

/** The problem that a caller reads where the database did not do what it was asked. No word of SQL reaches the caller. */
export function problemOf({ failure }: DatabaseError): Problem {
  switch (failure.kind) {
    case 'rejected':
    case 'violated':
      return new Problem(failure.code, failure.detail, failure);
    case 'invalid_value':
      return new Problem('invalid_request', 'A value of the request is out of range.');
    case 'invalid_cursor': {
      const message = 'holds no position of this list';
      return new Problem('invalid_cursor', `?cursor: ${message}`, {
        errors: [{ pointer: '?cursor', code: 'invalid_cursor', message }],
      });
    }
    case 'stored_response_expired':
      return new Problem('conflict', 'The answer to this Idempotency-Key has just expired: use another key.');
    case 'stored_response_purged':
      return new Problem('not_found', 'What the first request with this Idempotency-Key made has been purged.');
    case 'too_many_batches': {
      const detail = `More than ${failure.max} requests of this tenant are under way: send fewer at once.`;
      // `qu` is the quota unit for what is not counted over time (draft-ietf-httpapi-ratelimit-headers-10).
      return new Problem('rate_limited', detail, {
        headers: {
          'Retry-After': '1',
          RateLimit: '"concurrency";r=0;t=1',
          'RateLimit-Policy': `"concurrency";q=${failure.max};qu="concurrent-requests"`,
        },
      });
    }
    case 'unavailable':
      return unavailable('The database cannot be asked at the moment.');
    case 'no_sharding_key':
      return unavailable(
        'This deployment can ask for one tenant at a time alone: it is not given the databases (SHARDS).',
      );
    case 'timeout':
      return new Problem('timeout', 'The request ran past its time limit.', { headers: { 'Retry-After': '5' } });
    case 'unexpected':
      return new Problem('internal', 'Something is broken on our side.');
  }
}
