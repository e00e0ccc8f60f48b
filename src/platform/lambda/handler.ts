import type { Hono } from 'hono';
// Deprecated since hono 4.13 in favour of the package @hono/aws-lambda, which was not published when this was written.
import { type APIGatewayProxyResult, handle, type LambdaEvent } from 'hono/aws-lambda';
import type { Bindings } from '../../config/bindings.ts';
import type { Definition } from '../../http/endpoint/definition.ts';
import type { Env } from '../../http/env.ts';
import { enforceResponseLimit } from './response-limit.ts';
import { sqsQueue } from './sqs.ts';

// Lambda replaces the console by one that puts time, id and level before each line, which is then no longer JSON.
if (process.env.AWS_LAMBDA_FUNCTION_NAME) {
  for (const level of ['log', 'warn', 'error'] as const) console[level] = (line) => process.stdout.write(`${line}\n`);
}

/** An event of API Gateway, as HTTP APIs send it (payload format 2.0). */
export type HttpEvent = Extract<LambdaEvent, { rawPath: string }>;
export type HttpHandler = (event: HttpEvent) => Promise<APIGatewayProxyResult>;

/** The function of an endpoint, or the whole API. */
type App = Pick<Hono<Env>, 'fetch'> & { definition?: Pick<Definition, 'operationId' | 'query'> };

/**
 * Makes the Lambda function of an app, behind an HTTP API of API Gateway (payload format 2.0).
 * @param bindings the instance's environment variables. One object for all requests: what is read from it, and the
 *   database that is opened for it, are kept for as long as the instance lives
 */
export function lambdaHandler(app: App, bindings: Bindings): HttpHandler {
  const queue = bindings.WEBHOOK_QUEUE_URL ? sqsQueue(bindings.WEBHOOK_QUEUE_URL, process.env) : undefined;
  const given = queue ? { ...bindings, WEBHOOK_QUEUE: queue } : bindings;
  return async (event) => {
    const fetch = async (request: Request) => {
      restoreHeaders(request.headers, event.headers);
      const parameters = app.definition ? Object.keys(app.definition.query?.shape ?? {}) : undefined;
      return enforceResponseLimit(await app.fetch(request, given), request, parameters);
    };
    const result = await handle({ fetch } as unknown as Hono)(readable(event));
    await queue?.settled();
    return result;
  };
}

/** Characters that have to be encoded in the path of a URL (RFC 3986 §3.3), and a `%` that encodes nothing. */
const UNENCODED = /[^\w\-.~!$&'()*+,;=:@/%]|%(?![0-9A-Fa-f]{2})/gu;

/**
 * The event in a form that hono's adapter turns into the caller's request. API Gateway has decoded the path, so a `?` or
 * `#` in it would end it: it is encoded again. The body of a GET, which means nothing (RFC 9110 §9.3.1) and which
 * `Request` refuses, is left out.
 */
function readable(event: HttpEvent): HttpEvent {
  const { method } = event.requestContext.http;
  return {
    ...event,
    rawPath: event.rawPath.toWellFormed().replace(UNENCODED, encodeURIComponent),
    body: method === 'GET' || method === 'HEAD' ? null : event.body,
  };
}

/**
 * Restores the headers that hono's adapter changes: it drops empty values and percent-encodes those beyond ASCII. Both
 * matter, for an empty `If-Match` is no absent one, but refused. Bytes become the characters of the same numbers
 * (latin1), as in Node and in workerd.
 */
function restoreHeaders(headers: Headers, sent: HttpEvent['headers'] = {}): void {
  for (const [name, value] of Object.entries(sent)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
    if (value !== undefined && !/^[\x00-\x7f]+$/.test(value)) {
      headers.set(name, Buffer.from(value).toString('latin1'));
    }
  }
}
