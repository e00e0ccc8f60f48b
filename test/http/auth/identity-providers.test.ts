import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { DEFAULT_CLAIM_NAMES } from '../../../src/config/claim-names.ts';
import { type Config, readConfig } from '../../../src/config/config.ts';
import { claimOf } from '../../../src/http/auth/claims.ts';
import { verifyToken } from '../../../src/http/auth/tokens.ts';
import { JWT_SECRET, signToken } from '../../support/api.ts';
import { signed } from '../../support/jws.ts';
import { startKeyServer } from '../../support/key-server.ts';

/* The tokens and bindings of docs/identity-providers.md, and the claims that a deployment may name. */

const TENANT = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
const keyServer = await startKeyServer();
afterAll(() => keyServer.stop());

const [, ...chapters] = readFileSync('docs/identity-providers.md', 'utf8').split(/^## /m);
const providers = chapters.map((chapter) => {
  const fence = (language: string) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(chapter)?.[1] ?? '';
  return { name: chapter.split('\n')[0] ?? '', payload: JSON.parse(fence('json')), bindings: parseEnv(fence('sh')) };
});

const PRINCIPALS: Record<string, object> = {
  Clerk: { role: 'admin', subject: 'user_2pKxYeJ9Lm4nOpQrStUvWxYzAb' },
  Auth0: { role: 'admin', subject: 'auth0|5f7c8ec7c33c6c004bbafe82' },
  WorkOS: { role: 'member', subject: 'user_01HBEQKA6K4QJAS93VPE39W1JT' },
  Supabase: { role: 'admin', subject: '8ccaa7af-909f-44e7-84cb-67cdccb56be6' },
  Keycloak: { role: 'member', subject: '9a1b6f0e-6f1c-4a39-8f0f-0f3e6f5a7c11' },
};
/** Supabase signs with ES256, the others with RS256. */
const keyPair = (name: string) =>
  name === 'Supabase'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });

test('the page has all of them', () => {
  expect(providers.map(({ name }) => name)).toEqual(Object.keys(PRINCIPALS));
});

test.each(providers)('a token of $name is taken as the page says', async ({ name, payload, bindings }) => {
  const { publicKey, privateKey } = keyPair(name);
  const kid = `key of ${name}`;
  const JWKS_URL = keyServer.serve(`/${name}`, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid }] });
  const config = readConfig({ DATABASE_URL: 'postgres://localhost/onetrip', ...bindings, JWKS_URL });
  const now = Math.floor(Date.now() / 1000);
  const verify = (changes: object = {}) => {
    const claims = { ...payload, iat: now, exp: now + payload.exp - payload.iat, ...changes };
    const alg = name === 'Supabase' ? 'ES256' : 'RS256';
    return verifyToken(signed({ alg, kid, typ: 'JWT' }, claims, privateKey), config.tokens);
  };
  expect(await verify()).toEqual({ tenantId: TENANT, ...PRINCIPALS[name] });
  await expect(verify({ iss: 'https://another.example' })).rejects.toMatchObject({ code: 'unauthenticated' });
  if (bindings.JWT_AUDIENCE) {
    await expect(verify({ aud: 'another' })).rejects.toMatchObject({ code: 'unauthenticated' });
  }
});

const principal = async (payload: Record<string, unknown>, names: Partial<Config['tokens']['claimNames']> = {}) =>
  verifyToken(await signToken(payload), {
    keys: { secret: JWT_SECRET },
    maxAgeSeconds: 3600,
    claimNames: { ...DEFAULT_CLAIM_NAMES, ...names },
  });
const refused = { code: 'unauthenticated', status: 401 };

test.each<[string, unknown]>([
  ['a', 1],
  ['o.b', 2],
  ['https://x.example/a.b', 3],
  ['urn:a.b', 4],
  ['one.*.b', 5],
  ['list.*', 6],
  ['a.b', undefined],
  ['o.c', undefined],
  ['several.*', undefined],
  ['none.*', undefined],
  ['nothing.a', undefined],
  ['constructor', undefined],
  ['o.constructor.name', undefined],
  ['__proto__', undefined],
  ['text.length', undefined],
  ['text.0', undefined],
])('the claim %s', (name, value) => {
  const payload =
    JSON.parse(`{"a": 1, "o": {"b": 2}, "https://x.example/a.b": 3, "urn:a.b": 4, "one": {"any": {"b": 5}},
    "list": [6], "several": {"a": 1, "b": 2}, "none": {}, "nothing": null, "text": "t"}`);
  expect(claimOf(payload, name)).toBe(value);
});

test('of a list of roles the highest counts that is one of ours, and none is refused', async () => {
  const of = (roles: unknown, rest: object = { tenant_id: TENANT }) => principal({ ...rest, roles }, { role: 'roles' });
  expect(await of(['x', 'viewer', 'admin', 'member'])).toEqual({ role: 'admin', tenantId: TENANT });
  expect(await of(['viewer', 7, null])).toEqual({ role: 'viewer', tenantId: TENANT });
  expect(await of(['platform'], {})).toEqual({ role: 'platform' });
  for (const role of [[], ['x'], [['admin']], 'x', null, { admin: true }, ['platform', 'admin']]) {
    await expect(of(role)).rejects.toMatchObject(refused);
  }
  // By its own name the claim is what `npm run token` makes of it.
  await expect(principal({ tenant_id: TENANT, role: ['admin'] })).rejects.toMatchObject(refused);
});

test('a claim that has been renamed is read by its new name alone', async () => {
  const names = { tenant: 'app.tenant', role: 'app.role', subject: 'app.id' };
  const app = { tenant: TENANT, role: 'viewer', id: 'ada' };
  expect(await principal({ app, sub: 'eve', role: 'admin' }, names)).toEqual({
    role: 'viewer',
    tenantId: TENANT,
    subject: 'ada',
  });
  await expect(principal({ tenant_id: TENANT }, names)).rejects.toMatchObject(refused);
  await expect(principal({ app: { ...app, tenant: [TENANT] } }, names)).rejects.toMatchObject(refused);
  await expect(principal({ app: { ...app, id: 'api-key:x' } }, names)).rejects.toMatchObject(refused);
});
