import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MiniflareOptions, ModuleDefinition, WorkerOptions } from 'miniflare';
import { inject } from 'vitest';
import { SECRET_NAMES, type WorkerConfig } from '../../dev/build/configs.ts';
import type { Deployable } from '../../dev/build/split.ts';
import type { Bindings } from '../../src/config/bindings.ts';

/* The deployments as Miniflare runs them: the very bundles that are deployed, and for the split one their configurations. */

/** Of the rate-limit binding. */
export interface RateLimit {
  limit: number;
  period: 10 | 60;
}

/** All functions in one Worker. It delivers to webhooks, by its queue, where it is told how to log in for that. */
export function oneWorker(bindings: Bindings, rateLimit?: RateLimit): MiniflareOptions {
  return {
    ...script(join(inject('dist'), 'worker')),
    compatibilityDate: '2026-07-01',
    bindings: { ...bindings } as unknown as Record<string, string>,
    ...staticFiles(),
    ...(bindings.COURIER_DATABASE_URL
      ? { queueProducers: { WEBHOOK_QUEUE: 'webhooks' }, queueConsumers: { webhooks: { maxBatchSize: 1 } } }
      : {}),
    ...(rateLimit ? { ratelimits: { RATE_LIMITER: { namespace_id: '1', simple: rateLimit } } } : {}),
  };
}

/**
 * Every function a Worker of its own, behind the dispatcher. Each is given the secrets that `deploy:split` would give it,
 * the other bindings as variables, and what its wrangler.json binds.
 * @param only operation ids of the functions that are there, because to start all of them takes ten seconds
 */
export function splitWorkers(bindings: Bindings, rateLimit?: RateLimit, only?: string[]): MiniflareOptions {
  const directory = join(inject('dist'), 'split');
  const deployables = readJson<Deployable[]>(join(directory, 'workers.json')).filter(
    ({ name, kind }) => !only || kind !== 'function' || only.some((id) => name === `onetrip-${id}`),
  );
  const isThere = ({ service }: { service: string }) => deployables.some(({ name }) => name === service);
  const workers = deployables.map(({ name, secrets }): WorkerOptions => {
    const config: WorkerConfig = readJson(join(directory, name, 'wrangler.json'));
    const own = Object.entries(bindings).filter(([key]) => secrets.includes(key) || !SECRET_NAMES.includes(key));
    const limiters = (rateLimit ? config.ratelimits : undefined) ?? [];
    return {
      name: config.name,
      ...script(join(directory, name)),
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      bindings: Object.fromEntries(own),
      ...(config.assets ? staticFiles() : {}),
      // Who changes something tells the queue; without a courier nobody takes the messages.
      queueProducers: Object.fromEntries(
        (config.queues?.producers ?? []).map(({ binding, queue }) => [binding, queue]),
      ),
      queueConsumers: Object.fromEntries(
        (config.queues?.consumers ?? []).map(({ queue, max_batch_size: maxBatchSize }) => [queue, { maxBatchSize }]),
      ),
      serviceBindings: Object.fromEntries(
        (config.services ?? []).filter(isThere).map(({ binding, service }) => [binding, service]),
      ),
      ratelimits: Object.fromEntries(
        limiters.map((limiter) => [
          limiter.name,
          { namespace_id: limiter.namespace_id, simple: rateLimit as RateLimit },
        ]),
      ),
    };
  });
  // Requests from outside go to the first one, and only the dispatcher, which is deployed last, has URLs.
  return { workers: workers.reverse() };
}

/** The static files of the page at /docs, which Cloudflare serves before the Worker runs. */
function staticFiles(): Pick<WorkerOptions, 'assets'> {
  const directory = join(inject('dist'), 'assets');
  return {
    assets: {
      directory,
      routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: false },
      assetConfig: { html_handling: 'none', not_found_handling: 'none' },
    },
  };
}

/** The whole of what is deployed: one module. Said so, for otherwise Miniflare parses it, which takes a while for all. */
function script(directory: string): { modules: ModuleDefinition[] } {
  return {
    modules: [{ type: 'ESModule', path: 'index.js', contents: readFileSync(join(directory, 'index.js'), 'utf8') }],
  };
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8'));
}
