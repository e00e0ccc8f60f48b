import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { type Reply, useApi } from '../support/api.ts';
import { base64url, hmac, type Part, signed } from '../support/jws.ts';
import { startKeyServer } from '../support/key-server.ts';
import {
  claims,
  forgedClaims,
  forgedHeaders,
  forgedPayloads,
  forgedSpellings,
  TENANT,
  withOwnAlphabet,
} from '../support/token-forgeries.ts';

/* The same where tokens are signed with keys at a URL, and issuer and audience are configured. */

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed = generateKeyPairSync('ed25519');
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const jwk = (key: KeyObject, kid: string, more: object = {}) => ({ ...key.export({ format: 'jwk' }), kid, ...more });
const keyServer = await startKeyServer();
const JWKS_URL = keyServer.serve('/keys', {
  keys: [
    jwk(rsa.publicKey, 'rsa', { use: 'sig', alg: 'RS256' }),
    jwk(ec.publicKey, 'ec'),
    jwk(ed.publicKey, 'ed'),
    jwk(p384.publicKey, 'p384'),
    jwk(weak.publicKey, 'weak'),
    jwk(own.publicKey, 'enc', { use: 'enc' }),
    jwk(own.publicKey, 'sign', { key_ops: ['sign'] }),
    { kty: 'oct', kid: 'oct', k: base64url('a shared key that a key server never shows') },
    { kty: 'OKP', kid: 'future', crv: 'Ed99999', x: 'AAAA' },
    { no: 'key' },
  ],
});
const foreignKeys = keyServer.serve('/foreign', { keys: [jwk(own.publicKey, 'ec')] });
afterAll(() => keyServer.stop());

const api = useApi({
  prepare: (admin) => admin.query('insert into tenants (id, name) values ($1, $2)', [TENANT, 'Acme']).then(() => {}),
  bindings: { JWT_SECRET: '', JWKS_URL, JWT_ISSUER: 'https://id.example.com/', JWT_AUDIENCE: 'onetrip' },
});

const now = Math.floor(Date.now() / 1000);
const ours = (replaced: Record<string, unknown> = {}) =>
  claims({ iss: 'https://id.example.com/', aud: 'onetrip', ...replaced });
const ES256 = { alg: 'ES256', kid: 'ec' };
const sign = (payload: Part = ours(), header: Part = ES256) => signed(header, payload, ec.privateKey);
const good = withOwnAlphabet(() => sign());

const call = (token: string) => api.call('/api/v1/tenant', { token });
const anonymous = ({ text, json }: Reply) => text.replace(json.request_id, '');

async function expectRefused(token: string) {
  const before = api.database.endpoint.requests;
  const reply = await call(token);
  expect(reply.status, reply.text).toBe(401);
  expect(anonymous(reply)).toBe(anonymous(await api.call('/api/v1/tenant')));
  expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
  expect(api.database.endpoint.requests).toBe(before);
}

/** Adds issuer and audience to what the tables say of the other claims. */
const complete = (payload: Part): Part => {
  if (typeof payload !== 'object' || payload instanceof Uint8Array) return payload;
  return { iss: 'https://id.example.com/', aud: 'onetrip', ...payload };
};

describe('accepts', () => {
  test.each<[string, string]>([
    ['RS256', signed({ alg: 'RS256', kid: 'rsa' }, ours(), rsa.privateKey)],
    ['ES256', good],
    ['EdDSA', signed({ alg: 'EdDSA', kid: 'ed' }, ours(), ed.privateKey)],
    ['no kid, where one key fits', sign(ours(), { alg: 'ES256' })],
    ['an audience among others', sign(ours({ aud: ['other', 'onetrip'] }))],
  ])('%s', async (_, token) => {
    const reply = await call(token);
    expect(reply, reply.text).toMatchObject({ status: 200, json: { id: TENANT } });
  });
});

describe('refuses', () => {
  test.each(forgedClaims(now))('the claims: %s', (_, forged) => expectRefused(sign(complete(forged))));
  test.each(forgedPayloads(now))('the payload: %s', (_, forged) => expectRefused(sign(complete(forged))));
  test.each(forgedHeaders('ES256', { kid: 'ec' }))('the header: %s', (_, forged) =>
    expectRefused(sign(ours(), forged)),
  );
  test.each(forgedSpellings(good, sign(ours({ role: 'viewer' }))))('the spelling: %s', (_, token) =>
    expectRefused(token),
  );

  test.each<[string, Record<string, unknown>]>([
    ...[undefined, null, '', 'https://id.example.com', 'HTTPS://ID.EXAMPLE.COM/', 'https://evil.example/'].map(
      (iss): [string, Record<string, unknown>] => [`iss: ${JSON.stringify(iss)}`, { iss }],
    ),
    ...[['https://id.example.com/'], 1, {}].map((iss): [string, Record<string, unknown>] => [
      `iss: ${JSON.stringify(iss)}`,
      { iss },
    ]),
    ...[
      undefined,
      null,
      '',
      'Onetrip',
      'onetrip ',
      'onetrip,other',
      [],
      ['other'],
      [['onetrip']],
      1,
      { onetrip: 1 },
    ].map((aud): [string, Record<string, unknown>] => [`aud: ${JSON.stringify(aud)}`, { aud }]),
  ])('the claims: %s', (_, replaced) => expectRefused(sign(ours(replaced))));

  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
  const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
  const n = rsa.publicKey.export({ format: 'jwk' }).n ?? '';
  const HS256 = { alg: 'HS256', kid: 'rsa' };
  test.each<[string, string]>([
    ['the public key as PEM', hmac(HS256, ours(), pem)],
    ['the public key as PEM without its last line break', hmac(HS256, ours(), String(pem).trim())],
    ['the public key as PKCS #1', hmac(HS256, ours(), rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }))],
    ['the public key as DER', hmac(HS256, ours(), der)],
    ['the public key as JWK', hmac(HS256, ours(), JSON.stringify(rsa.publicKey.export({ format: 'jwk' })))],
    [
      'the public key as served',
      hmac(HS256, ours(), JSON.stringify(jwk(rsa.publicKey, 'rsa', { use: 'sig', alg: 'RS256' }))),
    ],
    ['the modulus', hmac(HS256, ours(), Buffer.from(n, 'base64url'))],
    ['the modulus as text', hmac(HS256, ours(), n)],
    [
      'the secret among the keys',
      hmac({ alg: 'HS256', kid: 'oct' }, ours(), 'a shared key that a key server never shows'),
    ],
    ['HS256 that says RS256', hmac({ alg: 'RS256', kid: 'rsa' }, ours(), pem)],
    ['nothing', hmac(HS256, ours(), '')],
  ])('a shared secret: %s', (_, token) => expectRefused(token));

  test.each<[string, unknown]>([
    ['unknown', 'x'],
    ['another one’s', 'rsa'],
    ['of another curve', 'p384'],
    ['of a key to encrypt', 'enc'],
    ['of a key to sign', 'sign'],
    ['of a key of an unknown kind', 'future'],
    ['in capitals', 'EC'],
    ['empty', ''],
    ['a path', '../../../../dev/null'],
    ['a URL', foreignKeys],
    ['SQL', "ec' OR '1'='1"],
    ['a command', 'ec; curl evil.example'],
    ['a name that every object has', '__proto__'],
    ['a number', 0],
    ['null', null],
    ['a list', ['ec']],
    ['an object', { ec: 1 }],
    ['huge', 'ec'.repeat(4000)],
  ])('a kid: %s', (_, kid) => expectRefused(sign(ours(), { alg: 'ES256', kid })));

  const ownSigned = (header: object) => signed({ ...ES256, ...header }, ours(), own.privateKey);
  test.each<[string, string]>([
    ['jwk', ownSigned({ jwk: own.publicKey.export({ format: 'jwk' }) })],
    ['jwk and no kid', ownSigned({ kid: undefined, jwk: own.publicKey.export({ format: 'jwk' }) })],
    ['jku', ownSigned({ jku: foreignKeys })],
    ['x5u', ownSigned({ x5u: foreignKeys })],
    ['x5c', ownSigned({ x5c: [own.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] })],
    ['jku as critical', ownSigned({ jku: foreignKeys, crit: ['jku'] })],
    ['nothing', ownSigned({})],
    ['the kid of a key to encrypt', ownSigned({ kid: 'enc' })],
  ])('a key of the forger’s, by %s', (_, token) => expectRefused(token));

  const [header = '', payload = '', signature = ''] = good.split('.');
  const half = Buffer.from(signature, 'base64url').subarray(0, 32);
  const zeros = Buffer.alloc(32);
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  const spelled = (...parts: Uint8Array[]) => `${header}.${payload}.${base64url(Buffer.concat(parts))}`;
  test.each<[string, string]>([
    ['DER', signed(ES256, ours(), ec.privateKey, { dsaEncoding: 'der' })],
    ['r = s = 0', spelled(zeros, zeros)],
    ['r = 0', spelled(zeros, half)],
    ['s = 0', spelled(half, zeros)],
    ['r = s = the order of the group', spelled(order, order)],
    ['r alone', spelled(half)],
    ['r, s and more', spelled(Buffer.from(signature, 'base64url'), zeros)],
    ['over SHA-512', signed(ES256, ours(), ec.privateKey, { hash: 'sha512' })],
    ['of P-384', signed({ alg: 'ES256', kid: 'p384' }, ours(), p384.privateKey)],
    ['ES384', signed({ alg: 'ES384', kid: 'p384' }, ours(), p384.privateKey, { hash: 'sha384' })],
    ['RS384', signed({ alg: 'RS384', kid: 'rsa' }, ours(), rsa.privateKey, { hash: 'sha384' })],
    ['RS512', signed({ alg: 'RS512', kid: 'rsa' }, ours(), rsa.privateKey, { hash: 'sha512' })],
    ['RS256 without a kid, where several keys fit', signed({ alg: 'RS256' }, ours(), rsa.privateKey)],
    ['RS256 of 1024 bits', signed({ alg: 'RS256', kid: 'weak' }, ours(), weak.privateKey)],
    ['RS256 over SHA-1', signed({ alg: 'RS256', kid: 'rsa' }, ours(), rsa.privateKey, { hash: 'sha1' })],
    ['EdDSA by the name of its curve', signed({ alg: 'Ed25519', kid: 'ed' }, ours(), ed.privateKey)],
    [
      'EdDSA over a digest',
      `${base64url({ alg: 'EdDSA', kid: 'ed' })}.${base64url(ours())}.${base64url(createHash('sha512').digest())}`,
    ],
    ['EdDSA by an ES256 key', signed({ alg: 'EdDSA', kid: 'ed' }, ours(), ec.privateKey)],
    ['ES256 by an EdDSA key', signed(ES256, ours(), ed.privateKey)],
  ])('a signature: %s', (_, token) => expectRefused(token));
});

test('for all of them the keys were fetched once, and nobody’s but ours', () => {
  expect(keyServer.asked('/keys')).toBe(1);
  expect(keyServer.asked('/foreign')).toBe(0);
});
