import { DEFAULT_MAX_AGE, parseDuration } from '../../src/config/duration.ts';
import type { Role } from '../../src/http/auth/tokens.ts';
import { guid } from '../../src/http/request/schemas.ts';
import { readOptions } from './options.ts';

export const USAGE = `Signs a token for the API, and prints it and nothing else.

  npm run --silent token -- --tenant <id> [--role viewer|member|admin] [--sub who] [--expires 1h]
  npm run --silent token -- --role platform

  --tenant <id>     the tenant that the token is for: the UUID that \`npm run dev\` prints, or POST /api/v1/tenants gives
  --role <role>     viewer reads, member (the default) also writes, admin also purges and reads the audit log;
                    platform manages tenants, and has none
  --sub <who>       who acts, for the audit log; of a member, its subject
  --expires <time>  how long it is good for, such as 30s, 15m, 1h (the default) or 7d; at most JWT_MAX_AGE (${DEFAULT_MAX_AGE})

It is signed with JWT_SECRET or, without one, with the secret of \`npm run dev\`, which is good there alone. Where an identity
provider signs (JWKS_URL), tokens come from there.`;

const ROLES: readonly string[] = ['viewer', 'member', 'admin', 'platform'] satisfies Role[];
const NIL = '00000000-0000-0000-0000-000000000000';

export interface TokenOptions {
  help: boolean;
  role: Role;
  tenantId: string | undefined;
  sub: string | undefined;
  /** How long the token is good for. */
  seconds: number;
}

/**
 * @param env that of the process: no token is good for longer than `JWT_MAX_AGE`, because the API refuses any other
 * @throws Error of one line that names the option
 */
export function readTokenOptions(args: string[], env: NodeJS.ProcessEnv): TokenOptions {
  const options = {
    tenant: { type: 'string' },
    role: { type: 'string', default: 'member' },
    sub: { type: 'string' },
    expires: { type: 'string', default: '1h' },
  } as const;
  const { help = false, tenant, role, sub, expires } = readOptions(options, args, env);
  // Nobody who asks for help has to say more.
  if (help) return { help, role: 'member', tenantId: undefined, sub, seconds: 0 };
  if (!isRole(role)) throw new Error(`--role is ${quoted(role)}: one of ${ROLES.join(', ')} is needed.`);
  if (sub !== undefined && (/\p{Cc}/u.test(sub) || !sub.isWellFormed() || [...sub].length > 255)) {
    throw new Error('--sub is too long or has control characters: at most 255 characters of one line.');
  }
  const seconds = secondsOf(expires, env.JWT_MAX_AGE || DEFAULT_MAX_AGE);
  return { help, role, tenantId: tenantOf(tenant, role), sub, seconds };
}

function isRole(role: string): role is Role {
  return ROLES.includes(role);
}

function tenantOf(tenant: string | undefined, role: Role): string | undefined {
  if (role === 'platform') {
    if (tenant !== undefined) throw new Error('--tenant does not go with --role platform, which stands above tenants.');
    return undefined;
  }
  if (tenant === undefined) throw new Error('--tenant <id> is needed, unless with --role platform.');
  const { data } = guid.safeParse(tenant);
  if (!data || data === NIL) throw new Error(`--tenant is ${quoted(tenant)}: the UUID of a tenant is needed.`);
  return data;
}

function secondsOf(expires: string, maxAge: string): number {
  const seconds = parseDuration(expires);
  if (!seconds) throw new Error(`--expires is ${quoted(expires)}: a duration such as 30s, 15m, 1h or 7d is needed.`);
  const most = parseDuration(maxAge);
  if (!most) throw new Error(`JWT_MAX_AGE is ${quoted(maxAge)}: a duration such as 12h or 400d is needed.`);
  if (seconds > most) {
    throw new Error(`--expires is ${quoted(expires)}: at most JWT_MAX_AGE is taken, which is ${maxAge}.`);
  }
  return seconds;
}

/** The text in quotes, on one line. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
