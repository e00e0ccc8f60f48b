import { serve } from '@hono/node-server';
import { settings, tellReady } from './settings.ts';

/* Node with nothing behind it: answers with a text that is as long as that of job A. */

const { length } = settings<{ length: number }>();
const body = `"${'x'.repeat(length - 2)}"`;
const headers = { 'Content-Type': 'application/json' };
serve({ fetch: () => new Response(body, { headers }), port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  tellReady({ port }),
);
