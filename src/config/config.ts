import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import { type Bindings, bindingsSchema, connectionOptions, missing, parseBindings } from './bindings.ts';
import type { ClaimNames } from './claim-names.ts';

/** What a function that serves requests needs to know of its deployment. */
export interface Config {
  database: DatabaseConfig;
  /** The database itself, where there is no replica. */
  replica: DatabaseConfig;
  tokens: {
    keys: { secret: string } | { jwksUrl: string };
    issuer?: string | undefined;
    audience?: string | undefined;
    /** Seconds. */
    maxAgeSeconds: number;
    claimNames: ClaimNames;
  };
  /** Whether `JWT_SECRET` may be a published example. */
  isDevelopment: boolean;
  rateLimit?: { quota: number; seconds: number };
}

/** Requests are served whatever the scheduled purge and the server on Node are given. */
const schema = bindingsSchema.omit({
  JANITOR_DATABASE_URL: true,
  COURIER_DATABASE_URL: true,
  WEBHOOK_KEYS: true,
  WEBHOOK_QUEUE_URL: true,
  PORT: true,
  LISTEN_ADDRESS: true,
  DRAIN_SECONDS: true,
  METRICS_PORT: true,
  METRICS_ADDRESS: true,
});

const configs = new WeakMap<object, Config>();

/**
 * Reads and checks the bindings, once for each object that holds them.
 * @throws Error with one clear line, which names the variable and holds no value.
 */
export function readConfig(bindings: Bindings): Config {
  let config = configs.get(bindings);
  if (!config) {
    config = parse(bindings);
    configs.set(bindings, config);
  }
  return config;
}

function parse(bindings: Bindings): Config {
  const values = parseBindings(schema, bindings);
  const { JWT_SECRET: secret, JWKS_URL: jwksUrl } = values;
  if (secret && jwksUrl) throw new Error('JWT_SECRET and JWKS_URL are both set: one family of algorithms is pinned');
  if (!secret && !jwksUrl) throw new Error(missing('neither JWT_SECRET nor JWKS_URL is set'));
  const [quota = 0, seconds = 0] = values.RATE_LIMIT?.split('/').map(Number) ?? [];
  const database = {
    url: values.DATABASE_URL,
    ...connectionOptions(values),
    ...(values.POOL_SIZE ? { connections: values.POOL_SIZE } : {}),
  };
  return {
    database,
    replica: { ...database, url: values.DATABASE_URL_READONLY ?? values.DATABASE_URL },
    tokens: {
      keys: secret ? { secret } : { jwksUrl: jwksUrl as string },
      issuer: values.JWT_ISSUER,
      audience: values.JWT_AUDIENCE,
      maxAgeSeconds: values.JWT_MAX_AGE,
      claimNames: {
        tenant: values.JWT_TENANT_CLAIM,
        role: values.JWT_ROLE_CLAIM,
        subject: values.JWT_SUBJECT_CLAIM,
      },
    },
    isDevelopment: values.DEVELOPMENT === 'true',
    ...(quota ? { rateLimit: { quota, seconds } } : {}),
  };
}
