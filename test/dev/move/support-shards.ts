import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { type Move, moveTenant, type Step } from '../../../dev/move/move.ts';
import type { Shard } from '../../../dev/move/session.ts';
import { undoMove } from '../../../dev/move/undo.ts';
import { signToken, type TestApi, useApi } from '../../support/api.ts';

/* Two databases among which tenants are spread, `a` and `b`, each with the API, and an owner as Neon has them. */

/** No superuser, but not held back by row-level security. */
export const OWNER = `owner_${randomUUID().slice(0, 8)}`;

export interface Shards {
  a: TestApi;
  b: TestApi;
  /** Moves a tenant, or with no `to` undoes that, on connections of its own. */
  move(tenantId: string, to: string | undefined, options?: Partial<Move>): Promise<string[]>;
}

/** Has the role own everything in a database that the superuser owns. */
export const GIVE_AWAY = `
  do $$
  declare
    owned record;
  begin
    if not exists (select from pg_roles where rolname = '${OWNER}') then
      create role ${OWNER} login bypassrls createrole password 'owner';
    end if;
    for owned in
      select format('alter table %s owner to ${OWNER}', oid::regclass) as sql from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
      union all
      select format('alter routine %s owner to ${OWNER}', oid::regprocedure) from pg_proc
      where pronamespace = 'public'::regnamespace and proowner = current_user::regrole
    loop
      execute owned.sql;
    end loop;
    grant onetrip_auditor, onetrip_refresher, onetrip_outbox to ${OWNER};
    grant create on schema public to ${OWNER};
  end
  $$`;

export function useShards(): Shards {
  // Registered first, so that it comes last: the databases are gone then.
  afterAll(dropOwner);
  const prepare = async (client: pg.Client) => {
    await client.query(GIVE_AWAY);
  };
  const a = useApi({ prepare });
  const b = useApi({ prepare });
  return {
    a,
    b,
    async move(tenantId, to, options = {}) {
      const said: string[] = [];
      const step: Step = async (_doing, work, done) => {
        const result = await work(() => {});
        said.push(done(result));
        return result;
      };
      const shards = await openShards({ a, b });
      try {
        const move = { shards, tenantId, step, ...options };
        await (to === undefined ? undoMove(move) : moveTenant(move, to));
        return said;
      } finally {
        await Promise.all(shards.map(({ client }) => client.end()));
      }
    },
  };
}

/** Drops the role, once the databases are gone in which it owns something. */
export async function dropOwner(): Promise<void> {
  const superuser = new pg.Client({ connectionString: inject('adminUrl') });
  await superuser.connect();
  await superuser.query(`drop role if exists ${OWNER}`).finally(() => superuser.end());
}

/** The owner's URL of a database. */
export function ownerUrl({ host, port, database }: pg.Client): string {
  return `postgres://${OWNER}:owner@${host}:${port}/${database}?sslmode=disable`;
}

async function openShards(apis: Pick<Shards, 'a' | 'b'>): Promise<Shard[]> {
  return Promise.all(
    (['a', 'b'] as const).map(async (name) => {
      const client = new pg.Client({ connectionString: ownerUrl(apis[name].database.admin) });
      await client.connect();
      return { name, client };
    }),
  );
}

/** Calls the API of a database as an administrator of the tenant. */
export function callerOf(tenantId: string) {
  const token = signToken({ tenant_id: tenantId, role: 'admin', sub: 'ada' });
  return async (api: TestApi, path: string, method = 'GET', body?: unknown, headers: Record<string, string> = {}) =>
    api.call(`/api/v1/${path}`, { method, body, headers, token: await token });
}
