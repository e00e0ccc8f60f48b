import * as z from 'zod';
import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import type { TenantKeyValues } from '../db/shards/shards.ts';
import { CLAIM_NAME, DEFAULT_ROLE_CLAIM, DEFAULT_SUBJECT_CLAIM, DEFAULT_TENANT_CLAIM } from './claim-names.ts';
import { DEFAULT_MAX_AGE, parseDuration } from './duration.ts';
import { parseOrigins } from './origins.ts';
import { parseShardList, parseShards, type ShardUrls } from './shards.ts';

/*
 * Every binding: what a function is given by its surroundings, as Worker bindings or as environment variables. What
 * deployments and docs/configuration.md have to know of each stands in dev/build/bindings.ts.
 */

/** The one method of Cloudflare's rate-limit binding. */
interface RateLimiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/**
 * What tells that a tenant has something to be delivered: a producer of Cloudflare Queues, or what does the same on another
 * platform.
 */
export interface WebhookQueue {
  send(message: WebhookMessage, options?: { delaySeconds?: number }): Promise<unknown>;
}

/** Nothing but whose it is: what is to be delivered stands in the database. */
export interface WebhookMessage {
  tenant_id: string;
  /** The name of the database that the tenant is at home in, where there are several. */
  shard?: string;
  /** When it is due (ms since 1970); at once where it is missing. */
  due?: number;
  /** Webhooks that the run before this one has found slow or failing, and that this one leaves out. */
  except?: string[];
}

export const DEFAULT_SLOW_QUERY_MS = '500';

const DEFAULT_PORT = '8787';
/** Twice as many as one tenant may use at a time (src/db/client/concurrency.ts). */
const DEFAULT_POOL_SIZE = '20';
const DEFAULT_DRAIN_SECONDS = '0';
const DEFAULT_METRICS_ADDRESS = '127.0.0.1';

/** What the server on Node takes for bindings that are not set. */
export const SERVER_DEFAULTS = {
  PORT: DEFAULT_PORT,
  POOL_SIZE: DEFAULT_POOL_SIZE,
  DRAIN_SECONDS: DEFAULT_DRAIN_SECONDS,
  METRICS_ADDRESS: DEFAULT_METRICS_ADDRESS,
};

/** What is missing, and where each runtime has its values from. @param what a sentence without its full stop */
export function missing(what: string): string {
  return `${what}: for \`wrangler dev\` it stands in .dev.vars (see .dev.vars.example), for a deployment among its secrets, for a server in its environment`;
}

const text = (name: string) => z.string({ error: `${name} must be text` });
const claimName = (name: string, claim: string) =>
  text(name)
    .regex(CLAIM_NAME, { error: `${name} must be the name of a claim, such as app_metadata.tenant_id` })
    .default(claim);
const postgresUrl = (name: string) =>
  z.url({
    protocol: /^postgres(ql)?$/,
    error: ({ input }) => (input === undefined ? missing(`${name} is not set`) : `${name} must be a postgres:// URL`),
  });

/** A text that is read by a function, which gives nothing where it cannot. */
const parsed = <T>(name: string, parse: (text: string) => T | undefined, error: string) =>
  text(name).transform((value, context): T => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue(`${name} must be ${error}`);
    return z.NEVER;
  });
const shards = (name: string) =>
  parsed<ShardUrls>(
    name,
    parseShards,
    'JSON of names (a-z, 0-9, -) and postgres:// URLs, none of them twice: {"a": "postgres://…", …}',
  );
const shardList = (name: string) => parsed(name, parseShardList, 'names of SHARDS separated by commas');

const port = (name: string) =>
  text(name)
    .regex(/^[1-9]\d{0,4}$/, { error: `${name} must be a number from 1 to 65535` })
    .transform(Number)
    .refine((number) => number <= 65_535, { error: `${name} must be a number from 1 to 65535` });

export const bindingsSchema = z.object({
  DATABASE_URL: postgresUrl('DATABASE_URL').optional(),
  DATABASE_URL_READONLY: postgresUrl('DATABASE_URL_READONLY').optional(),
  JANITOR_DATABASE_URL: postgresUrl('JANITOR_DATABASE_URL').optional(),
  COURIER_DATABASE_URL: postgresUrl('COURIER_DATABASE_URL').optional(),
  SHARDS: shards('SHARDS').optional(),
  SHARDS_READONLY: shards('SHARDS_READONLY').optional(),
  JANITOR_SHARDS: shards('JANITOR_SHARDS').optional(),
  COURIER_SHARDS: shards('COURIER_SHARDS').optional(),
  SHARDS_BY_HASH: shardList('SHARDS_BY_HASH').optional(),
  SHARDS_FOR_NEW: shardList('SHARDS_FOR_NEW').optional(),
  TENANT_DIRECTORY: z.custom<TenantKeyValues>().optional(),
  SHARDING_KEY: text('SHARDING_KEY')
    .regex(/^[a-z_]{1,31}\.[a-z_]{1,31}$/, {
      error: 'SHARDING_KEY must be the name of a setting, such as pgdog.sharding_key',
    })
    .optional(),
  NEON_ENDPOINT: text('NEON_ENDPOINT').optional(),
  WEBHOOK_KEYS: text('WEBHOOK_KEYS')
    .regex(/^\w{1,16}:[A-Za-z0-9+/]{43}=(,\w{1,16}:[A-Za-z0-9+/]{43}=)*$/, {
      error: 'WEBHOOK_KEYS must be <name>:<32 bytes in Base64>, several separated by commas',
    })
    .optional(),
  WEBHOOK_QUEUE: z.custom<WebhookQueue>().optional(),
  WEBHOOK_QUEUE_URL: text('WEBHOOK_QUEUE_URL')
    .refine((url) => URL.canParse(url), { error: 'WEBHOOK_QUEUE_URL must be a URL' })
    .optional(),
  JWT_SECRET: text('JWT_SECRET')
    .refine((secret) => new TextEncoder().encode(secret).length >= 32, {
      error: 'JWT_SECRET must be at least 32 bytes long (RFC 7518 §3.2)',
    })
    .optional(),
  JWKS_URL: text('JWKS_URL')
    .refine(isTrustedUrl, { error: 'JWKS_URL must be an https URL (http for localhost alone)' })
    .optional(),
  JWT_ISSUER: text('JWT_ISSUER').optional(),
  JWT_AUDIENCE: text('JWT_AUDIENCE').optional(),
  JWT_MAX_AGE: text('JWT_MAX_AGE')
    .default(DEFAULT_MAX_AGE)
    .transform((duration) => parseDuration(duration) ?? 0)
    .refine((seconds) => seconds > 0, { error: 'JWT_MAX_AGE must be a duration such as 12h or 400d' }),
  JWT_TENANT_CLAIM: claimName('JWT_TENANT_CLAIM', DEFAULT_TENANT_CLAIM),
  JWT_ROLE_CLAIM: claimName('JWT_ROLE_CLAIM', DEFAULT_ROLE_CLAIM),
  JWT_SUBJECT_CLAIM: claimName('JWT_SUBJECT_CLAIM', DEFAULT_SUBJECT_CLAIM),
  DEVELOPMENT: text('DEVELOPMENT')
    .regex(/^true$/, { error: 'DEVELOPMENT must be true, or not set' })
    .optional(),
  CORS_ORIGINS: text('CORS_ORIGINS')
    .refine((list) => parseOrigins(list), {
      error: 'CORS_ORIGINS must be origins separated by commas, such as https://app.example.com',
    })
    .optional(),
  LOG_LEVEL: text('LOG_LEVEL')
    .regex(/^(info|warn)$/, { error: 'LOG_LEVEL must be info or warn' })
    .optional(),
  SLOW_QUERY_MS: text('SLOW_QUERY_MS')
    .regex(/^\d{1,6}$/, { error: 'SLOW_QUERY_MS must be a number of milliseconds' })
    .default(DEFAULT_SLOW_QUERY_MS)
    .transform(Number),
  POOL_SIZE: text('POOL_SIZE')
    .regex(/^[1-9]\d{0,2}$/, { error: 'POOL_SIZE must be a number of connections from 1 to 999' })
    .transform(Number)
    .optional(),
  PORT: port('PORT').optional(),
  LISTEN_ADDRESS: text('LISTEN_ADDRESS').optional(),
  DRAIN_SECONDS: text('DRAIN_SECONDS')
    .regex(/^\d{1,3}$/, { error: 'DRAIN_SECONDS must be a number of seconds from 0 to 999' })
    .transform(Number)
    .optional(),
  METRICS_PORT: port('METRICS_PORT').optional(),
  METRICS_ADDRESS: text('METRICS_ADDRESS').optional(),
  RATE_LIMIT: text('RATE_LIMIT')
    .regex(/^[1-9]\d{0,8}\/(10|60)$/, { error: 'RATE_LIMIT must be <requests>/<seconds>, the seconds 10 or 60' })
    .optional(),
  RATE_LIMITER: z.custom<RateLimiter>().optional(),
});

/** What a function is given. A variable that is empty counts as not set. */
export type Bindings = z.input<typeof bindingsSchema>;

/**
 * Checks bindings against the schema, or the part of it that the caller reads.
 * @throws Error with one clear line, which names the binding and holds no value
 */
export function parseBindings<Schema extends z.ZodType>(schema: Schema, bindings: object): z.output<Schema> {
  const set = Object.fromEntries(Object.entries(bindings).filter(([, value]) => value !== ''));
  const { data, error } = schema.safeParse(set);
  if (error) throw new Error(error.issues[0]?.message);
  return data as z.output<Schema>;
}

/** How the database is reached, whichever role logs in. */
export function connectionOptions(
  bindings: Pick<z.output<typeof bindingsSchema>, 'NEON_ENDPOINT' | 'SLOW_QUERY_MS'>,
): Omit<DatabaseConfig, 'url'> {
  const { NEON_ENDPOINT: endpoint, SLOW_QUERY_MS: slowAfterMs } = bindings;
  return { ...(endpoint ? { endpoint } : {}), slowAfterMs };
}

/** Whether nobody on the way can replace the keys at a URL by keys of their own. */
function isTrustedUrl(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname ?? ''))
  );
}
