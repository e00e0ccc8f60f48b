import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import document from '../../../src/functions/meta/openapi.json' with { type: 'json' };
import { isApiKey, makeApiKey, readApiKey } from '../../../src/http/auth/api-keys.ts';
import { API_KEY_PATTERN } from '../../../src/http/request/schemas.ts';
import { forgedKeys, idsNumber, keyOf } from '../../support/api-keys.ts';

/* What an API key says, and which texts are none. What good ones may do is in test/functions/api-keys.test.ts. */

const PATTERN = new RegExp(API_KEY_PATTERN);
const [ZERO, FULL] = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

test('a key says whose it is, and has the secret of which the digest is kept', async () => {
  const ids = Array.from({ length: 50 }, () => [randomUUID(), randomUUID()] as const);
  for (const [tenantId, id] of [...ids, [ZERO, ZERO], [ZERO, FULL], [FULL, ZERO], [FULL, FULL]] as const) {
    const { key, secretHash } = await makeApiKey(tenantId, id);
    expect(key).toMatch(PATTERN);
    expect(isApiKey(key)).toBe(true);
    expect(secretHash).toMatch(/^[0-9a-f]{64}$/);
    expect(await readApiKey(key)).toEqual({ tenantId, id, secretHash });
  }
});

test('no two keys have a secret in common', async () => {
  const keys = await Promise.all(Array.from({ length: 100 }, () => makeApiKey(ZERO, ZERO)));
  expect(new Set(keys.map(({ key }) => key.split('_')[2])).size).toBe(100);
});

test.each([0n, 1n, 255n, 2n ** 248n - 1n, 2n ** 256n - 1n])('the secret %s keeps its leading zeros', async (number) => {
  const [tenantId, id] = [randomUUID(), randomUUID()];
  const bytes = Buffer.from(number.toString(16).padStart(64, '0'), 'hex');
  const secretHash = createHash('sha256').update(bytes).digest('hex');
  expect(await readApiKey(keyOf(idsNumber(tenantId, id), number))).toEqual({ tenantId, id, secretHash });
});

test('a double-click selects all of a key, and a URL, a header or a shell takes it as it is', async () => {
  const { key } = await makeApiKey(randomUUID(), randomUUID());
  expect(key).toMatch(/^\w+$/);
  expect(encodeURIComponent(key)).toBe(key);
});

test('the checksum tells every key with one character changed, and with two that changed places', async () => {
  const { key } = await makeApiKey(randomUUID(), randomUUID());
  for (let i = 3; i < key.length; i++) {
    const other = key[i] === 'Z' ? 'a' : 'Z';
    await expect(readApiKey(key.slice(0, i) + other + key.slice(i + 1)), `at ${i}`).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    const swapped = `${key.slice(0, i - 1)}${key[i]}${key[i - 1]}${key.slice(i + 1)}`;
    if (swapped !== key) await expect(readApiKey(swapped)).rejects.toMatchObject({ code: 'unauthenticated' });
  }
});

describe('refuses', async () => {
  const { key } = await makeApiKey(randomUUID(), randomUUID());
  test.each(forgedKeys(key))('%s', async (_, forged) => {
    await expect(readApiKey(forged)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

test('the document has the pattern wherever a key can stand, so that a scanner finds it', () => {
  const { bearer, tenantToken } = document.components.securitySchemes;
  for (const scheme of [bearer, tenantToken]) expect(scheme.description).toContain(`\`${API_KEY_PATTERN}\``);
  expect(JSON.stringify(document.components.schemas.NewApiKey)).toContain(JSON.stringify(API_KEY_PATTERN));
});
