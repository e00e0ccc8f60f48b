import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import type { Shards } from '../db/shards/shards.ts';
import { type Bindings, bindingsSchema, connectionOptions, missing, parseBindings } from './bindings.ts';
import type { ClaimNames } from './claim-names.ts';
import { databasesOf, shardsOf } from './shards.ts';

/** What a function that serves requests needs to know of its deployment. */
export interface Config {
  /** Of several databases the first. */
  database: DatabaseConfig;
  /** The database itself, where there is no replica. */
  replica: DatabaseConfig;
  /** Where there are several databases, all of them, and their replicas. */
  shards?: { databases: Shards; replicas: Shards };
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
  JANITOR_SHARDS: true,
  COURIER_SHARDS: true,
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
  const options = {
    ...connectionOptions(values),
    ...(values.POOL_SIZE ? { connections: values.POOL_SIZE } : {}),
  };
  const { SHARDS, SHARDS_READONLY, DATABASE_URL, DATABASE_URL_READONLY, SHARDING_KEY: shardingKey } = values;
  if (shardingKey && !DATABASE_URL) throw new Error(missing('DATABASE_URL, where PgDog is, is not set'));
  const proxy = shardingKey && DATABASE_URL ? { url: DATABASE_URL, shardingKey, ...options } : undefined;
  const databases =
    proxy && !SHARDS
      ? [proxy]
      : databasesOf(['DATABASE_URL', proxy ? undefined : DATABASE_URL], ['SHARDS', SHARDS], options);
  const [database] = databases;
  if (!database) throw new Error(missing('DATABASE_URL is not set'));
  const unknown = [...(SHARDS_READONLY?.keys() ?? [])].find((name) => !SHARDS?.has(name));
  if (unknown) throw new Error(`SHARDS_READONLY has ${unknown}, which SHARDS has not`);
  const replicaOf = (of: DatabaseConfig) => ({
    ...of,
    url: (of.shard ? SHARDS_READONLY?.get(of.shard) : DATABASE_URL_READONLY) ?? of.url,
  });
  const placing = { ...values, proxy };
  return {
    database,
    replica: replicaOf(database),
    ...(SHARDS
      ? {
          shards: {
            databases: shardsOf(databases, placing),
            replicas: {
              ...shardsOf(databases.map(replicaOf), { ...placing, proxy: proxy && replicaOf(proxy) }),
              mayLag: true as const,
            },
          },
        }
      : {}),
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
