import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startFront } from './front.ts';

/*
 * `wrangler dev` as a process of its own, started by ./wrangler.ts. It goes by wrangler's programming interface, because
 * the command always opens workerd's inspector, which lets any web page of this machine's browser that finds its port
 * read the Worker's secrets (it asks for neither Host nor Origin).
 */

/** How long the Worker may take to answer again after a crash (ms), and one try of that. */
const DEADLINE = 30_000;
const ONE_TRY = 5000;

// When whoever started this process is gone, however it ended, so is this one. Wrangler's exit hooks stop workerd.
process.once('disconnect', () => process.exit(1));

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8787' },
    'env-file': { type: 'string', default: '' },
    'persist-to': { type: 'string', default: '' },
  },
});
const { unstable_startWorker: startWorker } = await import('wrangler');
const worker = await startWorker({
  config: 'wrangler.toml',
  envFiles: [values['env-file']],
  dev: {
    server: { hostname: '127.0.0.1', port: 0 },
    inspector: false,
    persist: values['persist-to'],
    remote: false,
    // The Worker sees the host that was asked for, also where wrangler.toml names a route.
    inferOriginFromRoutes: false,
  },
});
const port = Number((await worker.url).port);
await startFront(Number(values.port), port);

// One workerd takes the requests, another one runs the Worker. Wrangler starts either again after a crash, but does not
// tell the first one where the second one is: it would keep every request waiting for good. Loading the Worker again does.
while (true) {
  await untilRefused();
  const deadline = Date.now() + DEADLINE;
  do {
    if (Date.now() > deadline) {
      console.error('The Worker has not come back since workerd has crashed.');
      process.exit(1);
    }
    await worker.patchConfig({});
  } while (!(await answers()));
}

/** Resolves when nobody listens at the port any more: its connection ends with the process at the other end. */
async function untilRefused(): Promise<void> {
  for (let connected = true; connected; ) {
    connected = false;
    await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        connected = true;
      });
      // workerd, too, ends a connection that says nothing for 15 s; then there is a next one.
      socket.resume().on('close', resolve);
      socket.on('error', () => {});
    });
  }
}

async function answers(): Promise<boolean> {
  for (const end = Date.now() + ONE_TRY; Date.now() < end; await sleep(100)) {
    const signal = AbortSignal.timeout(end - Date.now());
    const response = await fetch(`http://127.0.0.1:${port}/health`, { signal }).catch(() => undefined);
    if (response) return true;
  }
  return false;
}
