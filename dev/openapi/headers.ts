import * as z from 'zod';

/* The headers of requests and responses, as the document describes them. */

/** A header that is not in every response that names it. */
function sometimes<T extends z.ZodType>(schema: T, id: string) {
  return schema.optional().meta({ header: { id } });
}

const timing = z.string().meta({
  header: { id: 'Server-Timing' },
  description: 'Time in the database and round trips to it.',
  examples: ['db;dur=4.2;desc="1 round trip"'],
});

const retryAfter = z.string().meta({ header: { id: 'Retry-After' }, description: 'Seconds to wait.', examples: ['5'] });

/** Of responses. */
export const HEADERS = {
  requestId: z.string().meta({
    header: { id: 'X-Request-Id' },
    description: 'The id of the request: the one that the caller has sent, or a new one.',
    examples: ['b6b9e345-9f1c-4cb1-b8a8-18f11af17e34'],
  }),
  etag: z.string().meta({
    header: { id: 'ETag' },
    description:
      '`"<version>.<digest>"`, or the digest alone where the resource has no version. The digest is that of this answer: one that shows more or less of the same version has another. `If-Match` compares the version alone.',
    examples: ['"3.9f86d081884c7d659a2feaa0c55ad015"'],
  }),
  cacheControl: z.string().meta({
    header: { id: 'Cache-Control' },
    description:
      '`private, no-cache` of what needs a token, `no-store` of a problem, and otherwise `no-cache`, also with `public`.',
    examples: ['private, no-cache'],
  }),
  vary: sometimes(
    z.string().meta({
      description: 'Of what needs a token, and where a deployment lets pages of other origins call (`Origin`).',
      examples: ['Authorization, X-Tenant-Token'],
    }),
    'Vary',
  ),
  timing,
  timingIfAsked: sometimes(
    timing.meta({ description: 'Time in the database and round trips to it, where it was asked.' }),
    'Server-Timing-If-Asked',
  ),
  location: z.string().meta({
    header: { id: 'Location' },
    description: 'Path of the new resource.',
    examples: ['/api/v1/projects/019ca8b1-6f40-7c3a-9f00-3c1d2e4f5a6b'],
  }),
  link: sometimes(
    z.string().meta({
      description: '`rel="next"`, where there is a next page (RFC 8288). A relative reference: it names no host.',
    }),
    'Link',
  ),
  replayed: sometimes(
    z.literal('true').meta({ description: 'This is the stored answer of an earlier, equal request.' }),
    'Idempotency-Replayed',
  ),
  dryRun: sometimes(
    z.literal('true').meta({ description: 'This was a dry run, and nothing has been kept.' }),
    'Onetrip-Dry-Run',
  ),
  retryAfter,
  retryAfterIfRunning: sometimes(
    retryAfter.meta({ description: 'Seconds to wait, where the first request with this key is still running.' }),
    'Retry-After-If-Running',
  ),
  authenticate: z.literal('Bearer').meta({
    header: { id: 'WWW-Authenticate' },
    description: 'How to sign in: with a bearer token (RFC 6750).',
  }),
  rateLimit: z
    .string()
    .meta({ header: { id: 'RateLimit' }, description: 'What is left of the quota, and for how long.' }),
  rateLimitPolicy: sometimes(
    z.string().meta({
      description:
        'The quota (q): requests in so many seconds (w), or at a time (`qu="concurrent-requests"`), of the tenant. Where a deployment limits the rate.',
    }),
    'RateLimit-Policy',
  ),
};

/** Of requests. */
export const PARAMETERS = {
  ifNoneMatch: z
    .string()
    .optional()
    .meta({
      description: 'Entity tags that the caller has: 304 if one is current.',
      examples: ['"3.9f86d081884c7d659a2feaa0c55ad015"'],
    }),
  consistency: z.enum(['strong', 'eventual']).optional().meta({
    description:
      'With `eventual`, the default being `strong`, a read replica may answer: it can lack the latest writes.',
  }),
  ifMatch: z
    .string()
    .optional()
    .meta({
      pattern: '^ *(\\*|[ ,]*(W/)?"[!#-~]*"( *, *((W/)?"[!#-~]*")?)*) *$',
      description:
        '`*`, or a list of entity tags: the request is carried out only if the version of one of them is current, and is `412` otherwise. Another form is `400`. (An empty header is dropped by some servers on the way, so it may count as none.)',
      examples: ['"3.9f86d081884c7d659a2feaa0c55ad015"'],
    }),
  idempotencyKey: z
    .string()
    .min(1)
    .max(257)
    .optional()
    .meta({
      // Quoted; or not; or with a quote that is never closed, which is a character like any other.
      examples: ['0b1f3c1e-6c53-4a1e-9d0e-8f7b1d9f5a11'],
      pattern: '^("[ -~]{1,255}"|[!#-~]([ -~]{0,253}[!-~])?|"([ -~]{0,253}[!#-~])?)$',
      description:
        '1 to 255 printable ASCII characters. The same request (method, path with query, and body) with the same key is carried out once; for 24 hours it gets the first answer.',
    }),
  // Not a literal: openapi-python-client leaves out what has a `const` in a header.
  dryRun: z
    .enum(['true'])
    .meta({ examples: ['true'] })
    .optional()
    .meta({
      description:
        'With `true` the request is only tried: it is checked and answered as it would be, and nothing of it is kept. Ids and times will differ, a secret is null, and an `Idempotency-Key` is left alone. Any other value is `400`.',
    }),
};
