import { importJWK, type JWK } from 'jose';
import { bindingsSchema } from '../../src/config/bindings.ts';
import { isExampleSecret } from '../../src/config/example-secrets.ts';
import { fetchKeySet } from '../../src/http/auth/remote-keys.ts';
import { causeOf } from '../../src/log.ts';
import { type Finding, good, note, type Target, type Variables, wrong } from './finding.ts';

/* What tokens are verified with: a secret, or the keys of an identity provider. */

const MIN_SECRET_BYTES = 32;
/** RFC 7518 §3.3; jose refuses shorter ones. */
const MIN_RSA_BITS = 2048;
const MAKE_ONE = 'make one of your own: openssl rand -base64 48';

export async function checkTokens(variables: Variables, target: Target): Promise<Finding[]> {
  const { JWT_SECRET, JWKS_URL } = variables;
  if (JWKS_URL && target === 'dev') {
    return [
      wrong('JWKS_URL is set, but npm run dev signs tokens with JWT_SECRET', 'unset it, or use npx wrangler dev'),
    ];
  }
  if (JWT_SECRET && JWKS_URL) {
    return [wrong('JWT_SECRET and JWKS_URL are both set', 'unset the one that your tokens are not signed with')];
  }
  if (JWT_SECRET) return [await checkSecret(JWT_SECRET, target)];
  if (JWKS_URL) return [...(await checkKeys(JWKS_URL)), ...checkIssuer(variables)];
  return target === 'dev'
    ? [note('JWT_SECRET is not set: tokens are signed with a secret that anybody can read, which is good here alone')]
    : [wrong('Neither JWT_SECRET nor JWKS_URL is set', `${MAKE_ONE}; or name the keys of your identity provider`)];
}

async function checkSecret(secret: string, target: Target): Promise<Finding> {
  const bytes = Buffer.byteLength(secret);
  if (bytes < MIN_SECRET_BYTES) {
    return wrong(`JWT_SECRET has ${bytes} bytes, and HS256 needs at least ${MIN_SECRET_BYTES}`, MAKE_ONE);
  }
  if (target !== 'dev' && (await isExampleSecret(secret))) {
    return wrong('JWT_SECRET is a published example, with which anybody can sign', MAKE_ONE);
  }
  return good(
    `JWT_SECRET has at least ${MIN_SECRET_BYTES} bytes${target === 'dev' ? '' : ', and is no published example'}`,
  );
}

/** Fetches the keys as the API does, and looks which of them it can use. The URL may have a secret in it: its host is shown. */
async function checkKeys(url: string): Promise<Finding[]> {
  const { error } = bindingsSchema.shape.JWKS_URL.safeParse(url);
  if (error) return [wrong(error.issues[0]?.message ?? '', 'correct it: your identity provider has its keys there')];
  const { host } = new URL(url);
  let keys: unknown;
  try {
    ({ keys } = await fetchKeySet(url));
  } catch (error) {
    const { answered } = error as { answered?: number };
    const why = answered
      ? `answers ${answered}`
      : error instanceof SyntaxError
        ? 'has no JSON'
        : `fails: ${causeOf(error)}`;
    return [wrong(`JWKS_URL: ${host} ${why}`, 'open it in a browser; redirects are not followed')];
  }
  if (!Array.isArray(keys))
    return [wrong(`JWKS_URL: ${host} has no key set`, 'it must have a member "keys" (RFC 7517 §5)')];
  const usable = (await Promise.all(keys.map(algorithmOf))).filter((algorithm) => algorithm !== undefined);
  const isPrivate = keys.some((key) => typeof key === 'object' && key !== null && ('d' in key || 'k' in key));
  const findings = [
    usable.length > 0
      ? good(
          `JWKS_URL: ${host} has ${usable.length} of ${keys.length} keys that can be used (${[...new Set(usable)].join(', ')})`,
        )
      : wrong(
          `JWKS_URL: none of ${keys.length} keys of ${host} can be used`,
          'have tokens signed by RS256, ES256 or EdDSA',
        ),
  ];
  if (isPrivate)
    findings.push(wrong(`JWKS_URL: ${host} shows private keys`, 'withdraw them: anybody can sign with them'));
  return findings;
}

/** By which algorithm of the API a key verifies; undefined by none. */
async function algorithmOf(key: unknown): Promise<string | undefined> {
  const { kty, crv, use, alg, n } = (key ?? {}) as JWK;
  const byType = {
    RSA: 'RS256',
    EC: crv === 'P-256' ? 'ES256' : undefined,
    OKP: crv === 'Ed25519' ? 'EdDSA' : undefined,
  };
  const algorithm = byType[kty as keyof typeof byType];
  if (!algorithm || (use ?? 'sig') !== 'sig' || (alg && alg !== algorithm && !(alg === 'Ed25519' && kty === 'OKP'))) {
    return undefined;
  }
  if (kty === 'RSA' && Buffer.from(n ?? '', 'base64url').length * 8 < MIN_RSA_BITS) return undefined;
  const imported = await importJWK(key as JWK, algorithm).catch(() => undefined);
  return imported instanceof CryptoKey && imported.type === 'public' ? algorithm : undefined;
}

function checkIssuer({ JWT_ISSUER, JWT_AUDIENCE }: Variables): Finding[] {
  const unset = [...(JWT_ISSUER ? [] : ['JWT_ISSUER']), ...(JWT_AUDIENCE ? [] : ['JWT_AUDIENCE'])];
  if (unset.length === 0) return [good('JWT_ISSUER and JWT_AUDIENCE are set')];
  return [
    note(
      `${unset.join(' and ')} ${unset.length === 1 ? 'is' : 'are'} not set: tokens that these keys sign for others are taken, too`,
      'set what your tokens have as iss and aud (docs/identity-providers.md)',
    ),
  ];
}
