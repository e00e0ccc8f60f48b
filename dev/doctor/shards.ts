import type { Bindings } from '../../src/config/bindings.ts';
import { bindingsSchema, parseBindings } from '../../src/config/bindings.ts';
import { parseShards, shardsOf } from '../../src/config/shards.ts';
import { type Finding, good, note, type Variables, wrong } from './finding.ts';

/* Several databases: which they are, and whether all that names them names the same. */

/**
 * The databases that variables give, with what each is called here: the one, or those of the list.
 * @param single name of the variable of one database
 * @param several of that of several, `SHARDS` or its like; one that cannot be read is found to be wrong elsewhere
 */
export function databasesIn(
  variables: Variables,
  single: keyof Bindings,
  several: keyof Bindings,
): [name: string, url: string][] {
  const urls = parseShards(variables[several] ?? '');
  if (urls) return [...urls].map(([name, url]) => [`${several} ${name}`, url]);
  const url = variables[single];
  return url ? [[single, url]] : [];
}

/** What a proxy before several databases needs. Says nothing where there is none. */
export function* checkProxy({ SHARDING_KEY, DATABASE_URL, SHARDS }: Variables): Generator<Finding> {
  if (!SHARDING_KEY) return;
  if (!DATABASE_URL) yield wrong('DATABASE_URL is not set', 'with SHARDING_KEY, set it to where PgDog is');
  if (!SHARDS) {
    yield note(
      'SHARDING_KEY is set without SHARDS: GET /tenants and /ready will be 503',
      'set SHARDS to the databases that PgDog has, in its order',
    );
  }
}

/** Whether the lists of databases go together. Says nothing where there is one database. */
export function* checkShards(variables: Variables): Generator<Finding> {
  const shards = parseShards(variables.SHARDS ?? '');
  if (!shards) return;
  const names = [...shards.keys()];
  for (const [list, single] of [
    ['JANITOR_SHARDS', 'JANITOR_DATABASE_URL'],
    ['COURIER_SHARDS', 'COURIER_DATABASE_URL'],
  ] as const) {
    const listed = parseShards(variables[list] ?? '');
    if (!listed && variables[single])
      yield wrong(
        `${single} is one database, where SHARDS has ${names.length}: in the others nothing is done`,
        `set ${list} in its place, with the same databases as SHARDS`,
      );
    if (!listed) continue;
    const missing = names.filter((name) => !listed.has(name));
    if (missing.length > 0)
      yield wrong(`${list} lacks ${missing.join(', ')}`, 'name the same databases as SHARDS does');
    const first = [...listed.keys()][0];
    if (first !== names[0]) yield wrong(`${list} begins with ${first}`, `begin it with ${names[0]}, as SHARDS does`);
  }
  try {
    const schema = bindingsSchema.pick({ SHARDS_BY_HASH: true, SHARDS_FOR_NEW: true });
    const { byHash } = shardsOf(
      [...shards].map(([shard, url]) => ({ shard, url })),
      parseBindings(schema, variables),
    );
    yield good(`SHARDS: ${names.join(', ')}; of tenants in no directory, ids give ${[...new Set(byHash)].join(', ')}`);
  } catch (error) {
    yield wrong((error as Error).message, 'name databases of SHARDS alone');
  }
}
