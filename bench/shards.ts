/**
 * What becomes of 100 000 tenants in 100 databases, by the code that places and routes them; no database is asked:
 *
 *   PATH="$PWD/node_modules/.bin:$PATH" node bench/shards.ts [databases] [tenants]
 *
 * Tenants are asked for as Zipf has it: the n-th as often as 1/n of the first. A request takes PostgreSQL 1.5 ms of a core, as
 * reading a project of 20 tasks does (bench/results/full.md, A).
 */
import { v4 as uuidv4 } from 'uuid';
import { DatabaseError } from '../src/db/client/errors.ts';
import { lightest } from '../src/db/queries/tenants/least-full.ts';
import { atHome } from '../src/db/shards/at-home.ts';
import { homeByHash } from '../src/db/shards/home-by-hash.ts';
import { forgetAllHomes } from '../src/db/shards/known-homes.ts';
import type { Shards } from '../src/db/shards/shards.ts';

const DATABASES = Number(process.argv[2] ?? 100);
const TENANTS = Number(process.argv[3] ?? 100_000);
const ISOLATES = 50;
const REQUESTS = 10_000;
const CPU_MS = 1.5;
const CORES = 2;

const names = Array.from({ length: DATABASES }, (_, n) => `s${n}`);
const tenants = Array.from({ length: TENANTS }, () => uuidv4());
const weights = tenants.map((_, n) => 1 / (n + 1));
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const all = sum(weights);

/** Which tenant is asked for next. */
const cumulative: number[] = [];
for (const weight of weights) cumulative.push((cumulative.at(-1) ?? 0) + weight);
function nextTenant(): string {
  const at = Math.random() * all;
  let [low, high] = [0, TENANTS - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return tenants[low] ?? '';
}

function show(title: string, homes: string[]): void {
  const counts = new Map(names.map((name) => [name, 0]));
  const loads = new Map(names.map((name) => [name, 0]));
  for (const [n, home] of homes.entries()) {
    counts.set(home, (counts.get(home) ?? 0) + 1);
    loads.set(home, (loads.get(home) ?? 0) + (weights[n] ?? 0) / all);
  }
  const load = [...loads.values()].sort((a, b) => b - a).map((share) => `${(share * 100).toFixed(2)} %`);
  console.log(
    `${title}: ${Math.min(...counts.values())} to ${Math.max(...counts.values())} tenants each; of the requests the busiest has ${load[0]}, the second ${load[1]}, the median ${load[load.length >> 1]}`,
  );
}

const hashed = tenants.map((tenant) => homeByHash(tenant, names));
show('by hash', hashed);
const filled = new Map(names.map((name) => [name, 0]));
show(
  'where there are fewest',
  tenants.map(() => {
    const home = lightest(names, filled) ?? '';
    filled.set(home, (filled.get(home) ?? 0) + 1);
    return home;
  }),
);

const larger = [...names, 'new'];
console.log(
  `a new database: moves ${tenants.filter((tenant, n) => homeByHash(tenant, names) !== hashed[n]).length} tenants; ${tenants.filter((tenant, n) => homeByHash(tenant, larger) !== hashed[n]).length} would move if it stood in SHARDS_BY_HASH`,
);
filled.set('new', 0);
let created = 0;
while ((filled.get('new') ?? 0) < Math.min(...names.map((name) => filled.get(name) ?? 0))) {
  const home = lightest(larger, filled) ?? '';
  filled.set(home, (filled.get(home) ?? 0) + 1);
  created++;
}
console.log(`  it takes all new ones until it has as many as the others: the next ${created}`);

/** Round trips of requests in isolates that know nothing at first. */
async function trips(
  title: string,
  homes: Map<string, string>,
  byHash: string[],
  { moved = 0, hasCache = false }: { moved?: number; hasCache?: boolean } = {},
) {
  const databases = new Map(names.map((name) => [name, { url: '' }]));
  const first = names[0] ?? '';
  let asked = 0;
  let looked = 0;
  let more = 0;
  const keyValues = {
    get: async (tenantId: string) => {
      looked++;
      return homes.get(tenantId) ?? null;
    },
    put: async () => {},
    delete: async () => {},
  };
  const shards: Shards = {
    databases,
    byHash,
    forNew: names,
    ...(hasCache ? { keyValues } : {}),
  };
  for (let isolate = 0; isolate < ISOLATES; isolate++) {
    forgetAllHomes();
    const addresses = new Map<string, string>();
    for (let n = 0; n < REQUESTS; n++) {
      // In the middle of it some tenants move, and their old homes say where to.
      if (moved > 0 && n === REQUESTS / 2) {
        for (const tenant of tenants.slice(0, moved)) {
          const old = homes.get(tenant) ?? '';
          addresses.set(tenant, names[(names.indexOf(old) + 1) % names.length] ?? '');
        }
      }
      const tenantId = nextTenant();
      const before = asked;
      const ask = async (shard: string) => {
        asked++;
        const home = addresses.get(tenantId) ?? homes.get(tenantId);
        if (shard === home) return;
        // The first database has the directory; one that a tenant has left says where to.
        const known = shard === first || shard === homes.get(tenantId) ? (home ?? null) : null;
        throw new DatabaseError({ kind: 'rejected', code: 'forbidden', detail: '', elsewhere: { shard: known } });
      };
      const lookUp = async () => {
        asked++;
        return homes.get(tenantId);
      };
      await atHome({ shards, tenantId, isRead: true, ask, probe: ask, lookUp, keepAlive: () => {} });
      if (asked - before > 1) more++;
    }
  }
  const requests = ISOLATES * REQUESTS;
  console.log(
    `${title}: ${(asked / requests).toFixed(4)} round trips a request; ${((more / requests) * 100).toFixed(2)} % take more than one; Cloudflare KV is asked for ${((looked / requests) * 100).toFixed(2)} %`,
  );
}

const byHash = new Map(tenants.map((tenant, n) => [tenant, hashed[n] ?? '']));
await trips('ids give the home', byHash, names);
await trips('… and the 1 000 busiest tenants move meanwhile', byHash, names, { moved: 1000 });
await trips('ids give the first, a table says the rest', byHash, names.slice(0, 1));
await trips('ids give the first, Cloudflare KV says the rest', byHash, names.slice(0, 1), { hasCache: true });

const perDatabase = (CORES * 1000) / CPU_MS;
const [hot = 0] = weights;
const even = (1 - hot / all) / DATABASES;
console.log(
  `one database does ${perDatabase.toFixed(0)} requests/s; ${DATABASES} of them, evenly, ${(perDatabase * DATABASES).toFixed(0)}; with the busiest tenant at ${((hot / all) * 100).toFixed(1)} % of all, its database is full at ${(perDatabase / (hot / all + even)).toFixed(0)}, and with a database to itself at ${(perDatabase / (hot / all)).toFixed(0)}`,
);
