import { AwsClient } from 'aws4fetch';
import type { WebhookMessage, WebhookQueue } from '../../config/bindings.ts';

/** A queue of SQS, and what has not been sent yet. */
export interface SqsQueue extends WebhookQueue {
  /** Waits for what is being sent: Lambda stops an instance as soon as it has its response. */
  settled(): Promise<void>;
}

/** The longest time that SQS delays a message (s). */
export const MAX_DELAY_SECONDS = 900;

/** How long sending may take (ms): a response waits for it. */
const SEND_TIMEOUT_MS = 3000;

/**
 * A queue of SQS, by its JSON protocol (SQS API reference, "SendMessage"). Requests are signed by aws4fetch, for the SDK would be
 * twenty times as large, in every function.
 * @param url of the queue
 * @param environment has the credentials that Lambda gives an instance
 */
export function sqsQueue(url: string, environment: NodeJS.ProcessEnv): SqsQueue {
  const underWay = new Set<Promise<unknown>>();
  // Lambda gives credentials for as long as the instance lives.
  const aws = new AwsClient({
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    ...(environment.AWS_SESSION_TOKEN ? { sessionToken: environment.AWS_SESSION_TOKEN } : {}),
    region: environment.AWS_REGION ?? '',
    service: 'sqs',
    retries: 1,
  });

  async function send(message: WebhookMessage, { delaySeconds = 0 }: { delaySeconds?: number } = {}): Promise<void> {
    const response = await aws.fetch(new URL('/', url).href, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage' },
      body: JSON.stringify({ QueueUrl: url, MessageBody: JSON.stringify(message), DelaySeconds: delaySeconds }),
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (!response.ok) throw Object.assign(new Error('SQS has refused a message.'), { code: `HTTP_${response.status}` });
  }

  return {
    send: (...message) => {
      const sending = send(...message);
      const settled = sending.catch(() => {}).finally(() => underWay.delete(settled));
      underWay.add(settled);
      return sending;
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
}
