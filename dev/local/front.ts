import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { Problem } from '../../src/problem.ts';

/** The names of this machine. Any port goes with them, so that a forwarded one does. */
const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d*)?$/i;

/** What is between two neighbours alone (RFC 9110 §7.6.1); and what wrangler tells itself, the host asked for among it. */
const DROPPED = /^(host|connection|keep-alive|proxy-connection|te|transfer-encoding|upgrade|expect|mf-.*)$/i;

/**
 * Listens on 127.0.0.1 in front of wrangler, and hands on what is asked of this machine by its own name. To any other
 * name it answers 400: a web page can have its own name point at 127.0.0.1 (DNS rebinding), is then of the same origin
 * as the API to its browser, which lets it read all answers, and everybody knows the development secret. The Worker
 * could not tell: wrangler has it see the host of a header, `MF-Original-URL`, which such a page can send.
 * @param target where wrangler listens on 127.0.0.1
 * @throws Error of the network, if it cannot listen
 */
export async function startFront(port: number, target: number): Promise<Server> {
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
  // A body of unknown length goes on in chunks, as it has come.
  if (headers['transfer-encoding']) own.push('Transfer-Encoding', 'chunked');
  const upstream = request({
    ...{ host: '127.0.0.1', port, method, path: url, agent: false },
    headers: [...own, ...kept(rawHeaders)],
  });
  upstream.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, kept(answer.rawHeaders));
    answer.on('error', () => outgoing.destroy());
    answer.on('end', async () => {
      // The rest of the body is wanted no more.
      await allRead(incoming.unpipe(upstream).resume());
      outgoing.end();
    });
    answer.pipe(outgoing, { end: false });
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

/** Names and values by turns, as node:http reads and takes them. */
function kept(rawHeaders: string[]): string[] {
  return rawHeaders.filter((_, index) => !DROPPED.test(rawHeaders[index - (index % 2)] ?? ''));
}

/**
 * Waits until the request has arrived, or broken off. A connection that is closed before may be reset, and the caller
 * then never sees the answer (RFC 9112 §9.6).
 */
async function allRead(incoming: IncomingMessage): Promise<void> {
  if (!incoming.complete) await once(incoming, 'close').catch(() => {});
}

async function refuse(incoming: IncomingMessage, outgoing: ServerResponse, problem: Problem): Promise<void> {
  await allRead(incoming.resume());
  const id = crypto.randomUUID();
  const response = problem.toResponse(id);
  const body = await response.text();
  const headers = { ...Object.fromEntries(response.headers), 'X-Request-Id': id, 'Content-Length': body.length };
  outgoing.writeHead(response.status, headers).end(body);
}
