import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of 127.0.0.1 where nothing listens at the moment. */
export async function freePort(): Promise<number> {
  while (true) {
    // Below those that the system gives out by itself, which another test may get before it is used.
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
