/** An entity tag: RFC 9110 §8.8.3. */
const ENTITY_TAG = /(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

/**
 * The entity tags of `If-None-Match` or `If-Match` (RFC 9110 §13.1), opaque part only, without `W/`: a proxy that
 * compresses makes them weak.
 * `*` alone gives `['*']`. What is no entity tag is left out.
 */
export function entityTags(header: string | undefined): string[] {
  if (header === undefined) return [];
  if (header.trim() === '*') return ['*'];
  const tags = [...header.matchAll(ENTITY_TAG)].map(([, tag = '']) => tag);
  return tags.filter((tag) => tag !== '*');
}

/** Whether a header is `*` or a list of entity tags and nothing else. Empty elements are allowed (RFC 9110 §5.6.1.2). */
export function isEntityTagList(header: string): boolean {
  if (header.trim() === '*') return true;
  // What is left of each tag cannot be left of anything else: two quotes in a row are a tag themselves.
  const elements = header.replace(ENTITY_TAG, '""').split(',');
  const given = elements.map((element) => element.trim()).filter((element) => element !== '');
  return given.length > 0 && given.every((element) => element === '""');
}
