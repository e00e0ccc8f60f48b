import type { Bindings } from '../../config/bindings.ts';
import { hasCourier } from '../../config/courier.ts';
import { app } from '../../functions/index.ts';
import deliveries from './deliveries.ts';
import scheduled from './scheduled.ts';

/* Cloudflare's entry points of the whole API as one Worker: requests, the cron trigger, and the queue. */

export default {
  fetch: app.fetch,
  /** Whatever comes of the purge, what is due is looked for. */
  scheduled: async (event: unknown, bindings: Bindings): Promise<void> => {
    const work = [scheduled.scheduled(event, bindings)];
    if (hasCourier(bindings)) work.push(deliveries.scheduled(event, bindings));
    for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
  },
  queue: deliveries.queue,
};
