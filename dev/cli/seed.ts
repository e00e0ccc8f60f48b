import { createClient, OnetripConnectionError, OnetripError } from '../../packages/client/src/index.ts';
import { causeOf } from '../../src/log.ts';
import { jwtSecret, signToken } from '../local/jwt.ts';
import { print, step } from '../local/terminal.ts';
import { fill } from '../seed/fill.ts';
import { progressBar } from '../seed/progress-bar.ts';
import { optionsOrExit } from './options.ts';
import { readSeedOptions, type SeedOptions, USAGE } from './seed-options.ts';

/* `npm run seed`: fills a tenant with projects that are made up. */

/** How often a request is sent again, and the longest `Retry-After` that is waited for (s): a rate limit's minute passes. */
const RETRIES = 8;
const MAX_RETRY_AFTER = 60;
/** How long the token is good for (s). A new one is signed for each request. */
const TOKEN_SECONDS = 300;

async function seed(options: SeedOptions, signal: AbortSignal): Promise<void> {
  const { url, projects, tasks, token, tenantId } = options;
  const sign = () => signToken({ role: 'member', tenantId, sub: 'seed' }, TOKEN_SECONDS, jwtSecret());
  const onetrip = createClient({
    baseUrl: url,
    token: token ?? sign,
    retries: RETRIES,
    maxRetryAfter: MAX_RETRY_AFTER,
  });
  // Says in time what is wrong: each of the requests that follow is tried again for a while.
  const { name } = await createClient({ baseUrl: url, token: token ?? sign, retries: 0 }).tenant.get();
  await step(
    `Making projects for ${name}`,
    (show) => {
      let first: { there: number; at: number } | undefined;
      return fill(
        onetrip,
        options,
        (there) => {
          first ??= { there, at: performance.now() };
          const seconds = (performance.now() - first.at) / 1000;
          show(progressBar(there, projects, seconds > 0 ? (there - first.there) / seconds : 0));
        },
        signal,
      );
    },
    ({ made, total }) =>
      `${made} projects made with ${tasks} tasks each: ${name} has ${total} of them (--run ${options.run})`,
  );
}

/** What is wrong, in a line, and what to do. */
function messageOf(error: unknown, url: string): string {
  if (error instanceof OnetripConnectionError) {
    return `Nothing answers at ${url} (${causeOf(error)}): start npm run dev, or name another address with --url.`;
  }
  if (!(error instanceof OnetripError)) return (error as Error).message;
  const advice = error.status === 401 ? ' JWT_SECRET must be that of the API, or ONETRIP_TOKEN a token of it.' : '';
  return `The API answers ${error.status}: ${error.message}${advice}`;
}

const options = optionsOrExit(USAGE, readSeedOptions);
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());
try {
  await seed(options, stopping.signal);
} catch (error) {
  const wasStopped = stopping.signal.aborted;
  print(wasStopped ? 'Stopped: the same command goes on from here.' : messageOf(error, options.url), process.stderr);
  process.exitCode = 1;
}
