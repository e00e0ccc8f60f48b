import type { Context, MiddlewareHandler, Next } from 'hono';
import type { Config } from '../../config/config.ts';
import { Problem } from '../../problem.ts';
import type { Env } from '../env.ts';
import { configOf, openDatabase } from '../open-database.ts';
import { isDryRun } from '../request/dry-run.ts';
import { isApiKey, readApiKey } from './api-keys.ts';
import { limitRate } from './rate-limit.ts';
import { ROLES, type Role, unauthenticated, verifyToken } from './tokens.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** An endpoint that needs a token. */
interface Guarded {
  operationId: string;
  method: string;
  access: Role;
  /** Whether callers may ask for an answer from a read replica. */
  mayLag: boolean;
}

/**
 * Verifies token, rate and role, and opens the database for the caller. Nothing is sent to the database. Of an API key only
 * the form is verified: whether it is good, and its role high enough, is told by the first statement of the batch.
 */
export function signIn(definition: Guarded): MiddlewareHandler<Env> {
  const { operationId, access, mayLag } = definition;
  return async (c, next) => {
    const token = presentedToken(c);
    const config = await configOf(c);
    if (isApiKey(token)) return withApiKey(c, next, { token, config, definition });
    const { role, tenantId, subject } = await verifyToken(token, config.tokens);
    c.set('tenantId', tenantId);
    await limitRate(c, config.rateLimit, tenantId ?? role);
    const allowed = (role === 'platform') === (access === 'platform') && ROLES.indexOf(role) >= ROLES.indexOf(access);
    if (!allowed) {
      throw new Problem(
        'forbidden',
        `This needs a token with the role ${access}${access === 'platform' ? '' : ' or above'}.`,
      );
    }
    const caller = {
      operationId,
      ...(tenantId ? { tenantId, role } : { platform: true }),
      ...(subject ? { actor: subject } : {}),
      isDryRun: isDryRun(c, definition),
    };
    openDatabase(c, config, caller, { mayLag: isEventual(c) && mayLag });
    return next();
  };
}

/** The API keys that the database has found good a moment ago, each with its tenant. */
const goodKeys = new VerifiedTokens<string>();

/**
 * Goes on with an API key. Anybody can make up one that names a tenant: until the database has found it good, its requests
 * do not count as that tenant's.
 */
async function withApiKey(
  c: Context<Env>,
  next: Next,
  { token, config, definition }: { token: string; config: Config; definition: Guarded },
): Promise<void> {
  const { operationId, access: needed } = definition;
  const { tenantId, ...key } = await readApiKey(token);
  const isKnown = goodKeys.get(token) !== undefined;
  c.set('tenantId', tenantId);
  await limitRate(c, config.rateLimit, isKnown ? tenantId : (c.req.header('CF-Connecting-IP') ?? 'unknown API keys'));
  // Not from a replica, which may not know yet that a key has been revoked.
  isEventual(c);
  const apiKey = { ...key, needed, isKnown };
  const db = openDatabase(c, config, { operationId, tenantId, apiKey, isDryRun: isDryRun(c, definition) });
  await next();
  const { status } = c.res;
  if (db.roundTrips > 0 && status !== 401 && status < 500) goodKeys.add(token, tenantId, Number.POSITIVE_INFINITY);
}

/** Whether the caller accepts an answer from a read replica, which may lack the latest writes. */
function isEventual(c: Context<Env>): boolean {
  const consistency = c.req.header('Onetrip-Consistency')?.trim().toLowerCase() ?? 'strong';
  if (consistency !== 'strong' && consistency !== 'eventual') {
    throw new Problem('invalid_request', 'Onetrip-Consistency must be strong or eventual.');
  }
  return consistency === 'eventual';
}

/** The JWT, or API key, of `Authorization: Bearer` (RFC 6750 §2.1) or `X-Tenant-Token`. */
function presentedToken(c: Context<Env>): string {
  const authorization = c.req.header('Authorization');
  const header = c.req.header('X-Tenant-Token')?.trim();
  const bearer = authorization === undefined ? undefined : /^Bearer +(\S+)\s*$/i.exec(authorization)?.[1];
  if (authorization !== undefined && header !== undefined && bearer !== header) {
    throw new Problem('invalid_request', 'Authorization and X-Tenant-Token carry different tokens: send one.');
  }
  const token = bearer ?? header;
  if (!token) throw unauthenticated();
  return token;
}
