import type { Context, MiddlewareHandler } from 'hono';
import { Problem } from '../../problem.ts';
import type { Env } from '../env.ts';
import { configOf, openDatabase } from '../open-database.ts';
import { limitRate } from './rate-limit.ts';
import { ROLES, type Role, unauthenticated, verifyToken } from './tokens.ts';

/** Verifies token, rate and role, and opens the database for the caller. Nothing is sent to the database. */
export function signIn({
  operationId,
  method,
  access,
}: {
  operationId: string;
  method: string;
  access: Role;
}): MiddlewareHandler<Env> {
  return async (c, next) => {
    const token = presentedToken(c);
    const config = await configOf(c);
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
      ...(tenantId ? { tenantId } : { platform: true }),
      ...(subject ? { actor: subject } : {}),
    };
    openDatabase(c, config, caller, { mayLag: isEventual(c) && method === 'get' });
    return next();
  };
}

/** Whether the caller accepts an answer from a read replica, which may lack the latest writes. */
function isEventual(c: Context<Env>): boolean {
  const consistency = c.req.header('Onetrip-Consistency')?.trim().toLowerCase() ?? 'strong';
  if (consistency !== 'strong' && consistency !== 'eventual') {
    throw new Problem('invalid_request', 'Onetrip-Consistency must be strong or eventual.');
  }
  return consistency === 'eventual';
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
