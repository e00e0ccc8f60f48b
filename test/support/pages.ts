import { expect } from 'vitest';
import type { TestTenant } from './api.ts';

/**
 * Walks all pages of a list by the links that they give, and checks what each says of itself.
 * @param url of the first page, with the query string
 * @param between runs before each further page
 */
export async function walkPages<Item extends object>(
  tenant: TestTenant,
  url: string,
  between: () => Promise<unknown> = async () => undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let next = url, pages = 0; pages < 200; pages++) {
    const { json, headers, status, text } = await tenant.get(next);
    expect(status, text).toBe(200);
    items.push(...json.data);
    const { limit, has_more, next_cursor } = json.page;
    const link = headers.get('Link');
    if (!has_more) {
      expect([next_cursor, link]).toEqual([null, null]);
      return items;
    }
    expect(next_cursor).toMatch(/^[A-Za-z0-9._-]+$/);
    expect(json.data).toHaveLength(limit);
    next = /^<(\/.+)>; rel="next"$/.exec(link ?? '')?.[1] ?? '';
    expect(new URLSearchParams(next.split('?')[1]).get('cursor')).toBe(next_cursor);
    await between();
  }
  throw new Error(`the pages of ${url} never end`);
}
