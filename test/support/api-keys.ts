import { createHash, randomUUID } from 'node:crypto';
import { makeApiKey } from '../../src/http/auth/api-keys.ts';
import type { TestApi, TestTenant } from './api.ts';

export interface InsertedKey {
  id: string;
  key: string;
}

/** An API key, past the API: also such as the API would not make. `role` is `member` unless it is given. */
export async function insertApiKey(
  { database }: TestApi,
  tenant: Pick<TestTenant, 'id'>,
  columns: { role?: string; member_id?: string; expires_at?: string; revoked_at?: string } = {},
): Promise<InsertedKey> {
  const id = randomUUID();
  const { key, secretHash } = await makeApiKey(tenant.id, id);
  const { role = 'member', member_id, expires_at, revoked_at } = columns;
  await database.admin.query(
    `insert into api_keys (tenant_id, id, name, role, member_id, secret_hash, expires_at, revoked_at)
     values ($1, $2, 'script', $3, $4, decode($5, 'hex'), $6, $7)`,
    [tenant.id, id, role, member_id, secretHash, expires_at, revoked_at],
  );
  return { id, key };
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(number: bigint, length: number): string {
  let digits = '';
  for (let rest = number; digits.length < length; rest /= 62n) digits = DIGITS[Number(rest % 62n)] + digits;
  return digits;
}

/** A key that says whatever it is to say, with the checksum that it needs. Each number has 43 digits. */
export function keyOf(ids: string | bigint, secret: string | bigint): string {
  const digits = (part: string | bigint) => (typeof part === 'string' ? part : base62(part, 43));
  const begin = `ot_${digits(ids)}_${digits(secret)}`;
  return begin + base62(BigInt(`0x${createHash('sha256').update(begin).digest('hex').slice(0, 8)}`), 6);
}

/** The number that two ids make. */
export function idsNumber(tenantId: string, id: string): bigint {
  return BigInt(`0x${`${tenantId}${id}`.replaceAll('-', '')}`);
}

/** Keys that can be told from good ones without asking anybody. */
export function forgedKeys(good: string): [string, string][] {
  const [, ids = '', rest = ''] = good.split('_');
  const secret = rest.slice(0, -6);
  const changed = (at: number) => `${good.slice(0, at)}${good[at] === 'a' ? 'b' : 'a'}${good.slice(at + 1)}`;
  return [
    ['a changed id', changed(10)],
    ['a changed secret', changed(60)],
    ['a changed checksum', changed(good.length - 1)],
    ['no checksum', good.slice(0, -6)],
    ['a character less', good.slice(0, -1)],
    ['a character more', `${good}0`],
    ['another case', good.slice(0, 3) + good.slice(3).toUpperCase()],
    ['a prefix in capitals', `OT_${good.slice(3)}`],
    ['no prefix', good.slice(3)],
    ['a prefix alone', 'ot_'],
    ['another prefix', `ot-${good.slice(3)}`],
    ['no underscore', good.replace(/_(?!.*_)/, '')],
    ['parts the wrong way round', `ot_${secret}_${ids}${good.slice(-6)}`],
    ['a hyphen', keyOf(`-${ids.slice(1)}`, secret)],
    ['an underscore within', keyOf(ids, `_${secret.slice(1)}`)],
    ['base64', keyOf(`+${ids.slice(1)}`, `/${secret.slice(1)}`)],
    ['a letter of another script', keyOf(`\u00e9${ids.slice(1)}`, secret)],
    ['ids beyond 256 bits', keyOf('z'.repeat(43), secret)],
    ['ids of 2^256', keyOf(2n ** 256n, secret)],
    ['a secret beyond 256 bits', keyOf(ids, 'z'.repeat(43))],
    ['a secret of 2^256', keyOf(ids, 2n ** 256n)],
    ['shorter ids', keyOf(ids.slice(1), secret)],
    ['a longer secret', keyOf(ids, `0${secret}`)],
    ['the key twice', good + good],
    ['a dot, as of a JWT', `${good}.`],
    ['a key of 100 000 characters', keyOf(ids, '0'.repeat(100_000))],
  ];
}
