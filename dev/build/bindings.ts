import { type Bindings, DEFAULT_SLOW_QUERY_MS, SERVER_DEFAULTS } from '../../src/config/bindings.ts';
import { DEFAULT_ROLE_CLAIM, DEFAULT_SUBJECT_CLAIM, DEFAULT_TENANT_CLAIM } from '../../src/config/claim-names.ts';
import { DEFAULT_MAX_AGE } from '../../src/config/duration.ts';

/* What deployments and docs/configuration.md have to know of each binding of src/config/bindings.ts. */

/**
 * The code that reads a binding: what finishes every response, what authenticates a request or opens its database, the
 * scheduled purge, the server on Node, what makes secrets of webhooks, what tells that something is to be delivered, and what
 * delivers it.
 */
export type Reader = 'responses' | 'requests' | 'purge' | 'server' | 'secrets' | 'changes' | 'deliveries';

export interface Binding {
  /** For the table in docs/configuration.md. */
  description: string;
  readBy: Reader[];
  /**
   * Where a deployment has the value from: `secret`, the file of secrets; `variable`, `[vars]` of wrangler.toml;
   * `object`, an object that the runtime makes; `lambda`, the template for Lambda alone; `server`, the environment of the server on Node, and at most the template for Lambda;
   * `development`, `npm run dev` alone.
   */
  source: 'secret' | 'variable' | 'object' | 'lambda' | 'server' | 'development';
  /** Whether the code that reads it fails without it. */
  required?: true;
  /** What stands in its place where there are several databases. */
  ofSeveral?: keyof Bindings;
  /** The default, as docs/configuration.md shows it. */
  default?: string;
}

/** The bindings in the order of the table in docs/configuration.md. */
export const BINDINGS: Record<keyof Bindings, Binding> = {
  DATABASE_URL: {
    description: "Postgres, as the Worker's own role (see [CONTRIBUTING.md](../CONTRIBUTING.md#the-workers-role))",
    readBy: ['requests'],
    source: 'secret',
    required: true,
    ofSeveral: 'SHARDS',
  },
  DATABASE_URL_READONLY: {
    description: 'A read replica of it, for callers that send `Onetrip-Consistency: eventual`',
    readBy: ['requests'],
    source: 'secret',
  },
  JANITOR_DATABASE_URL: {
    description: "The same database as the janitor's role: for the scheduled purge alone",
    readBy: ['purge'],
    source: 'secret',
    required: true,
    ofSeveral: 'JANITOR_SHARDS',
  },
  COURIER_DATABASE_URL: {
    description: "The same database as the courier's role: for delivering to webhooks alone",
    readBy: ['deliveries'],
    source: 'secret',
  },
  SHARDS: {
    description:
      'In place of `DATABASE_URL` several databases among which tenants are spread, see [scaling](scaling.md#tenants-on-several-databases): JSON of a name and a URL for each',
    readBy: ['requests'],
    source: 'secret',
  },
  SHARDS_READONLY: {
    description: 'Read replicas of them by the same names, as far as they have any',
    readBy: ['requests'],
    source: 'secret',
  },
  JANITOR_SHARDS: {
    description: "The same databases as the janitor's role, in place of `JANITOR_DATABASE_URL`",
    readBy: ['purge'],
    source: 'secret',
  },
  COURIER_SHARDS: {
    description: "The same databases as the courier's role, in place of `COURIER_DATABASE_URL`",
    readBy: ['deliveries'],
    source: 'secret',
  },
  SHARDS_BY_HASH: {
    description:
      'Names of `SHARDS`, of which the id of a tenant gives one, its home unless the directory says otherwise: never to be changed',
    readBy: ['requests'],
    source: 'variable',
    default: 'the first of `SHARDS`',
  },
  SHARDS_FOR_NEW: {
    description: 'Names of `SHARDS` that take new tenants; one that is there twice takes twice as many',
    readBy: ['requests'],
    source: 'variable',
    default: 'all of `SHARDS`',
  },
  TENANT_DIRECTORY: {
    description:
      'A copy of the directory of tenants near the caller: a namespace of Cloudflare KV, see [scaling](scaling.md#tenants-on-several-databases)',
    readBy: ['requests', 'purge'],
    source: 'object',
  },
  SHARDING_KEY: {
    description:
      'With [PgDog](pgdog.md) at `DATABASE_URL`: the setting by which it is told the tenant, `pgdog.sharding_key`',
    readBy: ['requests'],
    source: 'server',
  },
  NEON_ENDPOINT: {
    description: "URL of another SQL-over-HTTP endpoint than that of the database's host",
    readBy: ['requests', 'purge', 'deliveries'],
    source: 'secret',
  },
  WEBHOOK_KEYS: {
    description:
      'Keys that the secrets of webhooks are encrypted with, see [webhooks](webhooks.md#running-it); without them nobody can make one',
    readBy: ['secrets', 'deliveries'],
    source: 'secret',
  },
  WEBHOOK_QUEUE: {
    description: 'The queue that tells that something is to be delivered, of Cloudflare Queues',
    readBy: ['changes', 'deliveries'],
    source: 'object',
  },
  WEBHOOK_QUEUE_URL: {
    description: 'The same of SQS, on Lambda',
    readBy: ['changes', 'deliveries'],
    source: 'lambda',
  },
  JWT_SECRET: {
    description: 'HS256 secret of the tokens, at least 32 bytes; or else `JWKS_URL`',
    readBy: ['requests'],
    source: 'secret',
  },
  JWKS_URL: {
    description: 'https URL of the RS256, ES256 or EdDSA keys of the tokens; or else `JWT_SECRET`',
    readBy: ['requests'],
    source: 'secret',
  },
  JWT_ISSUER: {
    description: 'Required `iss` of every token, where set',
    readBy: ['requests'],
    source: 'secret',
  },
  JWT_AUDIENCE: {
    description: 'Required `aud` of every token, where set',
    readBy: ['requests'],
    source: 'secret',
  },
  JWT_MAX_AGE: {
    description: 'How long after `iat`, or after now without it, `exp` may lie, such as `12h`',
    readBy: ['requests'],
    source: 'secret',
    default: DEFAULT_MAX_AGE,
  },
  JWT_TENANT_CLAIM: {
    description: 'Claim with the id of the tenant, see [identity providers](identity-providers.md)',
    readBy: ['requests'],
    source: 'secret',
    default: DEFAULT_TENANT_CLAIM,
  },
  JWT_ROLE_CLAIM: {
    description: 'Claim with the role; of another name than `role` also a list that has it',
    readBy: ['requests'],
    source: 'secret',
    default: DEFAULT_ROLE_CLAIM,
  },
  JWT_SUBJECT_CLAIM: {
    description: 'Claim that says who acts',
    readBy: ['requests'],
    source: 'secret',
    default: DEFAULT_SUBJECT_CLAIM,
  },
  CORS_ORIGINS: {
    description: 'Origins whose pages may call, separated by commas',
    readBy: ['responses'],
    source: 'variable',
    default: 'none',
  },
  LOG_LEVEL: {
    description: '`info`: a line of JSON in the log for each request; `warn`: only what is wrong',
    readBy: ['responses'],
    source: 'variable',
    default: 'info',
  },
  SLOW_QUERY_MS: {
    description: 'A batch of statements that takes longer than this (ms) is logged, with its `operation_id`',
    readBy: ['requests', 'purge', 'deliveries'],
    source: 'variable',
    default: DEFAULT_SLOW_QUERY_MS,
  },
  RATE_LIMIT: {
    description: '`<requests>/<seconds>` for each tenant, as `RATE_LIMITER` is configured; the seconds are 10 or 60',
    readBy: ['requests'],
    source: 'variable',
    default: 'no limit',
  },
  RATE_LIMITER: {
    description: 'The rate-limit binding that counts them',
    readBy: ['requests'],
    source: 'object',
  },
  PORT: {
    description: 'Where the API listens',
    readBy: ['server'],
    source: 'server',
    default: SERVER_DEFAULTS.PORT,
  },
  LISTEN_ADDRESS: {
    description: 'The address of this machine at which it listens, such as `127.0.0.1` behind a proxy',
    readBy: ['server'],
    source: 'server',
    default: 'all',
  },
  POOL_SIZE: {
    description: 'How many connections are kept for `DATABASE_URL`, and as many for `DATABASE_URL_READONLY`',
    readBy: ['requests'],
    source: 'server',
    default: SERVER_DEFAULTS.POOL_SIZE,
  },
  DRAIN_SECONDS: {
    description: 'How long, after SIGTERM, `/ready` is `503` while requests are still accepted',
    readBy: ['server'],
    source: 'server',
    default: SERVER_DEFAULTS.DRAIN_SECONDS,
  },
  METRICS_PORT: {
    description: 'Where `GET /metrics` answers',
    readBy: ['server'],
    source: 'server',
    default: 'off',
  },
  METRICS_ADDRESS: {
    description: 'The address of this machine at which it does',
    readBy: ['server'],
    source: 'server',
    default: SERVER_DEFAULTS.METRICS_ADDRESS,
  },
  DEVELOPMENT: {
    description:
      '`true` under `npm run dev` alone: `JWT_SECRET` may then be a published example, and webhooks may be sent to this machine',
    readBy: ['requests', 'deliveries'],
    source: 'development',
  },
};
