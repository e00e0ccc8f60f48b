import { once } from 'node:events';
import type { Server } from 'node:http';

/**
 * Has a server listen.
 * @param variable what the port was set by, for the message
 * @throws Error of one line that says why it cannot, and what to do
 */
export async function listen(
  server: Server,
  port: number,
  address: string | undefined,
  variable: string,
): Promise<void> {
  server.listen({ port, ...(address ? { host: address } : {}) });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as { code?: string };
    const where = address ? `${address}, port ${port}` : `port ${port}`;
    if (code === 'EADDRINUSE') {
      throw new Error(`${variable}: ${where} is in use. Stop what listens there, or set another ${variable}.`);
    }
    if (code === 'EACCES') {
      throw new Error(`${variable}: this user may not listen at ${where}. Set a ${variable} above 1023.`);
    }
    throw new Error(`${variable}: cannot listen at ${where} (${code}).`);
  }
}
