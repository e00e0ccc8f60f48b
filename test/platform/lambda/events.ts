import type { HttpEvent } from '../../../src/platform/lambda/handler.ts';

/** An event of API Gateway for an HTTP API (payload format 2.0), with what of it a test sets. */
export function httpEvent(
  method: string,
  path: string,
  more: { query?: string; headers?: Record<string, string>; body?: string; isBase64Encoded?: boolean } = {},
): HttpEvent {
  const { query = '', headers = {}, body, isBase64Encoded = false } = more;
  return {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: query,
    headers: { host: 'abc.execute-api.eu-central-1.amazonaws.com', ...headers },
    requestContext: {
      domainName: 'abc.execute-api.eu-central-1.amazonaws.com',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded,
  } as unknown as HttpEvent;
}
