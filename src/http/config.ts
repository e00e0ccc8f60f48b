import * as z from 'zod';
import type { DatabaseConfig } from '../db/client.ts';
import type { RateLimiter } from './rate-limit.ts';

/** What a function needs from its surroundings: Worker bindings, or environment variables elsewhere. */
export interface Bindings {
  /** Postgres, as the Worker's own role. */
  DATABASE_URL: string;
  /** The same database as the janitor's role: for the scheduled purge alone. */
  JANITOR_DATABASE_URL?: string;
  /** URL of another SQL-over-HTTP endpoint than the one of the database's host: local development. */
  NEON_ENDPOINT?: string;
  /** HS256 secret of at least 32 bytes; or else `JWKS_URL`. */
  JWT_SECRET?: string;
  /** Where the RS256, ES256 or EdDSA keys are; or else `JWT_SECRET`. */
  JWKS_URL?: string;
  /** Required `iss` and `aud` of every token, where set. */
  JWT_ISSUER?: string;
  JWT_AUDIENCE?: string;
  /** Origins whose pages may call, separated by commas: `https://app.example.com`. Empty by default: none. */
  CORS_ORIGINS?: string;
  /** `<requests>/<seconds>` for each tenant, as `RATE_LIMITER` is configured; the seconds are 10 or 60. Empty: no limit. */
  RATE_LIMIT?: string;
  RATE_LIMITER?: RateLimiter;
}

export interface Config {
  database: DatabaseConfig;
  tokens: {
    keys: { secret: string } | { jwksUrl: string };
    issuer?: string | undefined;
    audience?: string | undefined;
  };
  origins: string[];
  rateLimit?: { quota: number; seconds: number };
}

const optional = z.string().min(1).optional().catch(undefined);
const schema = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'DATABASE_URL must be a postgres:// URL' }),
  NEON_ENDPOINT: optional,
  JWT_SECRET: optional,
  JWKS_URL: optional,
  JWT_ISSUER: optional,
  JWT_AUDIENCE: optional,
  CORS_ORIGINS: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((origin) => origin.trim() || []))
    .refine((origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin), {
      error: 'CORS_ORIGINS must be origins separated by commas, such as https://app.example.com',
    }),
  RATE_LIMIT: z
    .string()
    .regex(/^([1-9]\d{0,8}\/(10|60))?$/, { error: 'RATE_LIMIT must be <requests>/<seconds>, the seconds 10 or 60' })
    .default(''),
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

/** Origins whose pages may call. A deployment that is set up wrongly has none. */
export function allowedOrigins(bindings: Bindings): string[] {
  try {
    return readConfig(bindings).origins;
  } catch {
    return [];
  }
}

/** Where the scheduled purge works. @throws Error with one clear line. */
export function readJanitorConfig({ JANITOR_DATABASE_URL: url, NEON_ENDPOINT: endpoint }: Bindings): DatabaseConfig {
  if (!url) throw new Error('JANITOR_DATABASE_URL is not set: the scheduled purge needs a role of its own');
  return { url, ...(endpoint ? { endpoint } : {}) };
}

function parse(bindings: Bindings): Config {
  const { data, error } = schema.safeParse(bindings);
  if (error) throw new Error(error.issues[0]?.message);
  const { JWT_SECRET: secret, JWKS_URL: jwksUrl } = data;
  if (secret && jwksUrl) throw new Error('JWT_SECRET and JWKS_URL are both set: one family of algorithms is pinned');
  if (!secret && !jwksUrl) throw new Error('neither JWT_SECRET nor JWKS_URL is set: no token could be checked');
  if (secret && new TextEncoder().encode(secret).length < 32) {
    throw new Error('JWT_SECRET must be at least 32 bytes long (RFC 7518 §3.2)');
  }
  if (jwksUrl && !URL.canParse(jwksUrl)) throw new Error('JWKS_URL must be a URL');
  const [quota = 0, seconds = 0] = data.RATE_LIMIT.split('/').map(Number);
  return {
    database: { url: data.DATABASE_URL, ...(data.NEON_ENDPOINT ? { endpoint: data.NEON_ENDPOINT } : {}) },
    tokens: {
      keys: secret ? { secret } : { jwksUrl: jwksUrl as string },
      issuer: data.JWT_ISSUER,
      audience: data.JWT_AUDIENCE,
    },
    origins: data.CORS_ORIGINS,
    ...(quota ? { rateLimit: { quota, seconds } } : {}),
  };
}
