/**
 * The entity tags of `If-None-Match` or `If-Match` (RFC 9110 §8.8.3, §13.1), opaque part only, without `W/`.
 * `*` alone gives `['*']`. A header that is no list of entity tags matches nothing.
 */
export function entityTags(header: string | undefined): string[] {
  if (header === undefined) return [];
  if (header.trim() === '*') return ['*'];
  const tags = [...header.matchAll(/(?:W\/)?"([\x21\x23-\x7e]*)"/g)].map(([, tag = '']) => tag);
  return tags.filter((tag) => tag !== '*');
}

/**
 * The versions that `If-Match` expects: the part of our entity tags before the point. Undefined where there is no
 * condition, or only that the row exists (`*`). A weak tag counts too, because proxies that compress make it weak.
 */
export function expectedVersions(header: string | undefined): number[] | undefined {
  const tags = entityTags(header);
  if (header === undefined || tags[0] === '*') return undefined;
  return tags.map((tag) => Number(/^(\d{1,9})\./.exec(tag)?.[1] ?? 0));
}

/** The entity tags that `If-Match` expects of a resource without versions. Undefined where there is no condition, or `*`. */
export function expectedEntityTags(header: string | undefined): string[] | undefined {
  const tags = entityTags(header);
  return header === undefined || tags[0] === '*' ? undefined : tags;
}
