import { join } from 'node:path';
import { root } from './bundle.ts';
import { bindingsReadBy, namesOf, requiredSecrets } from './given-bindings.ts';
import { bindingOf, type Worker } from './workers.ts';

/*
 * The wrangler configuration of each Worker of the split deployment, derived from wrangler.toml and from what is in its
 * bundle: a Worker is given what its code can use.
 */

/** The settings of wrangler.toml that go into the configurations of the Workers. */
export interface BaseConfig {
  name: string;
  compatibility_date: string;
  compatibility_flags: string[];
  workers_dev: boolean;
  preview_urls: boolean;
  routes: unknown[];
  assets: { html_handling: string };
  crons: string[];
  vars: Record<string, unknown>;
  ratelimits: { name: string; namespace_id: string; simple: { limit: number; period: 10 | 60 } }[];
  queues: { producers: QueueProducer[]; consumers: QueueConsumer[] };
  kv_namespaces: KeyValues[];
  observability: unknown;
  placement: unknown;
}

/** A binding of a namespace of key-value pairs. */
type KeyValues = { binding: string; id?: string | undefined };
/** A binding by which messages are sent to a queue. */
type QueueProducer = { binding: string; queue: string };
/** How the messages of a queue are given to a Worker. */
type QueueConsumer = { queue: string; max_batch_size?: number | undefined };

/** The members of a wrangler.json that are written here. */
export interface WorkerConfig {
  name: string;
  main: string;
  no_bundle: true;
  find_additional_modules: false;
  compatibility_date: string;
  compatibility_flags: string[];
  send_metrics: false;
  workers_dev: boolean;
  preview_urls: boolean;
  routes?: unknown[];
  assets?: { directory: string; html_handling: string };
  triggers: { crons: string[] };
  vars: Record<string, unknown>;
  ratelimits?: BaseConfig['ratelimits'];
  queues?: Partial<BaseConfig['queues']>;
  kv_namespaces?: KeyValues[];
  services?: { binding: string; service: string }[];
  secrets?: { required: string[] };
  observability: unknown;
  placement?: unknown;
}

/** Every name that a file of secrets may have. */
export const SECRET_NAMES: string[] = namesOf('secret');

/** Reads wrangler.toml. Takes a second, for wrangler is large. @throws Error that names what is missing in it. */
export async function readBaseConfig(): Promise<BaseConfig> {
  const { unstable_readConfig } = await import('wrangler');
  const config = unstable_readConfig({ config: join(root, 'wrangler.toml') }, { hideWarnings: true });
  const { name, compatibility_date } = config;
  if (!name || !compatibility_date) throw new Error('wrangler.toml needs a name and a compatibility_date.');
  return {
    name,
    compatibility_date,
    compatibility_flags: config.compatibility_flags,
    workers_dev: config.workers_dev ?? false,
    preview_urls: config.preview_urls ?? false,
    routes: config.routes ?? [],
    assets: { html_handling: config.assets?.html_handling ?? 'none' },
    crons: config.triggers.crons ?? [],
    vars: config.vars,
    ratelimits: config.ratelimits,
    queues: { producers: config.queues.producers ?? [], consumers: config.queues.consumers ?? [] },
    kv_namespaces: config.kv_namespaces,
    observability: config.observability,
    placement: config.placement,
  };
}

/**
 * The configuration of one Worker. Only the dispatcher has URLs. A Worker that uses the database runs near it, if
 * wrangler.toml says so. A tenant has one quota, because all functions count in the same namespace.
 */
export function workerConfig(base: BaseConfig, worker: Worker, all: Omit<Worker, 'parts'>[]): WorkerConfig {
  const { name, kind, parts } = worker;
  const isDispatcher = kind === 'dispatcher';
  const usesDatabase = 'src/db/client/database.ts' in parts;
  // Who has several databases says there which of them a tenant's id gives.
  const required = requiredSecrets(worker, 'SHARDS_BY_HASH' in base.vars);
  return {
    name,
    main: 'index.js',
    no_bundle: true,
    find_additional_modules: false,
    compatibility_date: base.compatibility_date,
    compatibility_flags: base.compatibility_flags,
    send_metrics: false,
    workers_dev: isDispatcher && base.workers_dev,
    preview_urls: isDispatcher && base.preview_urls,
    ...(isDispatcher && base.routes.length > 0 ? { routes: base.routes } : {}),
    // Beside the directory of the split deployment.
    ...(isDispatcher ? { assets: { directory: '../../assets', ...base.assets } } : {}),
    // An empty list removes the triggers of an earlier deployment of that name.
    triggers: { crons: kind === 'scheduled' || kind === 'deliveries' ? base.crons : [] },
    vars: varsOf(base, worker),
    ...('src/http/auth/rate-limit.ts' in parts ? { ratelimits: base.ratelimits } : {}),
    ...queuesOf(base, worker),
    ...keyValuesOf(base, worker),
    ...(isDispatcher ? { services: services(base.name, all) } : {}),
    ...(required.length > 0 ? { secrets: { required } } : {}),
    observability: base.observability,
    ...(usesDatabase && base.placement ? { placement: base.placement } : {}),
  };
}

/** @throws Error that names a variable of wrangler.toml which is no binding: most likely a typing error */
function varsOf({ vars }: BaseConfig, worker: Worker): Record<string, unknown> {
  const known: string[] = namesOf('variable');
  const unknown = Object.keys(vars).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`wrangler.toml: no Worker reads ${unknown.join(', ')}.`);
  const read: string[] = bindingsReadBy(worker, 'variable');
  return Object.fromEntries(Object.entries(vars).filter(([name]) => read.includes(name)));
}

/** Who delivers takes the messages, and sends itself some for later. Who changes something sends them. */
function queuesOf({ queues: { producers, consumers } }: BaseConfig, worker: Worker): Pick<WorkerConfig, 'queues'> {
  if (worker.kind === 'deliveries') return { queues: { producers, consumers } };
  return bindingsReadBy(worker, 'object').includes('WEBHOOK_QUEUE') ? { queues: { producers } } : {};
}

function keyValuesOf({ kv_namespaces: all }: BaseConfig, worker: Worker): Pick<WorkerConfig, 'kv_namespaces'> {
  const read: string[] = bindingsReadBy(worker, 'object');
  const given = all.filter(({ binding }) => read.includes(binding));
  return given.length > 0 ? { kv_namespaces: given } : {};
}

function services(prefix: string, all: Omit<Worker, 'parts'>[]) {
  return all
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => ({ binding: bindingOf(name.slice(prefix.length + 1)), service: name }));
}
