import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

/** What a policy of `<directive> 'sha256-…'` compares: the text between the tags of each such element. */
function digests(html: string, element: 'script' | 'style'): string[] {
  return [...html.matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, 'g'))].map(
    ([, content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`,
  );
}

test('a page that runs and applies its own script and style, and no other', async () => {
  const { headers, text } = await api.call('/docs');
  const policy = new Map(
    (headers.get('Content-Security-Policy') ?? '').split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values];
    }),
  );
  expect(policy.get('default-src')).toEqual(["'none'"]);
  for (const element of ['script', 'style'] as const) {
    expect(policy.get(`${element}-src`)).toEqual(digests(text, element));
    expect(policy.get(`${element}-src`)).toHaveLength(1);
  }
  // No digest covers these.
  expect(text).not.toMatch(/<[^>]+\s(style|on\w+)=/);
});

test('a page that needs no other host, and allows none', async () => {
  const { status, headers, text } = await api.call('/docs');
  expect(status).toBe(200);
  expect(headers.get('Content-Type')).toBe('text/html; charset=utf-8');
  expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
  expect(headers.get('Content-Security-Policy')).toContain("connect-src 'self'");
  expect(text).toContain('/api/v1/openapi.json');
  expect(text.match(/(src|href)="(?!\/)[^"]*"|https?:\/\//g)).toBeNull();
});
