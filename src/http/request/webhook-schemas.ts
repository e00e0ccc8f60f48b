/* What a webhook is made of, for the schemas of requests: see schemas.ts. */
import * as z from 'zod';
import { WEBHOOK_DELIVERIES_STATUS, WEBHOOKS_STATUS } from '../../db/enums.ts';
import { fault, TEXT } from './schemas.ts';

export const webhookStatus = z.enum(WEBHOOKS_STATUS).meta({
  id: 'WebhookStatus',
  description: 'Whether a webhook is sent anything. What changes while it is paused is sent once it is active again.',
});
export const deliveryStatus = z.enum(WEBHOOK_DELIVERIES_STATUS).meta({
  id: 'DeliveryStatus',
  description:
    'Whether it has arrived: `pending` has not been tried yet, `failed` has been in vain, and will be again.',
});

const EVENT_TYPES = ['project', 'task', 'tag', 'member', 'comment'];
const EVENTS = EVENT_TYPES.flatMap((type) =>
  ['created', 'updated', 'deleted', 'restored'].map((verb) => `${type}.${verb}`),
);

/** What a webhook is sent: names of events, all of a type, or all. */
export const webhookEvents = z
  .array(
    z.enum([...EVENTS, ...EVENT_TYPES.map((type) => `${type}.*`), '*']).meta({
      id: 'WebhookEvent',
      description: 'An event, `<type>.*` for all of a type, or `*` for all.',
    }),
  )
  .min(1)
  // As many as there are.
  .max(26)
  .refine((events) => new Set(events).size === events.length, fault('duplicate', 'must not name an event twice'))
  .meta({
    description: 'Which events are sent. `.deleted` is also sent for what goes to the trash.',
    uniqueItems: true,
    examples: [['task.created', 'comment.*']],
  });

export const webhookUrl = z
  .string()
  .refine((text) => !/[\p{Cc}\s]/u.test(text), fault('invalid_format', 'must not contain white space'))
  .refine((text) => [...text].length <= 2048, fault('too_long', 'must be at most 2048 characters'))
  .refine((text) => URL.canParse(text), fault('invalid_format', 'must be a URL such as https://example.com/webhooks'))
  .meta({
    format: 'uri',
    maxLength: 2048,
    pattern: '^https?://[^\\s\\u0000-\\u001f\\u007f-\\u009f]+$',
    description: 'An https URL of the public internet, without user and password, with port 443 or one above 1023.',
    examples: ['https://example.com/webhooks/onetrip'],
  });

export const webhookDescription = z
  .string()
  .max(1000)
  .meta({ pattern: TEXT })
  .nullable()
  .meta({ description: 'Text of any number of lines.', examples: ['Tells the chat of new comments'] });
