import { expect, test } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { readWebhookKeys } from '../../src/config/webhook-keys.ts';
import { newSecret, openSecret, sealSecret } from '../../src/webhooks/secrets.ts';

const key = (letter: string) => `${letter.repeat(43)}=`;
const keys = (list: string) => readWebhookKeys({ WEBHOOK_KEYS: list } as Bindings);

test('a secret is stored so that only its key opens it, and only as whose it is', async () => {
  const secret = newSecret();
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const one = keys(`one:${key('a')}`);
  const sealed = await sealSecret(one, secret, 'tenant/webhook');
  expect(sealed).toMatch(/^one\./);
  expect(sealed).not.toContain(secret.slice(6));
  expect(await sealSecret(one, secret, 'tenant/webhook')).not.toBe(sealed);
  expect(await openSecret(one, sealed, 'tenant/webhook')).toBe(secret);
  await expect(openSecret(one, sealed, 'other/webhook')).rejects.toThrow();
  await expect(openSecret(keys(`one:${key('b')}`), sealed, 'tenant/webhook')).rejects.toThrow();
  await expect(openSecret(one, `${sealed.slice(0, -6)}AAAAA=`, 'tenant/webhook')).rejects.toThrow();
});

test('a new key takes over, and the old one still opens', async () => {
  const sealed = await sealSecret(keys(`one:${key('a')}`), 'whsec_x', 'owner');
  const both = keys(`two:${key('b')},one:${key('a')}`);
  expect(await openSecret(both, sealed, 'owner')).toBe('whsec_x');
  expect(await sealSecret(both, 'whsec_x', 'owner')).toMatch(/^two\./);
  await expect(openSecret(keys(`two:${key('b')}`), sealed, 'owner')).rejects.toThrow('has no key one');
});

test.each([undefined, '', 'one', `one:${'a'.repeat(20)}`, `one:${key('a')},`])('WEBHOOK_KEYS may not be %s', (list) => {
  expect(() => keys(list as string)).toThrow(/^WEBHOOK_KEYS /);
});
