import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Hono } from 'hono';
import { notFoundHandler } from '../http/endpoint/not-found.ts';
import { onError, requestContext } from '../http/endpoint/request-context.ts';
import type { Env } from '../http/env.ts';
import { entityTags } from '../http/request/entity-tags.ts';
import { SECURITY_HEADERS } from '../http/response/headers.ts';
import { Problem } from '../problem.ts';

/*
 * The static files of the page at /docs, where no platform serves them by itself: on AWS Lambda and in a Node server.
 */

/** What every static file carries, also where Cloudflare serves it. A browser asks each time whether it has the newest. */
export const ASSET_HEADERS: Record<string, string> = { 'Cache-Control': 'public, no-cache', ...SECURITY_HEADERS };

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The route of the static files. */
export const ASSET_ROUTE = { method: 'GET', path: '/docs/:file' };

/**
 * Makes an app that serves the files of `<directory>/docs` under `/docs/`, with entity tags. All are read at once, which
 * takes 2 MB, so that no path in a request is ever one of the file system.
 * @param directory what dev/build/reference.ts has made
 */
export function assetsApp(directory: string): Hono<Env> {
  const docs = join(directory, 'docs');
  const files = new Map(
    readdirSync(docs).map((name) => {
      const content = readFileSync(join(docs, name), 'utf8');
      const etag = createHash('sha256').update(content).digest('hex').slice(0, 32);
      return [name, { content, etag, type: TYPES[extname(name)] ?? 'text/plain; charset=utf-8' }];
    }),
  );
  const app = new Hono<Env>({ strict: false });
  app.onError(onError);
  app.notFound(notFoundHandler([ASSET_ROUTE]));
  app.get(
    ASSET_ROUTE.path,
    requestContext({ operationId: 'docs-assets', method: 'get', access: 'public' }),
    async (c) => {
      const file = files.get(c.req.param('file') ?? '');
      if (!file) throw new Problem('not_found', 'There is nothing at this path.');
      const known = entityTags(c.req.header('If-None-Match'));
      const headers = { ...ASSET_HEADERS, 'Content-Type': file.type, ETag: `"${file.etag}"` };
      return known.includes(file.etag) || known[0] === '*'
        ? new Response(null, { status: 304, headers })
        : new Response(file.content, { headers });
    },
  );
  return app;
}
