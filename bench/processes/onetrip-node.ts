import { serve } from '@hono/node-server';
import { app } from '../../src/functions/index.ts';
import { settings, tellReady } from './settings.ts';

/* The API as a Node server over a pool of connections. Started with --import ./use-driver.ts. */

const bindings = settings<Record<string, string>>();
serve({ fetch: (request) => app.fetch(request, bindings as never), port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  tellReady({ port }),
);
