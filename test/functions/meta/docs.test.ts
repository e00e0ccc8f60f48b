import { expect, inject, test } from 'vitest';
import { useApi } from '../../support/api.ts';

/* The page at /docs and its static files, as each deployment serves them. */

const api = useApi({ functions: ['docs', 'health', 'openapi'] });
const tier = inject('tier');

/** What the page loads. */
async function linked(): Promise<string[]> {
  const { text } = await api.call('/docs');
  return [...text.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, path = '']) => path);
}

test('a page without script and style of its own, whose policy allows none', async () => {
  const { status, headers, text } = await api.call('/docs');
  expect(status).toBe(200);
  expect(headers.get('Content-Type')).toBe('text/html; charset=utf-8');
  expect(headers.get('Content-Security-Policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
  );
  expect(text).not.toMatch(/<style|<script(?![^>]*src)|<[^>]+\s(style|on\w+)=/);
  // No other host.
  expect(text).not.toMatch(/(src|href)="(?![/#])|https?:\/\/|"\/\//);
});

test('has a path like all others', async () => {
  expect((await api.call('/docs/')).status).toBe(200);
  expect(await api.call('/docs', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  const posted = await api.call('/docs', { method: 'POST', headers: { 'X-Request-Id': 'mine' } });
  expect(posted).toMatchObject({ status: 405, json: { code: 'method_not_allowed' } });
  expect(posted.headers.get('Allow')).toBe('GET, HEAD, OPTIONS');
  expect(posted.headers.get('X-Request-Id')).toBe('mine');
  expect(await api.call('/docs/nothing.js')).toMatchObject({ status: 404, json: { code: 'not_found' } });
});

test('/ leads to it', async () => {
  const { status, headers } = await api.call('/');
  expect(status).toBe(302);
  expect(headers.get('Location')).toBe('/docs');
  expect(headers.get('X-Request-Id')).toMatch(/^[\w-]{36}$/);
  expect(headers.get('X-Frame-Options')).toBe('DENY');
  expect((await api.call('/', { method: 'DELETE' })).headers.get('Allow')).toBe('GET, HEAD, OPTIONS');
});

// `app.request` has no platform around it.
test.skipIf(tier === 'node')('static files that a browser may keep, and asks about', async () => {
  const paths = await linked();
  expect(paths).toHaveLength(5);
  for (const path of paths) {
    const { status, headers, text } = await api.call(path);
    expect([path, status, text.length > 200]).toEqual([path, 200, true]);
    const type = { js: /^text\/javascript/, css: /^text\/css/, svg: /^image\/svg\+xml/ }[
      path.split('.').at(-1) as 'js'
    ];
    expect(headers.get('Content-Type')).toMatch(type);
    expect(headers.get('Cache-Control')).toBe('public, no-cache');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('X-Frame-Options')).toBe('DENY');
    const etag = headers.get('ETag') ?? '';
    expect(etag).toMatch(/^(W\/)?"\w{32,}"$/);
    expect(await api.call(path, { headers: { 'If-None-Match': etag } })).toMatchObject({ status: 304, text: '' });
    expect((await api.call(path, { headers: { 'If-None-Match': '"another"' } })).status).toBe(200);
    expect(await api.call(path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect((await api.call(path, { method: 'POST' })).status).toBe(405);
  }
});
