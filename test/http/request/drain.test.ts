import { expect, test } from 'vitest';
import { drain } from '../../../src/http/request/drain.ts';

/** A request as far as it matters: Node's own lets nobody read its body in two parts. */
const request = (body: ReadableStream) => ({ body }) as Request;

test('reads a body to its end, also one of which a part has been read', async () => {
  let pulled = 0;
  const body = new ReadableStream({
    pull: (controller) => (++pulled > 10 ? controller.close() : controller.enqueue(new Uint8Array(1000))),
  });
  const reader = body.getReader();
  await reader.read();
  reader.releaseLock();
  await drain(request(body));
  expect(pulled).toBe(11);
});

test('gives up a body that does not end, by its size or its time', async () => {
  let bytes = 0;
  const endless = new ReadableStream({
    pull: (controller) => {
      bytes += 65_536;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  await drain(request(endless));
  expect(bytes).toBeLessThan(34 * 1024 * 1024);
  const start = Date.now();
  await drain(request(new ReadableStream({ pull: () => new Promise(() => {}) })));
  expect(Date.now() - start).toBeGreaterThan(4000);
});

test('leaves alone what has been read, is being read, or is not there', async () => {
  await drain(new Request('http://x'));
  const read = new Request('http://x', { method: 'POST', body: 'x' });
  await read.text();
  await drain(read);
  const locked = request(new ReadableStream({ pull: () => new Promise(() => {}) }));
  locked.body?.getReader();
  await drain(locked);
});
