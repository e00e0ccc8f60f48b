import { parseArgs } from 'node:util';
import { guid } from '../src/http/schemas.ts';
import type { Role } from '../src/http/tokens.ts';
import { jwtSecret, signToken } from './jwt.ts';

/*
 * `npm run --silent token -- --tenant <id> [--role viewer|member|admin|platform] [--sub who] [--expires 1h]`
 * prints a token for the API and nothing else. It is signed with JWT_SECRET, or as `npm run dev` signs without one.
 */

const ROLES: readonly string[] = ['viewer', 'member', 'admin', 'platform'] satisfies Role[];
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const NIL = '00000000-0000-0000-0000-000000000000';

async function token(args: string[]): Promise<string> {
  const { values } = parseArgs({
    args,
    options: {
      tenant: { type: 'string' },
      role: { type: 'string', default: 'member' },
      sub: { type: 'string' },
      expires: { type: 'string', default: '1h' },
    },
  });
  const { role, sub } = values;
  if (!isRole(role)) throw new Error(`--role is ${shown(role)}: one of ${ROLES.join(', ')} is needed.`);
  const tenantId = tenantOf(values.tenant, role);
  if (sub !== undefined && (/\p{Cc}/u.test(sub) || !sub.isWellFormed() || [...sub].length > 255)) {
    throw new Error('--sub is too long or has control characters: at most 255 characters of one line.');
  }
  return signToken({ role, tenantId, sub }, secondsOf(values.expires), jwtSecret());
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
  if (!data || data === NIL) throw new Error(`--tenant is ${shown(tenant)}: the UUID of a tenant is needed.`);
  return data;
}

function secondsOf(expires: string): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(expires) ?? [];
  const seconds = Number(count) * (SECONDS[unit] ?? 1);
  // Within a hundred years, so that no limit of any reader of the token is met.
  if (!(seconds > 0 && seconds <= 36_525 * 86_400)) {
    throw new Error(`--expires is ${shown(expires)}: a duration such as 30s, 15m, 1h or 7d is needed.`);
  }
  return seconds;
}

/** As somebody typed it, on one line. */
function shown(text: string): string {
  return JSON.stringify(text);
}

try {
  console.log(await token(process.argv.slice(2)));
} catch (error) {
  // parseArgs explains some mistakes in several lines; the first one names the option.
  console.error((error as Error).message.split('\n')[0]);
  process.exitCode = 1;
}
