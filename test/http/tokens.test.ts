import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Config } from '../../src/http/config.ts';
import { verifyToken } from '../../src/http/tokens.ts';
import { JWT_SECRET, signToken, useApi } from '../support/api.ts';

const tokens: Config['tokens'] = { keys: { secret: JWT_SECRET } };
const tenant_id = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
const now = () => Math.floor(Date.now() / 1000);
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('claims become the principal', async () => {
  expect(await verifyToken(await signToken({ tenant_id }), tokens)).toEqual({ role: 'member', tenantId: tenant_id });
  expect(
    await verifyToken(await signToken({ tenant_id: tenant_id.toUpperCase(), role: 'admin', sub: 'é' }), tokens),
  ).toEqual({
    role: 'admin',
    tenantId: tenant_id,
    subject: 'é',
  });
  expect(await verifyToken(await signToken({ role: 'platform' }), tokens)).toEqual({ role: 'platform' });
  expect(await verifyToken(await signToken({ tenant_id, iat: now() + 20, nbf: now() + 20 }), tokens)).toBeTruthy();
});

describe('refuses', () => {
  test.each<[string, Record<string, unknown>]>([
    ['no exp', { tenant_id, exp: undefined }],
    ['an expired token', { tenant_id, exp: now() - 61 }],
    ['exp beyond 2^53', { tenant_id, exp: 2 ** 53 }],
    ['exp of 1e308', { tenant_id, exp: 1e308 }],
    ['exp as a string', { tenant_id, exp: String(now() + 60) }],
    ['iat in the future', { tenant_id, iat: now() + 61 }],
    ['iat as a string', { tenant_id, iat: 'now' }],
    ['nbf in the future', { tenant_id, nbf: now() + 61 }],
    ['no tenant', {}],
    ['a tenant that is null', { tenant_id: null }],
    ['a tenant that is a list', { tenant_id: [tenant_id] }],
    ['the nil tenant', { tenant_id: '00000000-0000-0000-0000-000000000000' }],
    ['a tenant that is no UUID', { tenant_id: 'acme' }],
    ['a claim of another name', { Tenant_Id: tenant_id }],
    ['an unknown role', { tenant_id, role: 'root' }],
    ['a role in capitals', { tenant_id, role: 'ADMIN' }],
    ['a role that is null', { tenant_id, role: null }],
    ['platform with a tenant', { tenant_id, role: 'platform' }],
    ['a sub that is a number', { tenant_id, sub: 1 }],
    ['a sub too long', { tenant_id, sub: 'x'.repeat(256) }],
    ['a sub with a control character', { tenant_id, sub: 'a\u0000b' }],
  ])('%s', async (_, claims) => {
    await expect(verifyToken(await signToken(claims), tokens)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('what is not signed with the pinned algorithm and key', async () => {
    const good = await signToken({ tenant_id });
    const [header = '', payload = '', signature = ''] = good.split('.');
    const secret = new TextEncoder().encode(JWT_SECRET.padEnd(64, '.'));
    const hs512 = await new SignJWT({ tenant_id, exp: now() + 60 }).setProtectedHeader({ alg: 'HS512' }).sign(secret);
    for (const token of [
      `${base64url({ alg: 'none' })}.${payload}.`,
      `${base64url({ alg: 'none' })}.${payload}.${signature}`,
      `${base64url({ alg: 'RS256' })}.${payload}.${signature}`,
      `${base64url({ alg: 'HS256', crit: ['x'], x: 1 })}.${payload}.${signature}`,
      `${header}.${base64url({ tenant_id, exp: now() + 60, role: 'admin' })}.${signature}`,
      `${header}.${payload}.${signature.slice(1)}`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}`,
      `${good}.`,
      ` ${good}`,
      '',
      'x',
      hs512,
      await signToken({ tenant_id }, 'another secret that is 32 bytes long.'),
    ]) {
      await expect(verifyToken(token, tokens), token).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  test('another issuer or audience, where they are configured', async () => {
    const strict = { ...tokens, issuer: 'us', audience: 'api' };
    expect(await verifyToken(await signToken({ tenant_id, iss: 'us', aud: ['api', 'x'] }), strict)).toBeTruthy();
    for (const claims of [{ iss: 'us' }, { aud: 'api' }, { iss: 'them', aud: 'api' }, { iss: 'us', aud: 'x' }]) {
      await expect(verifyToken(await signToken({ tenant_id, ...claims }), strict)).rejects.toMatchObject({
        code: 'unauthenticated',
      });
    }
  });
});

describe('with keys at a URL', () => {
  let server: Server;
  let status = 200;
  let keys: object[] = [];
  let url = '';

  beforeAll(async () => {
    server = createServer((_, response) => response.writeHead(status).end(JSON.stringify({ keys })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test.each(['RS256', 'ES256', 'EdDSA'])('%s', async (alg) => {
    const pair = await generateKeyPair(alg);
    status = 200;
    keys = [{ ...(await exportJWK(pair.publicKey)), kid: alg, alg }];
    const at = { keys: { jwksUrl: `${url}${alg}` } };
    const sign = (kid: string) =>
      new SignJWT({ tenant_id, exp: now() + 60 }).setProtectedHeader({ alg, kid }).sign(pair.privateKey);
    expect(await verifyToken(await sign(alg), at)).toMatchObject({ tenantId: tenant_id });
    await expect(verifyToken(await sign('unknown'), at)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(verifyToken(await signToken({ tenant_id }), at)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('a key server that fails is 503, not the token’s fault', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const token = await new SignJWT({ tenant_id, exp: now() + 60 })
      .setProtectedHeader({ alg: 'ES256', kid: 'x' })
      .sign(privateKey);
    status = 500;
    await expect(verifyToken(token, { keys: { jwksUrl: `${url}down` } })).rejects.toMatchObject({
      code: 'unavailable',
    });
    const nobody = { keys: { jwksUrl: 'http://127.0.0.1:9/' } };
    await expect(verifyToken(token, nobody)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('headers', () => {
  const api = useApi();

  test('either header, the scheme in any case; both if they are equal', async () => {
    const tenant = await api.tenant();
    const token = await tenant.token();
    for (const headers of [
      { Authorization: `bearer ${token}` },
      { Authorization: `BEARER  ${token}` },
      { 'X-Tenant-Token': token },
      { Authorization: `Bearer ${token}`, 'X-Tenant-Token': token },
    ]) {
      expect((await api.call('/api/v1/tenant', { headers })).status).toBe(200);
    }
    const other = await signToken({ tenant_id: tenant.id, role: 'viewer' });
    const both = await api.call('/api/v1/tenant', {
      headers: { Authorization: `Bearer ${token}`, 'X-Tenant-Token': other },
    });
    expect(both).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  });

  test.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', 'token'])('401 for Authorization: %s', async (value) => {
    const reply = await api.call('/api/v1/tenant', { headers: { Authorization: value } });
    expect(reply).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
    expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
    expect(reply.headers.get('Server-Timing')).toBeNull();
  });
});
