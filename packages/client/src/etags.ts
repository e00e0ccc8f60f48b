/* The entity tags of what has been read, beside the objects themselves: nothing is added to them. */

const etags = new WeakMap<object, string>();

/** Notes the entity tag with which an object was read. */
export function remember(object: unknown, etag: string | null): void {
  if (typeof object === 'object' && object !== null && etag !== null) etags.set(object, etag);
}

/**
 * The entity tag of what a call has given, for `If-Match`. A copy, or an item of a list, has none of its own: its `version`
 * says as much, because `If-Match` compares the version alone.
 * @returns undefined for an id, and for what has no version
 */
export function etagOf(object: unknown): string | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  const { version } = object as { version?: unknown };
  return etags.get(object) ?? (typeof version === 'number' ? `"${version}.x"` : undefined);
}
