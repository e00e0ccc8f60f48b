import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Problem } from '../../problem.ts';

/*
 * Lambda takes at most 6 MiB for the result of an invocation: JSON, with the body as a string in it. What is longer
 * would be a 502 of API Gateway's, after a write that has been done. API Gateway compresses nothing itself.
 */

/** Bytes that a body may have as a JSON string; the rest is for status and headers. */
const MAX_BODY = 6 * 1024 * 1024 - 64 * 1024;
/** From this many bytes on a body is compressed for whoever takes it so. */
const COMPRESS_FROM = 64 * 1024;

/**
 * The response as it can be sent: compressed where it is long and the caller takes gzip (RFC 9110 §12.5.3), or else as
 * it is, or where neither fits, by what is to be said then.
 * @param parameters of the query, that the endpoint knows; where that is not told, those that were sent
 */
export async function fitResponse(response: Response, request: Request, parameters?: string[]): Promise<Response> {
  if (response.body === null) return response;
  const body = Buffer.from(await response.arrayBuffer());
  if (body.length < COMPRESS_FROM) return new Response(body, response);
  const headers = new Headers(response.headers);
  headers.append('Vary', 'Accept-Encoding');
  if (acceptsGzip(request.headers.get('Accept-Encoding'))) {
    const zipped = await promisify(gzip)(body);
    if ((zipped.length * 4) / 3 <= MAX_BODY) {
      headers.set('Content-Encoding', 'gzip');
      weaken(headers);
      return new Response(zipped, { status: response.status, headers });
    }
  }
  if (Buffer.byteLength(JSON.stringify(body.toString())) <= MAX_BODY) {
    return new Response(body, { status: response.status, headers });
  }
  const isRead = request.method === 'GET';
  return isRead ? tooLarge(new URL(request.url), headers, parameters) : minimal(response.status, headers);
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

/** Another sequence of bytes of the same representation has no strong entity tag in common with it (RFC 9110 §8.8.1). */
function weaken(headers: Headers): void {
  const etag = headers.get('ETag');
  if (etag) headers.set('ETag', etag.replace(/^"/, 'W/"'));
}

/** 422, naming the parameter to lower: the one that the database names where an answer exceeds 8 MiB. */
function tooLarge({ searchParams }: URL, headers: Headers, parameters = [...searchParams.keys()]): Response {
  const candidates = [...(searchParams.has('include') ? ['task_limit'] : []), 'limit', 'task_limit', 'include'];
  const lower = candidates.find((name) => parameters.includes(name));
  const advice = lower ? `lower ?${lower}, or accept gzip` : 'accept gzip';
  const errors = [{ pointer: `?${lower}`, code: 'answer_too_large', message: 'makes the answer too long' }];
  const problem = new Problem('unprocessable', `The answer would be too long to send: ${advice}.`, {
    ...(lower ? { errors } : {}),
  }).toResponse(headers.get('X-Request-Id') ?? '');
  return new Response(problem.body, { status: problem.status, headers: withoutBody(headers, problem.headers) });
}

/** A write has been done: nothing may say that it has failed. It answers without the representation (RFC 7240 §4.2). */
function minimal(status: number, headers: Headers): Response {
  const kept = withoutBody(headers, new Headers({ 'Preference-Applied': 'return=minimal' }));
  for (const name of ['ETag', 'Location', 'Idempotency-Replayed']) {
    const value = headers.get(name);
    if (value) kept.set(name, value);
  }
  return new Response(null, { status: status === 200 ? 204 : status, headers: kept });
}

/** The headers of a response whose body is replaced, with further ones. */
function withoutBody(headers: Headers, further: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of ['Content-Type', 'ETag', 'Link', 'Location']) kept.delete(name);
  further.forEach((value, name) => {
    kept.set(name, value);
  });
  return kept;
}
