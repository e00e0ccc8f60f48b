/**
 * Which of a list a tenant's id gives: the same for ever, on every platform. FNV-1a over the 16 bytes of the id (RFC 9923), then
 * the finaliser of MurmurHash3, because the lowest bits of FNV-1a alone depend on the lowest bits of the bytes alone.
 * @param tenantId a UUID in any case
 * @param names at least one
 */
export function homeByHash(tenantId: string, names: readonly string[]): string {
  return names[hashOf(tenantId) % names.length] as string;
}

/** 32 bits, unsigned. */
export function hashOf(tenantId: string): number {
  const digits = tenantId.replaceAll('-', '');
  let hash = 0x811c9dc5;
  for (let at = 0; at < digits.length; at += 2) {
    hash = Math.imul(hash ^ Number.parseInt(digits.slice(at, at + 2), 16), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
