import { app } from '../../functions/index.ts';
import scheduled from './scheduled.ts';

/* Cloudflare's entry points of the whole API as one Worker: requests, and the cron trigger. */

export default { fetch: app.fetch, scheduled: scheduled.scheduled };
