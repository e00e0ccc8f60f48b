import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { pgDriver } from '../../../src/db/client/drivers/pg.ts';

/** A message of PostgreSQL's protocol (manual, §54.7). */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

test('a server that lets us in and then never answers keeps no connection of ours', async () => {
  let connections = 0;
  let open = 0;
  const server = createServer((socket) => {
    connections++;
    open++;
    socket.on('close', () => open--).on('error', () => {});
    const authenticated = message('R', Buffer.alloc(4));
    socket.once('data', () => socket.write(Buffer.concat([authenticated, message('Z', Buffer.from('I'))])));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const driver = pgDriver({ url: `postgres://a:b@127.0.0.1:${port}/x?sslmode=disable` });
  for (let i = 0; i < 3; i++) {
    const batch = driver.batch([{ sql: 'select 1', parameters: [] }], {
      readOnly: true,
      signal: AbortSignal.timeout(1000),
    });
    await expect(batch).rejects.toMatchObject({ name: 'TimeoutError' });
  }
  expect(connections).toBeGreaterThan(0);
  await vi.waitFor(() => expect(open).toBe(0), 10_000);
});
