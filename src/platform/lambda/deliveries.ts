import type { Bindings, WebhookMessage } from '../../config/bindings.ts';
import { handleMessage, sweep } from '../../webhooks/queue.ts';
import { nodePost } from '../node/post.ts';
import { MAX_DELAY_SECONDS, sqsQueue } from './sqs.ts';

/** An event of SQS, or of the schedule, which has no records. */
interface DeliveryEvent {
  Records?: { body: string }[];
}

/**
 * Makes the Lambda function that delivers to webhooks. If it throws, SQS gives the message to another run. One message is a batch
 * (dev/build/lambda-template.ts), so none waits for another's tenant.
 */
export function deliveriesHandler(bindings: Bindings): (event: DeliveryEvent) => Promise<void> {
  const { WEBHOOK_QUEUE_URL: url } = bindings;
  const given = url ? { ...bindings, WEBHOOK_QUEUE: sqsQueue(url, process.env) } : bindings;
  const options = { post: nodePost(bindings.DEVELOPMENT === 'true'), maxDelaySeconds: MAX_DELAY_SECONDS };
  return async ({ Records }) => {
    if (!Records) await sweep(given, options);
    for (const { body } of Records ?? []) await handleMessage(given, JSON.parse(body) as WebhookMessage, options);
  };
}
