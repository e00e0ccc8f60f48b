import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

test('a page that needs no other host, and allows none', async () => {
  const { status, headers, text } = await api.call('/docs');
  expect(status).toBe(200);
  expect(headers.get('Content-Type')).toBe('text/html; charset=utf-8');
  expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
  expect(headers.get('Content-Security-Policy')).toContain("connect-src 'self'");
  expect(text).toContain('/api/v1/openapi.json');
  expect(text.match(/(src|href)="(?!\/)[^"]*"|https?:\/\//g)).toBeNull();
});
