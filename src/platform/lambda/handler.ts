import type { Hono } from 'hono';
// Deprecated since hono 4.13 in favour of the package @hono/aws-lambda, which was not published when this was written.
import { type APIGatewayProxyResult, handle, type LambdaEvent } from 'hono/aws-lambda';
import type { Bindings } from '../../config/config.ts';
import type { Definition } from '../../http/endpoint/definition.ts';
import type { Env } from '../../http/env.ts';
import { fitResponse } from './response-limit.ts';

// Lambda's own console puts time, id and level before each line, which is then no JSON any more.
if (process.env.AWS_LAMBDA_FUNCTION_NAME) {
  for (const level of ['log', 'warn', 'error'] as const) console[level] = (line) => process.stdout.write(`${line}\n`);
}

/** An event of API Gateway, as HTTP APIs send it (payload format 2.0). */
export type HttpEvent = Extract<LambdaEvent, { rawPath: string }>;
export type HttpHandler = (event: HttpEvent) => Promise<APIGatewayProxyResult>;

/** The function of an endpoint, or the whole API. */
type App = Pick<Hono<Env>, 'fetch'> & { definition?: Pick<Definition, 'name' | 'query'> };

/**
 * Makes the Lambda function of an app, behind an HTTP API of API Gateway (payload format 2.0).
 * @param bindings see `readBindings`: read once, so that what they open lasts as long as the instance
 */
export function lambdaHandler(app: App, bindings: Bindings): HttpHandler {
  return async (event) => {
    const answer = async (request: Request) => {
      restoreHeaders(request.headers, event.headers);
      const known = app.definition ? Object.keys(app.definition.query?.shape ?? {}) : undefined;
      return fitResponse(await app.fetch(request, bindings), request, known);
    };
    return handle({ fetch: answer } as unknown as Hono)(readable(event));
  };
}

/** Characters that no path in a URL has as they are (RFC 3986 §3.3), and a `%` that stands for itself. */
const RAW = /[^\w\-.~!$&'()*+,;=:@/%]|%(?![0-9A-Fa-f]{2})/gu;

/**
 * The event as hono's adapter can turn it into a request: API Gateway has decoded the path, in which a `?` or `#` would
 * now end it; and a body, which `Request` does not take with GET, means nothing there (RFC 9110 §9.3.1).
 */
function readable(event: HttpEvent): HttpEvent {
  const { method } = event.requestContext.http;
  return {
    ...event,
    rawPath: event.rawPath.toWellFormed().replace(RAW, encodeURIComponent),
    body: method === 'GET' || method === 'HEAD' ? null : event.body,
  };
}

/**
 * Sets again what hono's adapter leaves out, which is empty values, and what it encodes, which is values beyond ASCII:
 * an empty `If-Match` is a condition that nothing meets, and not none. Bytes become the characters of their numbers, as
 * in Node and in workerd.
 */
function restoreHeaders(headers: Headers, sent: HttpEvent['headers'] = {}): void {
  for (const [name, value] of Object.entries(sent)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
    if (value !== undefined && !/^[\x00-\x7f]+$/.test(value)) {
      headers.set(name, Buffer.from(value).toString('latin1'));
    }
  }
}
