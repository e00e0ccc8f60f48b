import { sha256 } from '../../sha256.ts';
import { API_KEY_PATTERN } from '../request/schemas.ts';
import { unauthenticated } from './tokens.ts';

/*
 * API keys: `ot_`, the ids of tenant and key, `_`, 32 random bytes and a checksum over all before it, in digits to the base
 * 62, so that a double-click selects all of it. The checksum tells a key that was cut or mistyped, and one that a scanner
 * for secrets has found, from a good one without asking anybody; it proves nothing.
 */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = 62n;
/** How many digits 32 bytes have, and the checksum. */
const LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const SECRET_BYTES = 32;

const FORM = new RegExp(API_KEY_PATTERN);

/** Whether a token is meant as an API key: a JWT begins with the base64url of a brace, `e`. */
export function isApiKey(token: string): boolean {
  return token.startsWith('ot_');
}

/** A new key: what its owner gets to see once, and the SHA-256 of its secret, which is all that is kept. */
export async function makeApiKey(tenantId: string, id: string): Promise<{ key: string; secretHash: string }> {
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const ids = `${tenantId}${id}`.replaceAll('-', '');
  const begin = `ot_${digitsOf(BigInt(`0x${ids}`), LENGTH)}_${digitsOf(numberOf(secret), LENGTH)}`;
  return { key: begin + (await checksum(begin)), secretHash: await sha256(secret) };
}

/**
 * What a key says. Whether there is such a key is for the database to tell.
 * @throws Problem `unauthenticated` for a key of another form, or with another checksum
 */
export async function readApiKey(key: string): Promise<{ tenantId: string; id: string; secretHash: string }> {
  if (!FORM.test(key)) throw unauthenticated();
  const begin = key.slice(0, -CHECKSUM_LENGTH);
  if ((await checksum(begin)) !== key.slice(-CHECKSUM_LENGTH)) throw unauthenticated();
  const [, ids = '', secret = ''] = begin.split('_').map(hexOf);
  if (ids.length > 2 * SECRET_BYTES || secret.length > 2 * SECRET_BYTES) throw unauthenticated();
  const bytes = Uint8Array.from(secret.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  return { tenantId: uuidOf(ids.slice(0, 32)), id: uuidOf(ids.slice(32)), secretHash: await sha256(bytes) };
}

/** The first 32 bits of a SHA-256. */
async function checksum(text: string): Promise<string> {
  return digitsOf(BigInt(`0x${(await sha256(text)).slice(0, 8)}`), CHECKSUM_LENGTH);
}

function digitsOf(number: bigint, length: number): string {
  let digits = '';
  for (let rest = number; digits.length < length; rest /= BASE) digits = DIGITS.charAt(Number(rest % BASE)) + digits;
  return digits;
}

/** 32 bytes in hexadecimal; longer where the digits say more than 32 bytes can. */
function hexOf(digits: string): string {
  let number = 0n;
  for (const digit of digits) number = number * BASE + BigInt(DIGITS.indexOf(digit));
  return number.toString(16).padStart(2 * SECRET_BYTES, '0');
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n);
}

function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
