import type { Context, MiddlewareHandler } from 'hono';
import { Database } from '../db/client.ts';
import { type Config, readConfig } from './config.ts';
import type { Env } from './context.ts';
import { Problem } from './problems.ts';
import { limitRate } from './rate-limit.ts';
import { type Role, unauthenticated, verifyToken } from './tokens.ts';

/** Who may call an endpoint: everybody, or the lowest role that may. */
export type Access = 'public' | Role;

const RANK = { viewer: 1, member: 2, admin: 3 };

/** Checks token, rate and role, and opens the database for the caller. Sends nothing to it. */
export function signIn(access: Access): MiddlewareHandler<Env> {
  return async (c, next) => {
    const config = configOf(c);
    const { requestId } = c.var;
    if (access === 'public') {
      c.set('db', new Database(config.database, { requestId }));
      return next();
    }
    const { role, tenantId, subject } = await verifyToken(presentedToken(c), config.tokens);
    await limitRate(c, tenantId ?? role);
    const allowed = access === 'platform' ? role === 'platform' : role !== 'platform' && RANK[role] >= RANK[access];
    if (!allowed) {
      throw new Problem(
        'forbidden',
        `This needs a token with the role ${access}${access === 'platform' ? '' : ' or above'}.`,
      );
    }
    c.set(
      'db',
      new Database(config.database, {
        requestId,
        ...(tenantId ? { tenantId } : { platform: true }),
        ...(subject ? { actor: subject } : {}),
      }),
    );
    return next();
  };
}

/** A deployment that is set up wrongly is not the caller's fault, and somebody has to read why. */
function configOf(c: Context<Env>): Config {
  try {
    return readConfig(c.env);
  } catch (error) {
    console.error(JSON.stringify({ level: 'error', event: 'configuration', message: (error as Error).message }));
    throw new Problem('unavailable', 'This deployment is not set up completely.', { headers: { 'Retry-After': '60' } });
  }
}

/** The JWT of `Authorization: Bearer` (RFC 6750 §2.1) or `X-Tenant-Token`. */
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
