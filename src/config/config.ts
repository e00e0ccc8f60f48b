import * as z from 'zod';
import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import type { RateLimiter } from '../http/auth/rate-limit.ts';
import { DEFAULT_MAX_AGE, parseDuration } from './duration.ts';
import { roadOf } from './janitor.ts';
import { parseOrigins } from './origins.ts';

/** What a function needs from its surroundings: Worker bindings, or environment variables elsewhere. */
export interface Bindings {
  /** Postgres, as the Worker's own role. */
  DATABASE_URL: string;
  /** A read replica of it, for callers that send `Onetrip-Consistency: eventual`. */
  DATABASE_URL_READONLY?: string;
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
  /** How long a token may be good for: `12h`, or `400d`, which is the default. */
  JWT_MAX_AGE?: string;
  /** `true` under `npm run dev` alone: there `JWT_SECRET` may be an example that everybody knows. */
  DEVELOPMENT?: string;
  /** Origins whose pages may call, separated by commas: `https://app.example.com`. Empty by default: none. */
  CORS_ORIGINS?: string;
  /** `info` (the default) for a line in the log for each request, or `warn`. */
  LOG_LEVEL?: string;
  /** A batch that takes longer is in the log with its name (ms; 500 by default). */
  SLOW_QUERY_MS?: string;
  /** `<requests>/<seconds>` for each tenant, as `RATE_LIMITER` is configured; the seconds are 10 or 60. Empty: no limit. */
  RATE_LIMIT?: string;
  RATE_LIMITER?: RateLimiter;
}

export interface Config {
  database: DatabaseConfig;
  /** The database itself, where there is no replica. */
  replica: DatabaseConfig;
  tokens: {
    keys: { secret: string } | { jwksUrl: string };
    issuer?: string | undefined;
    audience?: string | undefined;
    /** Seconds. */
    maxAge: number;
  };
  /** Whether `JWT_SECRET` may be a published example. */
  isDevelopment: boolean;
  rateLimit?: { quota: number; seconds: number };
}

const optional = z.string().min(1).optional().catch(undefined);
const postgresUrl = (name: string) =>
  z.url({ protocol: /^postgres(ql)?$/, error: `${name} must be a postgres:// URL` });
const schema = z.object({
  DATABASE_URL: postgresUrl('DATABASE_URL'),
  DATABASE_URL_READONLY: postgresUrl('DATABASE_URL_READONLY')
    .optional()
    .or(z.literal('').transform(() => undefined)),
  JWT_SECRET: optional,
  JWKS_URL: optional,
  JWT_ISSUER: optional,
  JWT_AUDIENCE: optional,
  JWT_MAX_AGE: z
    .string()
    .default('')
    .transform((text) => parseDuration(text || DEFAULT_MAX_AGE) ?? 0)
    .refine((seconds) => seconds > 0, { error: 'JWT_MAX_AGE must be a duration such as 12h or 400d' }),
  DEVELOPMENT: z.enum(['', 'true'], { error: 'DEVELOPMENT must be true, or not set' }).default(''),
  CORS_ORIGINS: z
    .string()
    .default('')
    .refine((list) => parseOrigins(list), {
      error: 'CORS_ORIGINS must be origins separated by commas, such as https://app.example.com',
    }),
  LOG_LEVEL: z.enum(['', 'info', 'warn'], { error: 'LOG_LEVEL must be info or warn' }).optional(),
  SLOW_QUERY_MS: z
    .string()
    .regex(/^\d{0,6}$/, { error: 'SLOW_QUERY_MS must be a number of milliseconds' })
    .default('')
    .transform((ms) => Number(ms || 500)),
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

function parse(bindings: Bindings): Config {
  const { data, error } = schema.safeParse(bindings);
  if (error) throw new Error(error.issues[0]?.message);
  const { JWT_SECRET: secret, JWKS_URL: jwksUrl } = data;
  if (secret && jwksUrl) throw new Error('JWT_SECRET and JWKS_URL are both set: one family of algorithms is pinned');
  if (!secret && !jwksUrl) throw new Error('neither JWT_SECRET nor JWKS_URL is set: no token could be checked');
  if (secret && new TextEncoder().encode(secret).length < 32) {
    throw new Error('JWT_SECRET must be at least 32 bytes long (RFC 7518 §3.2)');
  }
  if (jwksUrl && !isTrusted(jwksUrl)) throw new Error('JWKS_URL must be an https URL (http for localhost alone)');
  const [quota = 0, seconds = 0] = data.RATE_LIMIT.split('/').map(Number);
  const database = {
    url: data.DATABASE_URL,
    ...roadOf(bindings),
    slowAfter: data.SLOW_QUERY_MS,
  };
  return {
    database,
    replica: { ...database, url: data.DATABASE_URL_READONLY ?? data.DATABASE_URL },
    tokens: {
      keys: secret ? { secret } : { jwksUrl: jwksUrl as string },
      issuer: data.JWT_ISSUER,
      audience: data.JWT_AUDIENCE,
      maxAge: data.JWT_MAX_AGE,
    },
    isDevelopment: data.DEVELOPMENT === 'true',
    ...(quota ? { rateLimit: { quota, seconds } } : {}),
  };
}

/** Whether nobody on the way can put keys of his own in the place of those at a URL. */
function isTrusted(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname ?? ''))
  );
}
