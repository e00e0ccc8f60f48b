import { type Move, removeBelow } from './move.ts';
import { forgetCopy, type Placed, place, placements } from './placement.ts';
import { expectOwners } from './ready.ts';
import { lockTenant } from './session.ts';

/**
 * Takes back a move that has not come to its end: the tenant's copy is removed, and it is at home again where it was. It can
 * be taken back until it has arrived, and the taking back be gone on with.
 * @throws Error of one line where there is nothing to take back
 */
export async function undoMove({ shards, tenantId, step, lockTimeout }: Move): Promise<void> {
  await expectOwners(shards);
  for (const { shard } of await placements(shards, tenantId)) await lockTenant(shard, tenantId, lockTimeout);
  const placed = await placements(shards, tenantId);
  const copy = placed.find(({ placement }) => placement === 'arriving')?.shard;
  const home = placed.find(({ placement }) => placement === 'home')?.shard;
  const left = (is: (placed: Placed) => boolean) => placed.find(is)?.shard;
  const source = home
    ? undefined
    : (left(({ placement }) => placement === 'moving') ??
      left(({ placement, moved_to }) => placement === 'moved' && moved_to === copy?.name));
  if (!source && !home) throw new Error(`No database is the home of a tenant ${tenantId}.`);
  if (home && !copy) throw new Error(`It is at home in ${home.name}, and not being moved: --to moves it.`);
  // First of all it is read again where it was: one that has left its database does not arrive any more.
  if (source) await place(source, tenantId, ['moving', 'moved'], 'moving');
  if (copy) {
    await step(
      `Removing the copy from ${copy.name}`,
      async (progress) => {
        const count = await removeBelow(copy, tenantId, progress);
        await forgetCopy(copy, tenantId);
        return count;
      },
      (count) => `${count} rows removed from ${copy.name}`,
    );
  }
  if (source) {
    await step(
      `Coming back to ${source.name}`,
      () => place(source, tenantId, ['moving'], 'home'),
      () => `${source.name} is its home again, and takes writes`,
    );
  }
}
