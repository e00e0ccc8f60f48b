import { createServer, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { setSecurityHeaders } from '../../http/response/headers.ts';
import { framesOf, log } from '../../log.ts';
import { Problem, unavailable } from '../../problem.ts';

/*
 * The API behind Node's HTTP server: what a client may take in time and size, and what happens while the server is being
 * stopped. All else is the app's.
 */

/** How long a client may take (ms). A proxy in front keeps its connections for a minute, which must be the shorter time. */
export const TIMEOUTS = {
  /** For the head of a request. */
  headersTimeout: 10_000,
  /** For all of it. */
  requestTimeout: 60_000,
  /** Between two requests of one connection. */
  keepAliveTimeout: 65_000,
  /** In which nothing moves while a response is being sent; a request waits for the database for less than that. */
  timeout: 60_000,
  /** How often Node looks for requests that have taken too long. */
  connectionsCheckingInterval: 2000,
};

/**
 * How long connections stay open once no more are accepted (ms). A request may be on its way on each of them; its response
 * then tells the client to come back on another connection.
 */
const LINGER_MS = 1000;

/** Most connections: more are closed at once, so that clients who send nothing use up no more descriptors. */
const MAX_CONNECTIONS = 4096;

/** Most bytes of a request's head. */
const MAX_HEADER_BYTES = 16 * 1024;

export interface ApiServer {
  server: Server;
  /** How many requests are under way. */
  inFlight(): number;
  /** From now on `/ready` is 503, and every response ends its connection. */
  drain(): void;
  /** Accepts no more connections, and waits for what is under way. @param graceMs after this time it is cut off */
  close(graceMs: number): Promise<void>;
}

/**
 * @param serve responds to a request
 * @param onRefusal told the status of each request that Node does not let through
 */
export function apiServer(
  serve: (request: Request) => Response | Promise<Response>,
  onRefusal: (status: number) => void,
  timeouts = TIMEOUTS,
): ApiServer {
  const underWay = new Set<ServerResponse>();
  let isDraining = false;
  let isClosing = false;

  const respond = getRequestListener(
    async (request) =>
      isDraining && new URL(request.url).pathname.replace(/\/$/, '') === '/ready'
        ? problemResponse(unavailable('This server is being stopped.'))
        : serve(request),
    {
      errorHandler: (error) => {
        // The name of the adapter's own errors, for a URL or Host that is none.
        if ((error as Error).name === 'RequestError') {
          onRefusal(400);
          return problemResponse(new Problem('invalid_request', 'The URL or the Host of the request is not valid.'));
        }
        log('error', 'bug', framesOf(error as Error));
        return problemResponse(new Problem('internal', 'Something is broken on our side.'));
      },
    },
  );

  // Without a Host the adapter refuses a request as it should be refused; Node would without a body.
  const options = { ...timeouts, maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false };
  const server = createServer(options, (incoming, outgoing) => {
    underWay.add(outgoing);
    if (isDraining) outgoing.shouldKeepAlive = false;
    outgoing.on('close', () => {
      underWay.delete(outgoing);
      // A connection whose response was under way already is idle from now on, and nobody would close it.
      if (isClosing) server.closeIdleConnections();
    });
    respond(incoming, outgoing);
  });
  server.timeout = timeouts.timeout;
  server.maxConnections = MAX_CONNECTIONS;

  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    const isAnswered = [...underWay].some((outgoing) => outgoing.socket === socket);
    if (error.code === 'ECONNRESET' || isAnswered || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
    onRefusal(status);
    refuse(socket, status);
  });

  return {
    server,
    inFlight: () => underWay.size,
    drain: () => {
      isDraining = true;
      for (const outgoing of underWay) if (!outgoing.headersSent) outgoing.shouldKeepAlive = false;
    },
    close: async (graceMs) => {
      // HTTP's own close would cut idle connections at once, and with them the requests that are on their way.
      const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
      const lingering = setTimeout(() => {
        isClosing = true;
        server.closeIdleConnections();
      }, LINGER_MS);
      const cutting = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(lingering);
      clearTimeout(cutting);
    },
  };
}

/** A problem that no endpoint has made, with the headers that every response has. */
function problemResponse(problem: Problem): Response {
  const requestId = crypto.randomUUID();
  const response = problem.toResponse(requestId);
  response.headers.set('X-Request-Id', requestId);
  setSecurityHeaders(response.headers);
  return response;
}

/** Answers what is no request that Node understands, and ends the connection. Only 400 has a problem (section "Errors"). */
function refuse(socket: Duplex, status: number): void {
  const reason = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' }[status];
  const problem = problemResponse(new Problem('invalid_request', 'This is no valid HTTP request.'));
  problem.text().then((text) => {
    const body = status === 400 ? text : '';
    if (!body) problem.headers.delete('Content-Type');
    const headers = [...problem.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const head = `HTTP/1.1 ${status} ${reason}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n`;
    socket.end(`${head}Connection: close\r\n\r\n${body}`);
  });
}
