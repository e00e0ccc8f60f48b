import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Problem } from '../../problem.ts';

/*
 * The result of a Lambda invocation has at most 6 MiB. It is JSON, with the body as a string in it. For a longer one API
 * Gateway sends 502, even if the request was a write that has been carried out. API Gateway does not compress.
 */

/** Bytes that a body may have as a JSON string; the rest is for status and headers. */
const MAX_BODY_BYTES = 6 * 1024 * 1024 - 64 * 1024;
/** A body of at least this many bytes is compressed, if the caller accepts that. */
const MIN_COMPRESSED_BYTES = 64 * 1024;

/**
 * Makes a response fit Lambda's limit: a long one is compressed if the caller accepts gzip (RFC 9110 §12.5.3). A read
 * that is still too long becomes 422; a write has happened by now, so its response is sent without the body.
 * @param parameters names of the query parameters that the endpoint has; by default, those of the request
 */
export async function enforceResponseLimit(
  response: Response,
  request: Request,
  parameters?: string[],
): Promise<Response> {
  if (response.body === null) return response;
  const body = Buffer.from(await response.arrayBuffer());
  if (body.length < MIN_COMPRESSED_BYTES) return new Response(body, response);
  const headers = new Headers(response.headers);
  headers.append('Vary', 'Accept-Encoding');
  if (acceptsGzip(request.headers.get('Accept-Encoding'))) {
    const zipped = await promisify(gzip)(body);
    if ((zipped.length * 4) / 3 <= MAX_BODY_BYTES) {
      headers.set('Content-Encoding', 'gzip');
      weaken(headers);
      return new Response(zipped, { status: response.status, headers });
    }
  }
  if (Buffer.byteLength(JSON.stringify(body.toString())) <= MAX_BODY_BYTES) {
    return new Response(body, { status: response.status, headers });
  }
  const isRead = request.method === 'GET';
  return isRead ? problemTooLong(new URL(request.url), headers, parameters) : withoutContent(response.status, headers);
}

/** Whether `Accept-Encoding` allows gzip, by its name or as one of any, and not with the weight 0. */
export function acceptsGzip(header: string | null): boolean {
  const codings = new Map(
    (header ?? '')
      .toLowerCase()
      .split(',')
      .map((coding) => {
        const [name = '', ...parameters] = coding.split(';').map((part) => part.trim());
        const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
        return [name, Number(weight)];
      }),
  );
  return (codings.get('gzip') ?? codings.get('x-gzip') ?? codings.get('*') ?? 0) > 0;
}

/** Compressed, the bytes are others, so the strong entity tag becomes a weak one (RFC 9110 §8.8.1). */
function weaken(headers: Headers): void {
  const etag = headers.get('ETag');
  if (etag) headers.set('ETag', etag.replace(/^"/, 'W/"'));
}

/** 422 that names the parameter to lower, the same one as where the database refuses a response beyond 8 MiB. */
function problemTooLong({ searchParams }: URL, headers: Headers, parameters = [...searchParams.keys()]): Response {
  const candidates = [...(searchParams.has('include') ? ['task_limit'] : []), 'limit', 'task_limit', 'include'];
  const limitParameter = candidates.find((name) => parameters.includes(name));
  const advice = limitParameter ? `lower ?${limitParameter}, or accept gzip` : 'accept gzip';
  const errors = [{ pointer: `?${limitParameter}`, code: 'answer_too_large', message: 'makes the answer too long' }];
  const problem = new Problem('unprocessable', `The answer would be too long to send: ${advice}.`, {
    ...(limitParameter ? { errors } : {}),
  }).toResponse(headers.get('X-Request-Id') ?? '');
  return new Response(problem.body, {
    status: problem.status,
    headers: replaceContentHeaders(headers, problem.headers),
  });
}

/** The response to a write that has been carried out, without the representation (RFC 7240 §4.2): an error would be false. */
function withoutContent(status: number, headers: Headers): Response {
  const kept = replaceContentHeaders(headers, new Headers({ 'Preference-Applied': 'return=minimal' }));
  for (const name of ['ETag', 'Location', 'Idempotency-Replayed']) {
    const value = headers.get(name);
    if (value) kept.set(name, value);
  }
  return new Response(null, { status: status === 200 ? 204 : status, headers: kept });
}

/** Headers without those that describe the body, which is replaced, and with further ones. */
function replaceContentHeaders(headers: Headers, further: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of ['Content-Type', 'ETag', 'Link', 'Location']) kept.delete(name);
  further.forEach((value, name) => {
    kept.set(name, value);
  });
  return kept;
}
