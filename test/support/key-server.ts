import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a path answers: with an object as JSON, with a text as it is, or by its own means. */
export type Answer = object | string | ((response: ServerResponse) => void);

/** A key server of a test's own, on a real socket: it answers what it is told, and counts how often it is asked. */
export interface KeyServer {
  /** Sets what a path answers from now on, and gives its URL. */
  serve(path: string, answer: Answer): string;
  /** How often a path has been asked. */
  asked(path: string): number;
  stop(): Promise<void>;
}

export async function startKeyServer(): Promise<KeyServer> {
  const answers = new Map<string, Answer>();
  const counts = new Map<string, number>();
  const server = createServer(({ url: path = '' }, response) => {
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const answer = answers.get(path);
    if (typeof answer === 'function') answer(response);
    else if (answer === undefined) response.writeHead(404).end();
    else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    serve: (path, answer) => {
      answers.set(path, answer);
      return `http://127.0.0.1:${port}${path}`;
    },
    asked: (path) => counts.get(path) ?? 0,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
