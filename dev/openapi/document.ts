import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiLinksObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { MAX_RUNNING, MAX_WAIT_MS, MAX_WAITING } from '../../src/db/client/concurrency.ts';
import { functions } from '../../src/functions/index.ts';
import {
  type Definition,
  isConditionalRead,
  mayBeEventual,
  takesIdempotencyKey,
} from '../../src/http/endpoint/definition.ts';
import { takesDryRun } from '../../src/http/request/dry-run.ts';
import { API_KEY_PATTERN } from '../../src/http/request/schemas.ts';
import { PROBLEMS, type ProblemCode } from '../../src/problem.ts';
import { endpointFiles } from '../build/endpoint-files.ts';
import { jsonComponents, Problem, TAGS } from './components.ts';
import { problemExample, responseExamples } from './examples.ts';
import { HEADERS, PARAMETERS } from './headers.ts';
import { makePortable } from './portable.ts';

/*
 * Makes the OpenAPI document out of the endpoint definitions. It runs on a developer's machine and its result is
 * committed, so that no deployed function carries the generator.
 */

export async function openApiDocument(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  const tags = new Map((await endpointFiles()).map((file) => [nameOf(file), tagOf(file)]));
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { definition } of functions as readonly { definition: Definition }[]) {
    // Another protocol has a description of its own, which its clients ask for.
    if (definition.protocol) continue;
    const path = definition.path.replaceAll(/:(\w+)/g, '{$1}');
    const tag = tags.get(definition.operationId);
    if (!tag)
      throw new Error(`TAGS in dev/openapi/components.ts says nothing of the folder of ${definition.operationId}`);
    paths[path] = { ...paths[path], [definition.method]: { tags: [tag], ...operation(definition) } };
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
      contact: { name: 'Onetrip', url: 'https://onetrip.dev' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The deployment that this document comes from.' }],
    security: [{ bearer: [] }, { tenantToken: [] }],
    paths,
    tags: [...Object.values(TAGS)],
    components: {
      schemas: jsonComponents,
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
  makePortable(document);
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** `get-project` of `src/functions/projects/get-project.ts`. */
function nameOf(file: string): string {
  return file.replace(/^.*\/|\.ts$/g, '');
}

/** `Projects` of `src/functions/projects/get-project.ts`. */
function tagOf(file: string): string | undefined {
  return TAGS[file.split('/').at(-2) ?? '']?.name;
}

/** `GetProject` of `get-project`, and of codes likewise: names that are types in most languages. */
function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|[-_])(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function operation(d: Definition): ZodOpenApiOperationObject {
  const header = headerParameters(d);
  return {
    operationId: d.operationId,
    summary: d.summary,
    description: d.description,
    ...(d.access === 'public' ? { security: [] } : {}),
    requestParams: {
      ...(d.params ? { path: pathParameters(d) } : {}),
      ...(d.query ? { query: d.query } : {}),
      ...(header ? { header } : {}),
    },
    ...(d.body ? { requestBody: requestBody(d) } : {}),
    responses: responses(d),
  };
}

/** The id of what stands before it in the path. */
function pathParameters({ path, params }: Definition) {
  const described = Object.entries(params?.shape ?? {}).map(([name, schema]) => {
    const [, collection = ''] = new RegExp(`/([\\w-]+)/:${name}(/|$)`).exec(path) ?? [];
    const noun = collection.replace(/s$/, '').replace('api-', 'API ');
    return [name, (schema as z.ZodType).meta({ description: `The id of the ${noun}.` })];
  });
  return z.object(Object.fromEntries(described));
}

function headerParameters(d: Definition) {
  const named = {
    ...(isConditionalRead(d) ? { 'If-None-Match': PARAMETERS.ifNoneMatch } : {}),
    ...(mayBeEventual(d) ? { 'Onetrip-Consistency': PARAMETERS.consistency } : {}),
    ...(d.ifMatch ? { 'If-Match': PARAMETERS.ifMatch } : {}),
    ...(takesIdempotencyKey(d) ? { 'Idempotency-Key': PARAMETERS.idempotencyKey } : {}),
    ...(takesDryRun(d) ? { 'Onetrip-Dry-Run': PARAMETERS.dryRun } : {}),
  };
  return Object.keys(named).length > 0 ? z.object(named) : undefined;
}

function requestBody({ operationId, summary, method, body, example }: Definition) {
  const media = {
    schema: (body as z.ZodObject).meta({ id: pascalCase(operationId), description: `${summary}: the body.` }),
    ...(example ? { example } : {}),
  };
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
      headers: z.object({ ...commonHeaders(d), ETag: HEADERS.etag, ...(isList(d) ? { Link: HEADERS.link } : {}) }),
    };
  }
  const byStatus = Map.groupBy(problemCodes(d), (code) => PROBLEMS[code].status);
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    all[String(status) as '400'] = problemResponse(status, codes);
  }
  return all;
}

/** The headers of whatever is not a problem. */
function commonHeaders({ access, problems }: Definition) {
  const isPublic = access === 'public';
  // A public endpoint can lack the database if it asks it.
  const asksDatabase = !isPublic || problems?.includes('unavailable');
  return {
    'X-Request-Id': HEADERS.requestId,
    'Cache-Control': HEADERS.cacheControl,
    Vary: HEADERS.vary,
    ...(asksDatabase ? { 'Server-Timing': HEADERS.timing } : {}),
    ...(isPublic ? {} : { 'RateLimit-Policy': HEADERS.rateLimitPolicy }),
  };
}

function isList({ query }: Definition): boolean {
  return query !== undefined && 'cursor' in query.shape;
}

function successResponse(d: Definition, status: number, description: string): ZodOpenApiResponseObject {
  return {
    description,
    headers: z.object({
      ...commonHeaders(d),
      ...(d.access === 'public' || !d.success.schema ? {} : { ETag: HEADERS.etag }),
      ...(status === 201 && d.access !== 'platform' ? { Location: HEADERS.location } : {}),
      ...(isList(d) ? { Link: HEADERS.link } : {}),
      ...(takesIdempotencyKey(d) ? { 'Idempotency-Replayed': HEADERS.replayed } : {}),
      ...(takesDryRun(d) ? { 'Onetrip-Dry-Run': HEADERS.dryRun } : {}),
    }),
    ...(content(d) ? { content: content(d) } : {}),
    ...(status === 201 ? { links: links(d) } : {}),
  };
}

/** What can be done next with what has been made: the operations at its own path. */
function links({ path, success }: Definition): ZodOpenApiLinksObject {
  const own = `/api/v1/${path.split('/').at(-1)}/:id`;
  const next = functions.filter(({ definition }) => definition.path === own);
  if (!(success.schema instanceof z.ZodObject) || !('id' in success.schema.shape)) return {};
  return Object.fromEntries(
    next.map(({ definition: { operationId, summary } }) => [
      pascalCase(operationId),
      { operationId, description: `${summary}: this one.`, parameters: { id: '$response.body#/id' } },
    ]),
  );
}

function content({ operationId, success: { schema, mediaType } }: Definition) {
  if (mediaType) return { [mediaType]: { schema: z.string() } };
  const example = responseExamples[operationId];
  return schema && { 'application/json': { schema, ...(example ? { example } : {}) } };
}

const problemResponses = new Map<string, ZodOpenApiResponseObject>();

/** One component for each set of codes, however many endpoints answer them. */
function problemResponse(status: number, codes: ProblemCode[]): ZodOpenApiResponseObject {
  const id = codes.toSorted().map(pascalCase).join('Or');
  const response = problemResponses.get(id) ?? {
    id,
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
    headers: z.object({
      'X-Request-Id': HEADERS.requestId,
      'Cache-Control': HEADERS.cacheControl,
      Vary: HEADERS.vary,
      'Server-Timing': HEADERS.timingIfAsked,
      'RateLimit-Policy': HEADERS.rateLimitPolicy,
      'Onetrip-Dry-Run': HEADERS.dryRun,
      ...(status === 401 ? { 'WWW-Authenticate': HEADERS.authenticate } : {}),
      ...(status === 429 || status === 503 || status === 504 ? { 'Retry-After': HEADERS.retryAfter } : {}),
      ...(codes.includes('conflict') ? { 'Retry-After': HEADERS.retryAfterIfRunning } : {}),
      ...(status === 429 ? { RateLimit: HEADERS.rateLimit } : {}),
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
