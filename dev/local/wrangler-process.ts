import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startProxy } from './proxy.ts';

/*
 * `wrangler dev` as a process of its own, started by ./wrangler.ts. It uses wrangler's programming interface, because the
 * command always opens workerd's inspector. That checks neither Host nor Origin, so any web page in a browser on this
 * machine that finds its port can read the Worker's secrets.
 */

/** How long the Worker may take to respond again after a crash, and how long one attempt at that may take (ms). */
const RECOVERY_TIMEOUT_MS = 30_000;
const ATTEMPT_TIMEOUT_MS = 5000;

// This process ends with its parent, however that ended. Wrangler's exit hooks stop workerd.
process.once('disconnect', () => process.exit(1));

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8787' },
    'env-file': { type: 'string', default: '' },
    'persist-to': { type: 'string', default: '' },
    'rate-limit': { type: 'string', default: '' },
  },
});
const { unstable_startWorker: startWorker } = await import('wrangler');
const worker = await startWorker({
  config: 'wrangler.toml',
  envFiles: [values['env-file']],
  bindings: rateLimiter(values['rate-limit']),
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
await startProxy(Number(values.port), port);

// One workerd takes the requests, another one runs the Worker. Wrangler restarts either after a crash, but does not tell
// the first one where the second one listens now, and every request would wait for ever. Reloading the Worker tells it.
while (true) {
  await untilRefused();
  const deadline = Date.now() + RECOVERY_TIMEOUT_MS;
  do {
    if (Date.now() > deadline) {
      console.error('The Worker has not come back since workerd has crashed.');
      process.exit(1);
    }
    await worker.patchConfig({});
  } while (!(await isResponding()));
}

/** The binding that counts requests, where there is a limit, in place of the one in wrangler.toml. @param limit `20/60` */
function rateLimiter(limit: string): NonNullable<Parameters<typeof startWorker>[0]['bindings']> {
  const [quota = 0, period = 0] = limit.split('/').map(Number);
  if (!quota) return {};
  // Any namespace: wrangler counts for this process alone.
  return {
    RATE_LIMITER: { type: 'ratelimit', namespace_id: '1', simple: { limit: quota, period: period as 10 | 60 } },
  };
}

/** Resolves when nothing listens at the port any more. It keeps a connection open, which ends with the other process. */
async function untilRefused(): Promise<void> {
  for (let connected = true; connected; ) {
    connected = false;
    await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        connected = true;
      });
      // workerd also closes a connection that is idle for 15 s. Then a new one is opened.
      socket.resume().on('close', resolve);
      socket.on('error', () => {});
    });
  }
}

async function isResponding(): Promise<boolean> {
  for (const end = Date.now() + ATTEMPT_TIMEOUT_MS; Date.now() < end; await sleep(100)) {
    const signal = AbortSignal.timeout(end - Date.now());
    const response = await fetch(`http://127.0.0.1:${port}/health`, { signal }).catch(() => undefined);
    if (response) return true;
  }
  return false;
}
