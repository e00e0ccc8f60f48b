/**
 * The entity tags of `If-None-Match` or `If-Match` (RFC 9110 §8.8.3, §13.1), opaque part only, without `W/`: a proxy that
 * compresses makes them weak.
 * `*` alone gives `['*']`. A header that is no list of entity tags matches nothing.
 */
export function entityTags(header: string | undefined): string[] {
  if (header === undefined) return [];
  if (header.trim() === '*') return ['*'];
  const tags = [...header.matchAll(/(?:W\/)?"([\x21\x23-\x7e]*)"/g)].map(([, tag = '']) => tag);
  return tags.filter((tag) => tag !== '*');
}
