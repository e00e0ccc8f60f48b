import * as z from 'zod';
import { deliveryStatus, webhookEvents, webhookStatus } from '../request/webhook-schemas.ts';
import { id, moment, text, times, timestamp, version } from './members.ts';

/* The schemas of webhooks and their deliveries, as responses show them. */

const nullableText = (description: string) => z.string().nullable().meta({ description });
const nullableCount = (description: string) =>
  z
    .int()
    .nullable()
    .meta({ description, examples: [42] });

export const Webhook = z
  .object({
    id,
    url: z.string().meta({ description: 'Where it is sent to.' }),
    events: webhookEvents,
    status: webhookStatus,
    paused_reason: nullableText('Why it is paused; null where it is not.'),
    description: nullableText('Text of any number of lines.'),
    version,
    ...times,
    last_delivery: z
      .object({ at: moment('When it was.'), status: deliveryStatus })
      .meta({ id: 'LastDelivery', description: 'The last attempt at a delivery.' })
      .nullable()
      .meta({ description: 'The last attempt at a delivery; null where there was none.' }),
  })
  .meta({ id: 'Webhook', description: 'A URL that is told of changes, without its secret.' });

const secret = z.string().nullable().meta({
  pattern: '^whsec_[A-Za-z0-9+/]{43}=$',
  description:
    'What its deliveries are signed with, shown this once: an answer that is given back for an Idempotency-Key has null.',
});

export const NewWebhook = Webhook.extend({ secret }).meta({
  id: 'NewWebhook',
  description: 'A webhook with its secret.',
});

export const WebhookSecret = z
  .object({ secret })
  .meta({ id: 'WebhookSecret', description: 'The new secret of a webhook.' });

export const WebhookDelivery = z
  .object({
    id: id.meta({ description: 'The id, which each attempt sends as `webhook-id`.' }),
    event: text('Its name, the `type` of the body.').meta({ examples: ['task.updated'] }),
    resource_id: id.meta({ description: 'The id of the resource that was changed.' }),
    attempt: z.int().meta({ description: 'How often it has been tried.', examples: [1] }),
    status: deliveryStatus,
    ms: nullableCount('How long the last attempt took, in milliseconds.'),
    http_status: nullableCount('The status of the last answer; null where there was none.'),
    response: nullableText('The first 1 KiB of the last answer.'),
    error: nullableText('Why there was no answer; null where there was one.'),
    at: moment('When the change was made.'),
    next_attempt_at: timestamp.nullable().meta({
      description: 'When it is tried next, unless the webhook is paused; null where it has arrived.',
    }),
  })
  .meta({ id: 'WebhookDelivery', description: 'One change, as a webhook is told of it.' });
