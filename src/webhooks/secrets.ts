import type { WebhookKeys } from '../config/webhook-keys.ts';

/*
 * The secrets that sign deliveries, as Standard Webhooks has them (https://www.standardwebhooks.com, "Signature scheme"), and
 * how they are encrypted before they are stored: AES-GCM with 256 bits, under a key of the deployment.
 */

const NONCE_BYTES = 12;

/** A new secret: `whsec_` and 32 random bytes in Base64. */
export function newSecret(): string {
  return `whsec_${toBase64(crypto.getRandomValues(new Uint8Array(32)))}`;
}

/** What a secret belongs to, for {@link sealSecret}. */
export function secretOwner(tenantId: string, webhookId: string): string {
  return `${tenantId}/${webhookId}`;
}

/**
 * Encrypts a secret: the name of the key, a point, and nonce and ciphertext in Base64.
 * @param owner what the secret belongs to; as what belongs to another one it cannot be decrypted
 */
export async function sealSecret(keys: WebhookKeys, secret: string, owner: string): Promise<string> {
  const [first] = keys;
  if (!first) throw new Error('WEBHOOK_KEYS has no key.');
  const [name, bytes] = first;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const ciphertext = await crypto.subtle.encrypt(
    algorithm(nonce, owner),
    await importKey(bytes, 'encrypt'),
    new TextEncoder().encode(secret),
  );
  return `${name}.${toBase64(new Uint8Array([...nonce, ...new Uint8Array(ciphertext)]))}`;
}

/** Decrypts what {@link sealSecret} has made. @throws Error where its key is not among these, or anything was changed */
export async function openSecret(keys: WebhookKeys, sealed: string, owner: string): Promise<string> {
  const [name = '', text = ''] = sealed.split('.');
  const bytes = keys.get(name);
  if (!bytes) throw new Error(`WEBHOOK_KEYS has no key ${name}.`);
  const packed = fromBase64(text);
  const plain = await crypto.subtle.decrypt(
    algorithm(packed.subarray(0, NONCE_BYTES), owner),
    await importKey(bytes, 'decrypt'),
    packed.subarray(NONCE_BYTES),
  );
  return new TextDecoder().decode(plain);
}

function algorithm(iv: Uint8Array<ArrayBuffer>, owner: string) {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(owner) };
}

function importKey(bytes: Uint8Array<ArrayBuffer>, use: 'encrypt' | 'decrypt') {
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, [use]);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
