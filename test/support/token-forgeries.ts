import { base64url, type Part } from './jws.ts';

/*
 * Tokens that must not pass, whatever signs them: tables of a name and what it replaces in a good token. Those that
 * need one family of keys stand in the tests of that family.
 */

export const TENANT = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';

/** The claims of a good token, with some of them replaced; `undefined` takes one away. */
export function claims(replaced: Record<string, unknown> = {}): Record<string, unknown> {
  const exp = Math.floor(Date.now() / 1000) + 600;
  return { tenant_id: TENANT, role: 'admin', sub: 'tester', exp, ...replaced };
}

const member = (name: string, value: unknown): [string, Record<string, unknown>] => [
  `${name}: ${value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60)}`,
  claims({ [name]: value }),
];

export function forgedClaims(now: number): [string, Record<string, unknown>][] {
  return [
    ...[undefined, null, '', `${now + 60}`, [now + 60], {}, true].map((exp) => member('exp', exp)),
    ...[0, -1, -(now + 600), now - 61, now - 60.5, now * -1e9, now + 401 * 86_400, 1e308, 2 ** 53].map((exp) =>
      member('exp', exp),
    ),
    ...[now + 61, now * 1000, `${now}`, 'now', null, [now], 1e308].map((iat) => member('iat', iat)),
    ...[now + 61, now * 1000, `${now}`, null, {}, 1e308].map((nbf) => member('nbf', nbf)),
    ...[undefined, null, '', 'acme', 1, true, {}, [TENANT], { id: TENANT }].map((id) => member('tenant_id', id)),
    ...[`{${TENANT}}`, `urn:uuid:${TENANT}`, TENANT.replaceAll('-', ''), ` ${TENANT}`, `${TENANT}\n`].map((id) =>
      member('tenant_id', id),
    ),
    ...[`${TENANT},${TENANT}`, TENANT.replace('0', 'O'), '00000000-0000-0000-0000-000000000000'].map((id) =>
      member('tenant_id', id),
    ),
    ...['Tenant_Id', 'TENANT_ID', 'tenantId', 'tid', 'tenant_id '].map((name): [string, Record<string, unknown>] => [
      `the tenant as ${name}`,
      claims({ tenant_id: undefined, [name]: TENANT }),
    ]),
    ['the tenant in another object', claims({ tenant_id: undefined, claims: { tenant_id: TENANT } })],
    ...[null, '', 'root', 'ADMIN', 'admin ', 'administrator', 1, true, ['admin'], { admin: true }].map((role) =>
      member('role', role),
    ),
    ...['constructor', '__proto__', 'public'].map((role) => member('role', role)),
    ['platform with a tenant', claims({ role: 'platform' })],
    ['platform with a tenant that is null', claims({ role: 'platform', tenant_id: null })],
    ...['x'.repeat(256), '😀'.repeat(256), 'a\u0000b', 'a\nb', 'a\u007fb', 'a\u0085b', '\ud800', 'a\udc00'].map((sub) =>
      member('sub', sub),
    ),
    ...[null, 1, true, ['tester'], { name: 'tester' }].map((sub) => member('sub', sub)),
  ];
}

export function forgedPayloads(now: number): [string, Part][] {
  const text = JSON.stringify(claims());
  const bytes = Buffer.from(JSON.stringify(claims({ sub: 'ÿ' })));
  const json = (exp: string) => text.replace(/"exp":\d+/, `"exp":${exp}`);
  return [
    ['empty', ''],
    ['a list', JSON.stringify([claims()])],
    ['a text', JSON.stringify(text)],
    ['a number', '1'],
    ['null', 'null'],
    ['no JSON', text.slice(0, -1)],
    ['more after the JSON', `${text}{}`],
    ['two objects', `${text}${text}`],
    ['form fields', `tenant_id=${TENANT}&exp=${now + 600}`],
    ['invalid UTF-8', bytes.subarray(0, bytes.indexOf(0xc3) + 1)],
    [
      'invalid UTF-8 in a claim',
      Buffer.concat([Buffer.from('{"sub":"'), Buffer.from([0xff]), Buffer.from(`",${text.slice(1)}`)]),
    ],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['exp of NaN', json('NaN')],
    ['exp of Infinity', json('Infinity')],
    ['exp of 1e400', json('1e400')],
    ['exp of 0x7fffffff', json('0x7fffffff')],
    ['exp that stands twice, good and then past', `${text.slice(0, -1)},"exp":1}`],
    ['a tenant that stands twice, good and then none', `${text.slice(0, -1)},"tenant_id":"x"}`],
    ['another token', `${base64url({ alg: 'none' })}.${base64url(claims())}.`],
  ];
}

/** Headers that no verifier may take, under a signature that is right. The algorithm stands beside `alg` as ours. */
export function forgedHeaders(alg = 'HS256', more: object = {}): [string, Part][] {
  const names = [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'hs256',
    'HS256 ',
    'HS384',
    'RS256',
    'ES256',
    'EdDSA',
    'PS256',
    'x',
  ];
  const wrong: unknown[] = [undefined, null, 0, true, [alg], { alg }];
  return [
    ...names.filter((name) => name !== alg).map((name): [string, Part] => [`alg: ${name}`, { ...more, alg: name }]),
    ...wrong.map((name): [string, Part] => [`alg: ${JSON.stringify(name)}`, { ...more, alg: name }]),
    ...['JOSE', 'JWE', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'text/jwt', '', ' JWT', 1, null, ['JWT']].map(
      (typ): [string, Part] => [`typ: ${JSON.stringify(typ)}`, { ...more, alg, typ }],
    ),
    ['crit: a parameter that nobody knows', { ...more, alg, crit: ['x'], x: 1 }],
    ['crit: a registered one', { ...more, alg, crit: ['alg'] }],
    ['crit: empty', { ...more, alg, crit: [] }],
    ['crit: a text', { ...more, alg, crit: 'exp', exp: 1 }],
    ['b64: false', { ...more, alg, b64: false, crit: ['b64'] }],
    ['no object', '"HS256"'],
    ['a list', [{ ...more, alg }]],
    ['no JSON', '{alg:HS256}'],
    ['empty', ''],
  ];
}

/** A token whose signature has a `-` or `_`, which the standard alphabet spells in another way. */
export function withOwnAlphabet(make: (attempt: number) => string): string {
  for (let attempt = 0; ; attempt++) {
    const token = make(attempt);
    if (/[-_][^.]*$/.test(token)) return token;
  }
}

/** A good token in spellings that are not its own. `other` is as good, of another payload. */
export function forgedSpellings(good: string, other: string): [string, string][] {
  const [header = '', payload = '', signature = ''] = good.split('.');
  const [, otherPayload, otherSignature] = other.split('.');
  const last = signature.at(-1) ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const bit = alphabet[alphabet.indexOf(last) ^ 1];
  const standard = signature.replaceAll('-', '+').replaceAll('_', '/');
  return [
    ['no signature', `${header}.${payload}.`],
    ['no signature and no dot', `${header}.${payload}`],
    ['no payload', `${header}..${signature}`],
    ['no header', `.${payload}.${signature}`],
    ['dots alone', '..'],
    ['a fourth part', `${good}.`],
    ['five parts, as of a JWE', `${header}..${payload}.${signature}.${signature}`],
    ['two tokens', `${good}${good}`],
    ['a signature cut at its end', good.slice(0, -1)],
    [
      'a signature cut by a byte',
      `${header}.${payload}.${Buffer.from(signature, 'base64url').subarray(1).toString('base64url')}`,
    ],
    ['a signature that is longer', `${good}AA`],
    ['a signature of nothing but zeros', `${header}.${payload}.${'A'.repeat(signature.length)}`],
    ['another token’s signature', `${header}.${payload}.${otherSignature}`],
    ['another token’s payload', `${header}.${otherPayload}.${signature}`],
    ['a signature in other bits that are not used', `${good.slice(0, -1)}${bit}`],
    ['a signature with padding', `${good}=`],
    ['padding twice', `${good}==`],
    ['the standard alphabet', `${header}.${payload}.${standard}`],
    ['a space within', `${header}. ${payload}.${signature}`],
    ['a tab within the signature', `${header}.${payload}.${signature.slice(0, 9)}\t${signature.slice(9)}`],
    ['percent-encoded dots', good.replaceAll('.', '%2E')],
    ['a letter of another script', `${good.slice(0, -1)}\u00aa`],
    ['JSON serialization', JSON.stringify({ protected: header, payload, signature })],
    ['flat case', good.toLowerCase()],
  ];
}
