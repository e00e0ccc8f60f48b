import { type Bindings, bindingsSchema, parseBindings, SERVER_DEFAULTS } from './bindings.ts';
import { hasCourier } from './courier.ts';
import { hasJanitor } from './janitor.ts';

/** What the server on Node needs to know, beyond what its requests do. */
export interface ServerConfig {
  port: number;
  /** Where none is given, it listens at all addresses of the machine. */
  address?: string;
  /** How long it goes on accepting requests after it has been told to stop (s). */
  drainSeconds: number;
  /** Where the metrics are, if anywhere. */
  metrics?: { port: number; address: string };
  /** Whether it is to run the scheduled purge. */
  purges: boolean;
  /** Whether it is to deliver to webhooks. */
  delivers: boolean;
}

const schema = bindingsSchema.pick({
  PORT: true,
  LISTEN_ADDRESS: true,
  DRAIN_SECONDS: true,
  METRICS_PORT: true,
  METRICS_ADDRESS: true,
  RATE_LIMIT: true,
  JANITOR_DATABASE_URL: true,
  COURIER_DATABASE_URL: true,
  JANITOR_SHARDS: true,
  COURIER_SHARDS: true,
});

/** @throws Error with one clear line, which names the binding */
export function readServerConfig(bindings: Bindings): ServerConfig {
  const set = Object.fromEntries(Object.entries(bindings).filter(([, value]) => value !== ''));
  const values = parseBindings(schema, { ...SERVER_DEFAULTS, ...set });
  const { PORT, LISTEN_ADDRESS, DRAIN_SECONDS, METRICS_PORT, METRICS_ADDRESS } = values;
  if (values.RATE_LIMIT) {
    throw new Error(
      'RATE_LIMIT is set, but only Cloudflare has what counts the requests: have the proxy before this server limit the rate, and leave it unset',
    );
  }
  if (METRICS_PORT === PORT) throw new Error('METRICS_PORT must be another port than PORT');
  return {
    port: PORT as number,
    ...(LISTEN_ADDRESS ? { address: LISTEN_ADDRESS } : {}),
    drainSeconds: DRAIN_SECONDS as number,
    ...(METRICS_PORT ? { metrics: { port: METRICS_PORT, address: METRICS_ADDRESS as string } } : {}),
    purges: hasJanitor(bindings),
    delivers: hasCourier(bindings),
  };
}
