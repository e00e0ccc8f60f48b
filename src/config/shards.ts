import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import { SHARD_NAME } from '../db/shards/shard-name.ts';
import type { Shards } from '../db/shards/shards.ts';

/** URLs of databases by their names, in their order. */
export type ShardUrls = ReadonlyMap<string, string>;

/** Reads `{"name": "postgres://…", …}`. Undefined where it is anything else, or has a name or a URL twice. */
export function parseShards(text: string): ShardUrls | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const urls = new Map<string, string>();
  for (const [name, url] of Object.entries(value)) {
    if (!SHARD_NAME.test(name) || typeof url !== 'string') return undefined;
    if (!/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? '')) return undefined;
    urls.set(name, url);
  }
  // Of a name that is there twice, JSON.parse gives the last. In a value, a quotation mark would be escaped.
  const named = text.match(/"[^"\\]*"\s*:/g)?.length;
  return urls.size > 0 && named === urls.size && new Set(urls.values()).size === urls.size ? urls : undefined;
}

/** Reads a list of names separated by commas, of which each may be there several times. */
export function parseShardList(text: string): string[] | undefined {
  const names = text.split(',').map((name) => name.trim());
  return names.every((name) => SHARD_NAME.test(name)) ? names : undefined;
}

/**
 * The databases that a role logs in to: one, or those of `SHARDS` and its like.
 * @param name of the binding of one database; @param ofSeveral of that of several
 * @throws Error with one clear line where both are set, and the one is none of the several: it would be left out unnoticed
 */
export function databasesOf(
  [name, url]: [name: string, url: string | undefined],
  [ofSeveral, urls]: [name: string, urls: ShardUrls | undefined],
  options: Omit<DatabaseConfig, 'url' | 'shard'>,
): DatabaseConfig[] {
  if (!urls) return url === undefined ? [] : [{ url, ...options }];
  if (url !== undefined && ![...urls.values()].includes(url)) {
    throw new Error(`${name} is set beside ${ofSeveral}, and is none of these databases: leave it out`);
  }
  return [...urls].map(([shard, url]) => ({ url, shard, ...options }));
}

/** What says where tenants are, of the bindings that have been checked. */
interface Placing {
  SHARDS_BY_HASH?: string[] | undefined;
  SHARDS_FOR_NEW?: string[] | undefined;
  TENANT_DIRECTORY?: Shards['keyValues'];
  proxy?: DatabaseConfig | undefined;
}

/**
 * @param databases those of `SHARDS`
 * @throws Error with one clear line where a list has a name that is none of theirs
 */
export function shardsOf(
  databases: DatabaseConfig[],
  { SHARDS_BY_HASH, SHARDS_FOR_NEW, TENANT_DIRECTORY: keyValues, proxy }: Placing,
): Shards {
  const byName = new Map(databases.map((database) => [database.shard ?? '', database]));
  const names = [...byName.keys()];
  for (const [list, listed] of Object.entries({ SHARDS_BY_HASH, SHARDS_FOR_NEW })) {
    const unknown = listed?.find((name) => !byName.has(name));
    if (unknown) throw new Error(`${list} has ${unknown}, which SHARDS has not`);
  }
  return {
    databases: byName,
    byHash: SHARDS_BY_HASH ?? names.slice(0, 1),
    forNew: SHARDS_FOR_NEW ?? names,
    keyValues,
    ...(proxy ? { proxy } : {}),
  };
}
