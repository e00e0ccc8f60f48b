import type { Bindings } from '../../config/bindings.ts';
import { purge } from '../../scheduled/purge.ts';

/** Cloudflare's entry point of the scheduled purge: the cron trigger. */
export default {
  scheduled: async (_: unknown, bindings: Bindings): Promise<void> => {
    await purge(bindings);
  },
};
