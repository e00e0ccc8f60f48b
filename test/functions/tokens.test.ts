import { describe, expect, inject, test } from 'vitest';
import { JWT_SECRET, type Reply, useApi } from '../support/api.ts';
import { base64url, hmac, seal } from '../support/jws.ts';
import {
  claims,
  forgedClaims,
  forgedHeaders,
  forgedPayloads,
  forgedSpellings,
  TENANT,
  withOwnAlphabet,
} from '../support/token-forgeries.ts';

/* What a forger can send where tokens are signed with a secret: each time the same 401, and nobody asks the database. */

const api = useApi({
  prepare: (admin) => admin.query('insert into tenants (id, name) values ($1, $2)', [TENANT, 'Acme']).then(() => {}),
});

const now = Math.floor(Date.now() / 1000);
const HEADER = { alg: 'HS256', typ: 'JWT' };
const sign = (payload: object | string | Uint8Array, header: object | string = HEADER) =>
  hmac(header, payload, JWT_SECRET);
const good = withOwnAlphabet((jti) => sign(claims({ jti })));

const call = (headers: Record<string, string>, path = '/api/v1/tenant') => api.call(path, { headers });

/** The body without what differs from request to request. */
const anonymous = ({ text, json }: Reply) => text.replace(json.request_id, '');

/** Fails unless it is the one 401, and nobody has asked the database. */
async function expectRefused(headers: Record<string, string>) {
  const before = api.database.endpoint.requests;
  const without = await call({});
  const reply = await call(headers);
  expect(reply.status, reply.text).toBe(401);
  expect(anonymous(reply)).toBe(anonymous(without));
  expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
  expect(reply.headers.get('Server-Timing')).toBeNull();
  expect(api.database.endpoint.requests).toBe(before);
}

describe('accepts', () => {
  test.each<[string, string]>([
    ['a token', good],
    ['no typ', sign(claims(), { alg: 'HS256' })],
    ['the type of access tokens', sign(claims(), { alg: 'HS256', typ: 'at+jwt' })],
    ['a type in full and in any case', sign(claims(), { alg: 'HS256', typ: 'application/AT+JWT' })],
    ['header parameters that mean nothing here', sign(claims(), { ...HEADER, kid: '../x', jku: 'http://x', x: [] })],
    ['a tenant in capitals', sign(claims({ tenant_id: TENANT.toUpperCase() }))],
    ['times within a fraction and the leeway', sign(claims({ exp: now - 5.5, iat: now + 10.5, nbf: now + 10 }))],
    ['claims that mean nothing here', sign(claims({ iss: 1, aud: {}, jti: [], admin: true, constructor: null }))],
    ['255 characters of sub', sign(claims({ sub: '😀'.repeat(255) }))],
    ['a claim that stands twice, for its last value', sign(`{"exp":1,${JSON.stringify(claims()).slice(1)}`)],
  ])('%s', async (_, token) => {
    const reply = await call({ Authorization: `Bearer ${token}` });
    expect(reply, reply.text).toMatchObject({ status: 200, json: { id: TENANT } });
  });

  test('a claim named __proto__ as no claim at all', async () => {
    const { role, ...rest } = claims();
    const token = sign(`{"__proto__":{"role":"${role}"},${JSON.stringify(rest).slice(1)}`);
    expect((await call({ 'X-Tenant-Token': sign(claims()) }, '/api/v1/audit-log')).status).toBe(200);
    expect((await call({ 'X-Tenant-Token': token }, '/api/v1/audit-log')).status).toBe(403);
  });
});

describe('refuses the claims', () => {
  test.each(forgedClaims(now))('%s', async (_, forged) => expectRefused({ Authorization: `Bearer ${sign(forged)}` }));
});

describe('refuses the payload', () => {
  test.each(forgedPayloads(now))('%s', async (_, forged) => expectRefused({ Authorization: `Bearer ${sign(forged)}` }));
});

describe('refuses the header', () => {
  test.each(forgedHeaders())('%s', async (_, forged) =>
    expectRefused({ Authorization: `Bearer ${sign(claims(), forged)}` }),
  );

  test.each<[string, string]>([
    ['none, unsigned', `${base64url({ alg: 'none' })}.${base64url(claims())}.`],
    ['none, without the last dot', `${base64url({ alg: 'none' })}.${base64url(claims())}`],
    ['HS384', hmac({ alg: 'HS384' }, claims(), JWT_SECRET, 'sha384')],
    ['HS512', hmac({ alg: 'HS512' }, claims(), JWT_SECRET, 'sha512')],
    ['HS256 by SHA-512', hmac(HEADER, claims(), JWT_SECRET, 'sha512')],
    ['a kid that names an empty file, signed with nothing', hmac({ ...HEADER, kid: '/dev/null' }, claims(), '')],
    ['a kid that would select a key', hmac({ ...HEADER, kid: "x' UNION SELECT 'key'--" }, claims(), 'key')],
    ['a key of its own', hmac({ ...HEADER, jwk: { kty: 'oct', k: base64url('key') } }, claims(), 'key')],
    ['another secret', hmac(HEADER, claims(), `${JWT_SECRET} `)],
    ['the secret in base64', hmac(HEADER, claims(), base64url(JWT_SECRET))],
  ])('%s', async (_, token) => expectRefused({ Authorization: `Bearer ${token}` }));
});

describe('refuses the spelling', () => {
  test.each(forgedSpellings(good, sign(claims({ role: 'viewer' }))))('%s', async (_, token) =>
    expectRefused({ 'X-Tenant-Token': token }),
  );

  test.each<[string, (input: string) => string]>([
    ['padding in the payload', (part) => `${part}${'='.repeat((4 - (part.length % 4)) % 4)}`],
    ['the standard alphabet in the payload', (part) => part.replaceAll('-', '+').replaceAll('_', '/')],
    ['a payload that ends within a byte', (part) => `${part}A`],
  ])('%s', async (_, respell) => {
    // '?' and '>' in these places make '-' and '_' in base64url, and a length that needs padding.
    const part = respell(base64url(`${JSON.stringify(claims({ sub: '~~~???>>>' }))}  `));
    await expectRefused({ 'X-Tenant-Token': seal(`${base64url(HEADER)}.${part}`, JWT_SECRET) });
  });

  // What is longer still, workerd refuses by itself.
  test.each(inject('tier') === 'node' ? [16_384, 65_536, 1_000_000] : [16_384, 65_536])(
    'a token of more than %i characters',
    async (length) => {
      const token = sign(claims({ padding: 'x'.repeat(length) }));
      await expectRefused({ Authorization: `Bearer ${token}` });
    },
  );
});

describe('refuses the request header', () => {
  test.each<[string, Record<string, string>]>([
    ['another scheme', { Authorization: `Token ${good}` }],
    ['Basic', { Authorization: `Basic ${good}` }],
    ['no scheme', { Authorization: good }],
    ['a scheme alone', { Authorization: 'Bearer' }],
    ['a scheme and a tab', { Authorization: `Bearer\t${good}` }],
    ['no space after the scheme', { Authorization: `Bearer${good}` }],
    ['quotes', { Authorization: `Bearer "${good}"` }],
    ['two tokens in one', { Authorization: `Bearer ${good} ${good}` }],
    ['the header twice', { Authorization: `Bearer ${good}, Bearer ${good}` }],
    ['another header of the same name', { Authorization: `Basic eDp5, Bearer ${good}` }],
    ['nothing', { Authorization: '' }],
    ['no value of our own header', { 'X-Tenant-Token': '' }],
    ['a scheme in our own header', { 'X-Tenant-Token': `Bearer ${good}` }],
    ['our own header twice', { 'X-Tenant-Token': `${good}, ${good}` }],
    ['a cookie', { Cookie: `token=${good}; Authorization=Bearer ${good}` }],
    ['a proxy’s header', { 'Proxy-Authorization': `Bearer ${good}` }],
  ])('%s', async (_, headers) => expectRefused(headers));

  test('a token in the query string', async () => {
    const before = api.database.endpoint.requests;
    expect((await call({}, `/api/v1/tenant?access_token=${good}`)).status).toBe(401);
    expect(api.database.endpoint.requests).toBe(before);
  });

  test.each<[string, Record<string, string>]>([
    ['two tokens', { Authorization: `Bearer ${good}`, 'X-Tenant-Token': sign(claims({ role: 'viewer' })) }],
    ['a good and a bad one', { Authorization: `Bearer ${good}`, 'X-Tenant-Token': `${good}x` }],
    ['a bad and a good one', { Authorization: 'Bearer x', 'X-Tenant-Token': good }],
    ['another scheme beside a good one', { Authorization: 'Basic eDp5', 'X-Tenant-Token': good }],
  ])('400 for different values: %s', async (_, headers) => {
    const before = api.database.endpoint.requests;
    expect(await call(headers)).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    expect(api.database.endpoint.requests).toBe(before);
  });

  test.each<[string, Record<string, string>]>([
    ['the scheme in any case', { Authorization: `bEARER   ${good}` }],
    ['both headers with one token', { Authorization: `Bearer ${good}`, 'X-Tenant-Token': good }],
  ])('but accepts %s', async (_, headers) => {
    expect((await call(headers)).status).toBe(200);
  });
});
