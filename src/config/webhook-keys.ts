import { type Bindings, bindingsSchema, missing, parseBindings } from './bindings.ts';

/** The keys of `WEBHOOK_KEYS` by their names, in its order. The first one encrypts; each decrypts what it has encrypted. */
export type WebhookKeys = Map<string, Uint8Array<ArrayBuffer>>;

const schema = bindingsSchema.pick({ WEBHOOK_KEYS: true });

/**
 * The keys under which the secrets of webhooks are stored.
 * @throws Error with one clear line, which names the variable and holds no value
 */
export function readWebhookKeys(bindings: Bindings): WebhookKeys {
  const { WEBHOOK_KEYS } = parseBindings(schema, bindings);
  if (!WEBHOOK_KEYS) throw new Error(missing('WEBHOOK_KEYS is not set'));
  return new Map(
    WEBHOOK_KEYS.split(',').map((entry) => {
      const [name = '', key = ''] = entry.split(':');
      return [name, Uint8Array.from(atob(key), (char) => char.charCodeAt(0))];
    }),
  );
}
