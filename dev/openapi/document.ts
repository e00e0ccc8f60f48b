import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
  type ZodOpenApiSchemaObject,
} from 'zod-openapi';
import { MAX_RUNNING, MAX_WAIT_MS, MAX_WAITING } from '../../src/db/client/concurrency.ts';
import { functions } from '../../src/functions/index.ts';
import { type Definition, isConditionalRead, takesIdempotencyKey } from '../../src/http/endpoint/definition.ts';
import { API_KEY_PATTERN, TEXT } from '../../src/http/request/schemas.ts';
import { PROBLEMS, type ProblemCode } from '../../src/problem.ts';
import { endpointFiles } from '../build/endpoint-files.ts';
import { problemExample, responseExamples } from './examples.ts';

/*
 * Makes the OpenAPI document out of the endpoint definitions. It runs on a developer's machine and its result is
 * committed, so that no deployed function carries the generator.
 */

const Problem = z
  .object({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    request_id: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string().meta({
            description:
              'A JSON pointer into the body, `?name` for a query parameter, or `{name}` for one of the path.',
          }),
          code: z.string(),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .catchall(z.unknown())
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

const JsonName: ZodOpenApiSchemaObject = { type: 'string', pattern: TEXT, not: { const: '__proto__' } };
const JsonValue: ZodOpenApiSchemaObject = {
  description:
    'Any JSON. Names and strings have no control characters but line breaks and tabs. Numbers lie within ±(2^53 − 1), where every whole number is stored as it was sent: send longer ones as strings.',
  anyOf: [
    { type: ['null', 'boolean'] },
    { type: 'number', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
    { type: 'string', pattern: TEXT },
    { type: 'array', items: { $ref: '#/components/schemas/JsonValue' } },
    {
      type: 'object',
      propertyNames: { $ref: '#/components/schemas/JsonName' },
      additionalProperties: { $ref: '#/components/schemas/JsonValue' },
    },
  ],
};

const requestId = z.string().meta({
  header: { id: 'X-Request-Id' },
  description: 'The id of the request: the one that the caller has sent, or a new one.',
});

const HEADERS = {
  etag: z.string().meta({
    header: { id: 'ETag' },
    description: '`"<version>.<digest>"`, or the digest alone where the resource has no version.',
    examples: ['"3.9f86d081884c7d659a2feaa0c55ad015"'],
  }),
  timing: z.string().meta({
    header: { id: 'Server-Timing' },
    description: 'Time in the database and round trips to it.',
    examples: ['db;dur=4.2;desc="1 round trip"'],
  }),
  location: z.string().meta({ header: { id: 'Location' }, description: 'Path of the new resource.' }),
  link: z.string().meta({
    header: { id: 'Link' },
    description: '`rel="next"`, where there is a next page (RFC 8288). A relative reference: it names no host.',
  }),
  replayed: z.literal('true').meta({
    header: { id: 'Idempotency-Replayed' },
    description: 'This is the stored answer of an earlier, equal request.',
  }),
  retryAfter: z.string().meta({ header: { id: 'Retry-After' }, description: 'Seconds to wait.' }),
  authenticate: z.literal('Bearer'),
  rateLimit: z
    .string()
    .meta({ header: { id: 'RateLimit' }, description: 'What is left of the quota, and for how long.' }),
  rateLimitPolicy: z.string().meta({
    header: { id: 'RateLimit-Policy' },
    description:
      'The quota (q): requests in so many seconds (w), or at a time (`qu="concurrent-requests"`), of the tenant.',
  }),
};

const PARAMETERS = {
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
  idempotencyKey: z.string().min(1).max(257).optional().meta({
    // Quoted; or not; or with a quote that is never closed, which is a character like any other.
    pattern: '^("[ -~]{1,255}"|[!#-~]([ -~]{0,253}[!-~])?|"([ -~]{0,253}[!#-~])?)$',
    description:
      '1 to 255 printable ASCII characters. The same request (method, path with query, and body) with the same key is carried out once; for 24 hours it gets the first answer.',
  }),
};

export async function openApiDocument(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  const tags = new Map((await endpointFiles()).map((file) => [nameOf(file), tagOf(file)]));
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { definition } of functions) {
    const path = definition.path.replaceAll(/:(\w+)/g, '{$1}');
    const tag = tags.get(definition.operationId);
    paths[path] = { ...paths[path], [definition.method]: { tags: [tag ?? ''], ...operation(definition) } };
  }
  const document = createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Onetrip',
      version,
      summary: 'Multi-tenant projects, tasks and tags, each answer in one round trip to the database.',
      description: [
        'What holds for all endpoints – requests, errors, versions, idempotency, lists – is described in the guide at `/docs`.',
        'One trailing slash in a path is ignored. An unknown path is `404`, a known one with another method `405` with `Allow`; `OPTIONS` is `204`. No problem may be stored by a cache.',
        `Of one tenant ${MAX_RUNNING} requests at a time are served by one instance of the service; ${MAX_WAITING} more wait for up to ${MAX_WAIT_MS / 1000} s. Beyond that it is \`429\`, and nothing has been done.`,
      ].join('\n\n'),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { tenantToken: [] }],
    paths,
    components: {
      schemas: { JsonName, JsonValue },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: `JWT, or an API key: ${API_KEY_PATTERN}`,
          description: [
            'A JWT with `exp`, which lies at most `JWT_MAX_AGE` of the deployment (400 days by default) after `iat`, or after now where there is no `iat`.',
            `Or an API key of \`POST /api/v1/api-keys\`, which matches \`${API_KEY_PATTERN}\`. Only the database knows whether a key is good, so \`400\` may come before its \`401\` or \`403\`.`,
          ].join('\n\n'),
        },
        tenantToken: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Tenant-Token',
          description: `The same JWT, or the same API key: \`${API_KEY_PATTERN}\`.`,
        },
      },
    },
  });
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** `get-project` of `src/functions/projects/get-project.ts`. */
function nameOf(file: string): string {
  return file.replace(/^.*\/|\.ts$/g, '');
}

/** `Projects` of `src/functions/projects/get-project.ts`. */
function tagOf(file: string): string {
  const folder = file.split('/').at(-2) ?? '';
  return folder.charAt(0).toUpperCase() + folder.slice(1);
}

function operation(d: Definition): ZodOpenApiOperationObject {
  const header = headerParameters(d);
  return {
    operationId: d.operationId,
    summary: d.summary,
    ...(d.description ? { description: d.description } : {}),
    ...(d.access === 'public' ? { security: [] } : {}),
    requestParams: {
      ...(d.params ? { path: d.params } : {}),
      ...(d.query ? { query: d.query } : {}),
      ...(header ? { header } : {}),
    },
    ...(d.body ? { requestBody: requestBody(d) } : {}),
    responses: responses(d),
  };
}

function headerParameters(d: Definition) {
  const named = {
    ...(isConditionalRead(d)
      ? { 'If-None-Match': PARAMETERS.ifNoneMatch, 'Onetrip-Consistency': PARAMETERS.consistency }
      : {}),
    ...(d.ifMatch ? { 'If-Match': PARAMETERS.ifMatch } : {}),
    ...(takesIdempotencyKey(d) ? { 'Idempotency-Key': PARAMETERS.idempotencyKey } : {}),
  };
  return Object.keys(named).length > 0 ? z.object(named) : undefined;
}

function requestBody({ operationId, method, body, example }: Definition) {
  const media = { schema: (body as z.ZodObject).meta({ id: `${operationId}-body` }), ...(example ? { example } : {}) };
  return {
    required: true,
    content: {
      'application/json': media,
      ...(method === 'patch' ? { 'application/merge-patch+json': media } : {}),
    },
  };
}

function responses(d: Definition): ZodOpenApiResponsesObject {
  const { status, description, made } = d.success;
  const all: ZodOpenApiResponsesObject = {
    [String(status)]: successResponse(d, status, description),
    ...(made ? { 201: successResponse(d, 201, made) } : {}),
  };
  if (isConditionalRead(d)) {
    all['304'] = {
      description: 'The caller has the current representation.',
      headers: z.object({ 'X-Request-Id': requestId, ETag: HEADERS.etag }),
    };
  }
  const byStatus = Map.groupBy(problemCodes(d), (code) => PROBLEMS[code].status);
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    all[String(status) as '400'] = problemResponse(status, codes);
  }
  return all;
}

function successResponse(d: Definition, status: number, description: string): ZodOpenApiResponseObject {
  return {
    description,
    headers: z.object({
      'X-Request-Id': requestId,
      ...(d.access === 'public' ? {} : { 'Server-Timing': HEADERS.timing }),
      ...(d.access === 'public' || !d.success.schema ? {} : { ETag: HEADERS.etag }),
      ...(status === 201 && d.access !== 'platform' ? { Location: HEADERS.location } : {}),
      ...(d.query && 'cursor' in d.query.shape ? { Link: HEADERS.link.optional() } : {}),
      ...(takesIdempotencyKey(d) ? { 'Idempotency-Replayed': HEADERS.replayed.optional() } : {}),
    }),
    ...(content(d) ? { content: content(d) } : {}),
  };
}

function content({ operationId, success: { schema, mediaType } }: Definition) {
  if (mediaType) return { [mediaType]: { schema: z.string() } };
  const example = responseExamples[operationId];
  return schema && { 'application/json': { schema, ...(example ? { example } : {}) } };
}

const problemResponses = new Map<string, ZodOpenApiResponseObject>();

/** One component for each set of codes, however many endpoints answer them. */
function problemResponse(status: number, codes: ProblemCode[]): ZodOpenApiResponseObject {
  const id = codes.toSorted().join('_or_');
  const response = problemResponses.get(id) ?? {
    id,
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
    headers: z.object({
      'X-Request-Id': requestId,
      ...(status === 401 ? { 'WWW-Authenticate': HEADERS.authenticate } : {}),
      ...(status === 429 || status === 503 || status === 504 ? { 'Retry-After': HEADERS.retryAfter } : {}),
      ...(status === 429 ? { RateLimit: HEADERS.rateLimit, 'RateLimit-Policy': HEADERS.rateLimitPolicy } : {}),
    }),
    content: { 'application/problem+json': { schema: Problem, example: problemExample(codes[0] as ProblemCode) } },
  };
  problemResponses.set(id, response);
  return response;
}

/** Every problem that an endpoint can answer: those it names, and those that its access, method and inputs imply. */
function problemCodes(d: Definition): ProblemCode[] {
  const guarded: ProblemCode[] = [
    'invalid_request',
    'unauthenticated',
    'forbidden',
    'rate_limited',
    'unavailable',
    'timeout',
  ];
  const withBody: ProblemCode[] = ['invalid_json', 'payload_too_large', 'unsupported_media_type'];
  return [
    ...new Set<ProblemCode>([
      'validation_failed',
      'internal',
      ...(d.access === 'public' ? [] : guarded),
      ...(d.body || d.method === 'post' ? withBody : []),
      ...(takesIdempotencyKey(d) ? (['conflict', 'unprocessable', 'not_found'] as const) : []),
      ...(d.ifMatch ? (['precondition_failed'] as const) : []),
      ...(d.problems ?? []),
    ]),
  ];
}
