import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/* An endpoint that stands before the local Neon endpoint and does to its answers what a network or a proxy may do. */

/** What is made of a request: `forward` sends it on, which can be done first, last or not at all. */
export type Fault = (response: ServerResponse, forward: () => Promise<{ status: number; body: string }>) => unknown;

export class FaultyEndpoint {
  /** The requests that have come in: for whom, and what they send. */
  readonly sent: string[] = [];
  readonly url: string;
  readonly #target: string;
  readonly #port: number;
  #server: Server;
  #fault: Fault | undefined;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
    this.#port = (server.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.#port}/sql`;
  }

  static async start(target: string): Promise<FaultyEndpoint> {
    const endpoint = new FaultyEndpoint(await listen(0), target);
    endpoint.#serve();
    return endpoint;
  }

  /** Does this to all requests as long as the work goes on. */
  async during<T>(fault: Fault, work: () => Promise<T>): Promise<T> {
    this.#fault = fault;
    try {
      return await work();
    } finally {
      this.#fault = undefined;
    }
  }

  /** Nobody listens as long as the work goes on. */
  async whileDown<T>(work: () => Promise<T>): Promise<T> {
    await this.stop();
    try {
      return await work();
    } finally {
      this.#server = await listen(this.#port);
      this.#serve();
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(): void {
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // A client that has given up is no failure of ours.
      response.on('error', () => {});
      void this.#respond(request, response).catch(() => response.destroy());
    });
  }

  /** How many there were. */
  get requests(): number {
    return this.sent.length;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.sent.push(`${request.headers['neon-connection-string']} ${Buffer.concat(chunks)}`);
    const forward = async () => {
      const { host, connection, 'content-length': length, ...headers } = request.headers;
      const answer = await fetch(this.#target, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: Buffer.concat(chunks),
      });
      return { status: answer.status, body: await answer.text() };
    };
    if (this.#fault) return void (await this.#fault(response, forward));
    const { status, body } = await forward();
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Gives this answer and nothing else. */
export function answering(status: number, body: string, type = 'application/json'): Fault {
  return (response) => response.writeHead(status, { 'Content-Type': type }).end(body);
}
