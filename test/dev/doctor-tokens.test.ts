import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import type { Target } from '../../dev/doctor/finding.ts';
import { checkTokens } from '../../dev/doctor/tokens.ts';
import { type Answer, startKeyServer } from '../support/key-server.ts';

/* What `npm run doctor` says of the secret, and of the keys of an identity provider. */

const keyServer = await startKeyServer();
afterAll(() => keyServer.stop());

const JWT_SECRET = 'secret-of-tests, and of at least 32 bytes';
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });
const jwk = ec.publicKey.export({ format: 'jwk' });
const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });

async function findingsOf(answer: Answer, more: Record<string, string> = {}) {
  const JWKS_URL = keyServer.serve(`/${randomUUID()}?secret-of-tests`, answer);
  const findings = await checkTokens({ JWKS_URL, ...more }, 'start');
  expect(JSON.stringify(findings)).not.toContain('secret-of-tests');
  return findings.map(({ is, text }) => `${is}: ${text.replace(/127\.0\.0\.1:\d+/, '<host>')}`);
}

test('keys that can be used, and those that cannot', async () => {
  const keys = [
    jwk,
    ed,
    rsa(2048),
    rsa(1024),
    { ...jwk, use: 'enc' },
    { ...jwk, alg: 'ES384' },
    { ...jwk, x: 'AAAA' },
    null,
  ];
  expect(await findingsOf({ keys }, { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' })).toEqual([
    'good: JWKS_URL: <host> has 3 of 8 keys that can be used (ES256, EdDSA, RS256)',
    'good: JWT_ISSUER and JWT_AUDIENCE are set',
  ]);
});

test.each<[string, Answer]>([
  ['none of 0 keys of <host> can be used', { keys: [] }],
  ['<host> has no key set', { keys: 'none' }],
  ['<host> has no JSON', 'secret-of-tests'],
  ['<host> answers 404', (response) => response.writeHead(404).end('secret-of-tests')],
  ['<host> answers 302', (response) => response.writeHead(302, { Location: '/' }).end()],
  ['<host> fails: ', (response) => response.destroy()],
])('%s', async (message, answer) => {
  const [first] = await findingsOf(answer);
  expect(first).toContain(`wrong: JWKS_URL: ${message}`);
});

test('private keys, and tokens that were made for others', async () => {
  expect(await findingsOf({ keys: [jwk, ec.privateKey.export({ format: 'jwk' })] }, { JWT_ISSUER: 'i' })).toEqual([
    'good: JWKS_URL: <host> has 1 of 2 keys that can be used (ES256)',
    'wrong: JWKS_URL: <host> shows private keys',
    'note: JWT_AUDIENCE is not set: tokens that these keys sign for others are taken, too',
  ]);
});

test.each<[string, Target, Record<string, string>]>([
  ['JWT_SECRET has 6 bytes, and HS256 needs at least 32', 'start', { JWT_SECRET: 'secret' }],
  ['JWT_SECRET is a published example', 'start', { JWT_SECRET: 'change me: any text of at least 32 bytes' }],
  ['Neither JWT_SECRET nor JWKS_URL is set', 'deploy', {}],
  ['JWT_SECRET and JWKS_URL are both set', 'deploy', { JWT_SECRET, JWKS_URL: 'https://id.example.com/' }],
  ['JWKS_URL must be an https URL', 'deploy', { JWKS_URL: 'id.example.com' }],
  // Anybody on the way could put keys of their own in their place.
  ['JWKS_URL must be an https URL', 'deploy', { JWKS_URL: 'http://id.example.com/' }],
  ['JWKS_URL is set, but npm run dev signs', 'dev', { JWKS_URL: 'https://id.example.com/' }],
])('%s', async (message, target, variables) => {
  const findings = await checkTokens(variables, target);
  expect(findings[0]).toMatchObject({ is: 'wrong', text: expect.stringContaining(message) });
  expect(findings[0]?.advice).toBeTruthy();
});
