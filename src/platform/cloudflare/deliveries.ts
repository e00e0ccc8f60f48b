import type { Bindings, WebhookMessage } from '../../config/bindings.ts';
import { postByFetch } from '../../webhooks/post.ts';
import { handleMessage, sweep } from '../../webhooks/queue.ts';

/* Cloudflare's entry points of delivering to webhooks: the queue, and the cron trigger for what the queue has lost. */

/** A batch of a queue, as far as it is used here. */
interface MessageBatch {
  messages: readonly { body: WebhookMessage }[];
}

/** The longest time that Cloudflare's queues delay a message (s). */
const options = { post: postByFetch, maxDelaySeconds: 43_200 };

export default {
  /** Where it throws, the queue gives the batch to another run. One message is a batch (wrangler.toml), so none waits for another's tenant. */
  queue: async ({ messages }: MessageBatch, bindings: Bindings): Promise<void> => {
    for (const { body } of messages) await handleMessage(bindings, body, options);
  },
  scheduled: async (_: unknown, bindings: Bindings): Promise<void> => {
    await sweep(bindings, options);
  },
};
