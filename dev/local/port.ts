import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Tries to listen at a port of this machine.
 * @param address all addresses, where none is given
 * @returns the code of what keeps a program from it, such as `EADDRINUSE`; undefined where nothing does
 */
export async function portFault(port: number, address?: string): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? 'unknown';
  }
}
