import { parseArgs } from 'node:util';
import type { Bindings } from '../../config/bindings.ts';
import { hasCourier } from '../../config/courier.ts';
import { closePools } from '../../http/open-database.ts';
import { framesOf, log } from '../../log.ts';
import { purge } from '../../scheduled/purge.ts';
import { sweep } from '../../webhooks/queue.ts';
import { nodePost } from './post.ts';
import { startServer } from './server.ts';

/*
 * The program that `npm start` builds and runs, `dist/node/server.mjs`: the API as a server until SIGTERM or SIGINT, or with
 * `--scheduled` one run of the scheduled work. Everything else it reads from the environment.
 */

const USAGE = `The API as a server of its own.

  node server.mjs              serves until SIGTERM or Ctrl-C
  node server.mjs --scheduled  purges once what is due, delivers to webhooks what is, and ends

Environment: DATABASE_URL, JWT_SECRET or JWKS_URL, PORT and others (docs/configuration.md).`;

/** npm passes a Ctrl-C on that the terminal has sent to this process already: what comes this soon (ms) is the same one. */
const SAME_SIGNAL_MS = 1000;

async function serveUntilStopped(): Promise<void> {
  const server = startServer(process.env);
  let told = 0;
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (told > 0) {
        if (performance.now() - told > SAME_SIGNAL_MS) process.exit(1);
        return;
      }
      told = performance.now();
      server.then(({ stop }) => stop()).then(() => process.exit(0), fail);
    });
  }
  await server;
}

async function runScheduled(): Promise<void> {
  const bindings = process.env as unknown as Bindings;
  await purge(bindings);
  if (hasCourier(bindings)) await sweep(bindings, { post: nodePost(bindings.DEVELOPMENT === 'true') });
  await closePools();
}

function fail(error: Error): never {
  console.error(error.message);
  process.exit(1);
}

// A listener that is gone must not end the server: what it would have read is lost.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
process.on('uncaughtException', (error) => {
  // After an error that nobody has caught, nothing is known of the process; whoever runs it starts it again.
  log('error', 'bug', framesOf(error));
  process.exit(1);
});

try {
  const { values } = parseArgs({ options: { scheduled: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) console.log(USAGE);
  else if (values.scheduled) await runScheduled();
  else await serveUntilStopped();
} catch (error) {
  fail(error as Error);
}
