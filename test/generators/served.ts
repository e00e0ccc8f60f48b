import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import { app } from '../../src/functions/index.ts';
import { type TestApi, useApi } from '../support/api.ts';

/** The API behind a port of this machine, and a new tenant of it, for clients that are programs of their own. */
export function useServedApi(): { api: TestApi; environment(): Promise<{ ORIGIN: string; TOKEN: string }> } {
  const api = useApi();
  let server: Server;

  beforeAll(async () => {
    server = createServer(async ({ method = 'GET', url = '/', headers }, response) => {
      const body = await buffer(response.req);
      const answer = await app.request(
        new Request(`http://127.0.0.1${url}`, {
          method,
          headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
          ...(body.length > 0 ? { body } : {}),
        }),
        undefined,
        api.bindings,
      );
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const environment = async () => {
    const tenant = await api.tenant();
    return { ORIGIN: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, TOKEN: await tenant.token() };
  };
  return { api, environment };
}
