import { expect, test } from 'vitest';
import { makeWorld } from '../../db/sessions.ts';
import { moveWhole, useShards } from '../../support/shards.ts';

/* A tenant that has been in a third database, whose address there was not brought up to date: that move was never ended. */

const shards = useShards(['a', 'b', 'c']);
const admin = (shard: string) => shards.get(shard)?.admin as NonNullable<ReturnType<typeof shards.get>>['admin'];

/** What each database says of a tenant, and how many of its tasks it has. */
async function stateOf(tenant: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const shard of shards.keys()) {
    const { rows } = await admin(shard).query(
      `select concat_ws(' ', placement, moved_to, (select count(*) from tasks where tenant_id = tenants.id)) as state
       from tenants where id = $1`,
      [tenant],
    );
    if (rows[0]) found[shard] = rows[0].state;
  }
  return found;
}

/** Ends a run before a step, as if it were killed. */
const dying = (at: RegExp) => (doing: string) => {
  if (at.test(doing)) throw new Error(`killed at: ${doing}`);
};

test.each(['Copying', 'Arriving'])('a move that ends before %s is taken back to where it began', async (step) => {
  const { tenant } = await makeWorld(admin('a'));
  await moveWhole(shards, tenant, 'c');
  await expect(moveWhole(shards, tenant, 'b', dying(/^Writing/))).rejects.toThrow('killed at');
  expect(await stateOf(tenant)).toEqual({ a: 'moved c 0', b: 'home 2', c: 'moved b 2' });
  // On to where `a` still says that it is.
  await expect(moveWhole(shards, tenant, 'c', dying(new RegExp(`^${step}`)))).rejects.toThrow('killed at');
  await moveWhole(shards, tenant, undefined);
  expect(await stateOf(tenant)).toEqual({ a: 'moved b 0', b: 'home 2' });
});
