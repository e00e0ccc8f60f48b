/*
 * Where this process or isolate has found tenants at home. It may be wrong, as a tenant may have moved meanwhile: then the
 * database says so, and the request takes a round trip more.
 */

/** Some 100 bytes each. */
export const MAX_KNOWN = 20_000;

const homes = new Map<string, string>();

export function knownHome(tenantId: string): string | undefined {
  return homes.get(tenantId);
}

/** Forgets the tenant that was noted first, where there are too many. */
export function noteHome(tenantId: string, shard: string): void {
  if (homes.get(tenantId) === shard) return;
  homes.delete(tenantId);
  homes.set(tenantId, shard);
  if (homes.size <= MAX_KNOWN) return;
  const [oldest] = homes.keys();
  if (oldest !== undefined) homes.delete(oldest);
}

export function forgetHome(tenantId: string): void {
  homes.delete(tenantId);
}

/** For tests, each of which has databases of its own. */
export function forgetAllHomes(): void {
  homes.clear();
}
