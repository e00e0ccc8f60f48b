import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { NeonEndpoint } from '../../dev/neon-endpoint/index.ts';
import type { Bindings } from '../../src/config/bindings.ts';
import { forgetAllHomes, noteHome } from '../../src/db/shards/known-homes.ts';
import { app } from '../../src/functions/index.ts';
import { JWT_SECRET, type Reply, signToken, WEBHOOK_KEYS } from '../support/api.ts';
import { startEndpoint } from '../support/database.ts';
import { expectDocumented } from '../support/openapi.ts';
import { bindingsOf, closed, type TestShards, useShards } from '../support/shards.ts';

/* The API over three databases, `a`, `b` and `c`, in this process. By default ids give `a`, which has the directory. */

interface ShardedCall {
  method?: string;
  body?: unknown;
  tenant?: string;
  /** In place of one that is signed. */
  token?: string;
  headers?: Record<string, string>;
  env?: Bindings;
}

export interface ShardedApi {
  bindings: Bindings;
  shards: TestShards;
  /** With a token of the platform, or of a tenant. */
  call(path: string, call?: ShardedCall): Promise<Reply>;
  /** Makes a tenant. */
  create(shard?: string, name?: string): Promise<string>;
  /** As moving a tenant leaves it: a copy, and an address where it was. No row of it but the tenant's moves. */
  move(tenant: string, from: string, to: string): Promise<void>;
  /** Has a database not be there for as long as the work takes. */
  without<T>(shard: string, work: () => Promise<T>): Promise<T>;
}

export function useShardedApi(more: Partial<Bindings> = {}): ShardedApi {
  const shards = useShards(['a', 'b', 'c']);
  const api = { shards } as ShardedApi;
  let endpoint: NeonEndpoint;

  beforeAll(async () => {
    endpoint = await startEndpoint();
    api.bindings = {
      ...bindingsOf(shards),
      NEON_ENDPOINT: endpoint.url,
      WEBHOOK_KEYS,
      JWT_SECRET,
      LOG_LEVEL: 'warn',
      ...more,
    };
  });
  beforeEach(forgetAllHomes);
  afterAll(async () => {
    forgetAllHomes();
    await endpoint?.stop();
  });

  api.call = async (path, { method = 'GET', body, tenant, token, headers = {}, env = api.bindings } = {}) => {
    const claims = tenant ? { tenant_id: tenant, role: 'admin', sub: 'tester' } : { role: 'platform' };
    const response = await app.request(
      path,
      {
        method,
        headers: {
          Authorization: `Bearer ${token ?? (await signToken(claims))}`,
          'Content-Type': 'application/json',
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      env,
    );
    const text = await response.text();
    const reply = {
      status: response.status,
      headers: response.headers,
      text,
      json: text ? JSON.parse(text) : undefined,
    };
    expectDocumented(method, path, reply);
    return reply;
  };

  api.create = async (shard, name = 'Acme') => {
    const { json } = await api.call('/api/v1/tenants', {
      method: 'POST',
      body: { name, ...(shard ? { shard } : {}) },
    });
    return json.id;
  };

  api.move = async (tenant, from, to) => {
    const source = shards.get(from)?.admin;
    const target = shards.get(to)?.admin;
    const { rows } = (await source?.query('select name from tenants where id = $1', [tenant])) ?? { rows: [] };
    await source?.query(`update tenants set placement = 'moved', moved_to = $2 where id = $1`, [tenant, to]);
    await target?.query(
      `insert into tenants (id, name) values ($1, $2)
       on conflict (id) do update set placement = 'home', moved_to = null`,
      [tenant, rows[0]?.name],
    );
  };

  api.without = (shard, work) => closed(shards, shard, work);
  return api;
}

/** How many round trips an answer says that it took. */
export function tripsOf({ headers }: Reply): number {
  return Number(/desc="(\d+)/.exec(headers.get('Server-Timing') ?? '')?.[1] ?? 0);
}

export { noteHome };
