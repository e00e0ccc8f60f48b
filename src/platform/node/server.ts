import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bindings, SERVER_DEFAULTS } from '../../config/bindings.ts';
import { hasCourier, readCourierConfig } from '../../config/courier.ts';
import { readServerConfig, type ServerConfig } from '../../config/server.ts';
import { app } from '../../functions/index.ts';
import { checkConfig, closePools } from '../../http/open-database.ts';
import { log } from '../../log.ts';
import { listenTo } from '../../telemetry.ts';
import { assetsApp } from '../assets.ts';
import { apiServer } from './api-server.ts';
import { listen } from './listen.ts';
import { CONTENT_TYPE, Metrics } from './metrics.ts';
import { purgeRegularly } from './schedule.ts';
import { startWebhookWorker } from './webhook-worker.ts';

/**
 * How long requests that are under way may take once no more are accepted (ms): all batches of a request have 20 s. Kubernetes
 * kills after 30 s, so what follows has to fit in too.
 */
const GRACE_MS = 24_000;
/** How long the pools may take to close, and a purge to end its batch (ms): what is cut off then, PostgreSQL rolls back. */
const CLOSE_MS = 2000;

/** The static files of the page at /docs, which the build puts beside the program. */
const ASSETS = join(import.meta.dirname, 'assets');

export interface RunningServer {
  /** Stops accepting requests, ends those that are under way, and closes the connections to the database. */
  stop(): Promise<void>;
}

/**
 * Starts the API as a server.
 * @throws Error of one line that names what is wrong with the environment, before anything has been started
 */
export async function startServer(environment: NodeJS.ProcessEnv): Promise<RunningServer> {
  const given = { ...environment, POOL_SIZE: environment.POOL_SIZE || SERVER_DEFAULTS.POOL_SIZE } as Bindings;
  await checkEnvironment(given);
  const config = readServerConfig(given);
  const stopping = new AbortController();
  const worker = config.delivers ? startWebhookWorker(given, stopping.signal) : undefined;
  const bindings = worker ? { ...given, WEBHOOK_QUEUE: worker.queue } : given;
  const metrics = new Metrics();
  listenTo(metrics);
  const assets = assetsApp(ASSETS);
  const api = apiServer(
    // With one trailing slash, too, `/docs` is the page.
    (request) => (/^\/docs\/./.test(new URL(request.url).pathname) ? assets : app).fetch(request, bindings),
    (status) => metrics.onRefusal(status),
  );
  const metricsServer = metricsEndpoint(() => metrics.render(api.inFlight(), worker?.depth()));
  if (config.metrics) await listen(metricsServer, config.metrics.port, config.metrics.address, 'METRICS_PORT');
  await listen(api.server, config.port, config.address, 'PORT').catch((error) => {
    metricsServer.close();
    throw error;
  });
  const purging = config.purges ? purgeRegularly(bindings, stopping.signal) : Promise.resolve();
  await announce(config, bindings);

  return {
    stop: async () => {
      log('info', 'stopping', { in_flight: api.inFlight() });
      api.drain();
      stopping.abort();
      await sleep(config.drainSeconds * 1000);
      await Promise.all([
        api.close(GRACE_MS),
        Promise.race([worker?.ended, sleep(GRACE_MS, undefined, { ref: false })]),
      ]);
      await Promise.race([Promise.all([purging, closePools()]), sleep(CLOSE_MS)]);
      metricsServer.close();
      metricsServer.closeAllConnections();
      listenTo(undefined);
      log('info', 'stopped', {});
    },
  };
}

/** Checks everything that requests, the purge and deliveries will read. */
async function checkEnvironment(bindings: Bindings): Promise<void> {
  if (!existsSync(ASSETS))
    throw new Error(`${ASSETS} is missing: it is built beside server.mjs, and goes where that goes.`);
  if (!bindings.DATABASE_URL && !bindings.SHARDS) {
    throw new Error(
      'DATABASE_URL is not set: it says where PostgreSQL is, as postgres://onetrip_worker:<password>@<host>/<database>',
    );
  }
  if (!bindings.JWT_SECRET && !bindings.JWKS_URL) {
    throw new Error(
      'neither JWT_SECRET nor JWKS_URL is set: JWT_SECRET is what your tokens are signed with, such as `openssl rand -base64 48` makes it',
    );
  }
  await checkConfig(bindings);
  if (hasCourier(bindings)) readCourierConfig(bindings);
}

/** `GET /metrics`, and nothing else. */
function metricsEndpoint(render: () => string) {
  return createServer((request, response) => {
    const isMetrics = request.url?.split('?')[0] === '/metrics';
    const status = !isMetrics ? 404 : request.method === 'GET' || request.method === 'HEAD' ? 200 : 405;
    if (status !== 200) response.writeHead(status).end();
    else response.writeHead(200, { 'Content-Type': CONTENT_TYPE }).end(render());
  });
}

/** Says where the API is, and whether it can serve: the same that load balancers ask. It is started either way. */
async function announce({ port, address, metrics, purges, delivers }: ServerConfig, bindings: Bindings): Promise<void> {
  const ready = await app.request('/ready', {}, bindings);
  const detail = ready.ok ? undefined : ((await ready.json()) as { detail: string }).detail;
  log('info', 'listening', {
    url: `http://${address?.includes(':') ? `[${address}]` : (address ?? 'localhost')}:${port}`,
    pool_size: Number(bindings.POOL_SIZE),
    metrics: metrics ? `http://${metrics.address}:${metrics.port}/metrics` : null,
    purges,
    delivers,
    ready: ready.ok,
  });
  if (detail) log('warn', 'not_ready', { detail });
}
