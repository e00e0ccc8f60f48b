import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { Problem } from '../../src/problem.ts';

/** The names of this machine. Any port goes with them, so that a forwarded one does. */
const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d*)?$/i;

/** Hop-by-hop headers (RFC 9110 §7.6.1), and those in which wrangler passes on facts to itself, such as the original host. */
const DROPPED = /^(host|connection|keep-alive|proxy-connection|te|transfer-encoding|upgrade|expect|mf-.*)$/i;

/**
 * Starts a reverse proxy on 127.0.0.1 in front of wrangler. It forwards requests whose `Host` is a name of this machine;
 * all others get 400. That stops DNS rebinding: a web page can make its own host name point at 127.0.0.1, and to the
 * browser the API is then of the same origin as the page, which may read every response; and everybody knows the secret
 * that signs tokens here. The Worker cannot check it, because wrangler lets the header `MF-Original-URL`, which such a
 * page can send, decide which host the Worker sees.
 * @param target where wrangler listens on 127.0.0.1
 * @throws Error of the network, if it cannot listen
 */
export async function startProxy(port: number, target: number): Promise<Server> {
  const server = createServer({ maxHeaderSize: 65_536 }, (incoming, outgoing) => {
    const { url = '', headers } = incoming;
    if (!HOSTS.test(headers.host ?? '')) {
      refuse(incoming, outgoing, new Problem('invalid_request', 'Host must be localhost, 127.0.0.1 or [::1].'));
    } else if (!url.startsWith('/')) {
      refuse(incoming, outgoing, new Problem('invalid_request', 'The request target must be a path.'));
    } else {
      forward(incoming, outgoing, target);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const { method, url, headers, rawHeaders } = incoming;
  const own = ['Host', headers.host ?? '', 'Connection', 'keep-alive'];
  // A body of unknown length is forwarded in chunks.
  if (headers['transfer-encoding']) own.push('Transfer-Encoding', 'chunked');
  const upstream = request({
    ...{ host: '127.0.0.1', port, method, path: url, agent: false },
    headers: [...own, ...forwarded(rawHeaders)],
  });
  upstream.on('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.statusMessage, forwarded(response.rawHeaders));
    response.on('error', () => outgoing.destroy());
    response.on('end', async () => {
      // Wrangler has responded before it has read the whole body: nobody needs the rest.
      await requestRead(incoming.unpipe(upstream).resume());
      outgoing.end();
    });
    response.pipe(outgoing, { end: false });
  });
  upstream.on('error', () => {
    const headers = { 'Retry-After': '1' };
    const problem = new Problem('unavailable', 'The Worker is being started again.', { headers });
    if (!outgoing.headersSent) refuse(incoming, outgoing, problem);
  });
  upstream.on('close', () => incoming.unpipe(upstream).resume());
  outgoing.on('close', () => upstream.destroy());
  incoming.pipe(upstream);
}

/** The headers to forward, as a list of alternating names and values like that of node:http. */
function forwarded(rawHeaders: string[]): string[] {
  return rawHeaders.filter((_, index) => !DROPPED.test(rawHeaders[index - (index % 2)] ?? ''));
}

/**
 * Waits until the request has arrived or been aborted. Closing a connection before may reset it, and the caller would
 * never see the response (RFC 9112 §9.6).
 */
async function requestRead(incoming: IncomingMessage): Promise<void> {
  if (!incoming.complete) await once(incoming, 'close').catch(() => {});
}

async function refuse(incoming: IncomingMessage, outgoing: ServerResponse, problem: Problem): Promise<void> {
  await requestRead(incoming.resume());
  const id = crypto.randomUUID();
  const response = problem.toResponse(id);
  const body = await response.text();
  const headers = { ...Object.fromEntries(response.headers), 'X-Request-Id': id, 'Content-Length': body.length };
  outgoing.writeHead(response.status, headers).end(body);
}
