import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Step } from '../../../dev/move/move.ts';
import { makeWorld } from '../../db/sessions.ts';
import type { TestApi } from '../../support/api.ts';
import { storedRows } from '../../support/stored.ts';
import { CANARY, placement, plant, rowsIn } from './planted.ts';
import { useShards } from './support-shards.ts';

/*
 * Moves that end at a certain point, and what the next run finds there. See killed.test.ts for those that are really killed.
 *
 * @module-tag release
 */

// Each move is some hundred statements, and the machine may have other work.
vi.setConfig({ testTimeout: 60_000 });

const { a, b, move } = useShards();

describe('a run that ends in the middle', () => {
  /** Ends the run, as if it were killed, before a step or, where it says so, once that has shown progress. */
  const dying =
    (at: RegExp, isAmid = false): Step =>
    async (doing, work, done) => {
      const die = () => {
        throw new Error(`killed at: ${doing}`);
      };
      if (at.test(doing) && !isAmid) die();
      const result = await work((count) => at.test(doing) && count > 20 && die());
      done(result);
      return result;
    };
  const rowsOf = async (api: TestApi, tenantId: string) =>
    Object.values(await storedRows(api.database.admin, tenantId)).flat().length;
  let tenant: string;
  let stored: Awaited<ReturnType<typeof rowsIn>>;

  beforeAll(async () => {
    for (const { database } of [a, b]) await database.admin.query(CANARY);
    tenant = (await makeWorld(a.database.admin)).tenant;
    await a.database.admin.query(plant(tenant));
    stored = await rowsIn(a.database.admin, tenant);
  });

  test('is gone on with, and what was copied until then is kept, if it is right', async () => {
    await expect(move(tenant, 'b', { step: dying(/^Copying/, true) })).rejects.toThrow('killed at: Copying to b');
    expect([await placement(a, tenant), await placement(b, tenant)]).toEqual(['moving', 'arriving']);
    await expect(move(tenant, 'a')).rejects.toThrow('It is being moved to b: end that first, by --to b or by --undo.');
    const copied = await rowsOf(b, tenant);
    expect(copied).toBeGreaterThan(20);
    const again = await move(tenant, 'b', { step: dying(/^Leaving/) }).catch((error) => error.message);
    expect(again).toBe('killed at: Leaving a');

    // A copy of other rows, as an older one would be.
    await b.database.admin.query(`set app.copying = 'on'`);
    await b.database.admin.query(`update members set name = 'Older' where tenant_id = $1`, [tenant]);
    await b.database.admin.query(`insert into tags (tenant_id, name) values ($1, 'older')`, [tenant]);
    await b.database.admin.query('reset app.copying');
    await move(tenant, 'b');
    expect(await rowsIn(b.database.admin, tenant)).toEqual(stored);
    expect(await rowsOf(a, tenant)).toBe(1);
    await move(tenant, 'a');
  });

  test('is taken back, also when the tenant has left and not arrived', async () => {
    const deaths: [Step, string[]][] = [
      [dying(/^Counting/), ['moving', 'moved']],
      [dying(/^Copying/, true), ['moving', 'arriving']],
      [dying(/^Arriving/), ['moved', 'arriving']],
    ];
    for (const [step, left] of deaths) {
      await expect(move(tenant, 'b', { step })).rejects.toThrow('killed at');
      expect([await placement(a, tenant), await placement(b, tenant)]).toEqual(left);
      const undone = move(tenant, undefined, { step: dying(/^Coming back/) });
      await expect(undone).rejects.toThrow('killed at: Coming back to a');
      expect(await placement(b, tenant)).not.toBe('arriving');
      expect((await move(tenant, undefined)).at(-1)).toBe('a is its home again, and takes writes');
      // Where the tenant has been before, its address stays until there is a copy.
      expect([undefined, 'moved']).toContain(await placement(b, tenant));
      expect(await rowsOf(b, tenant)).toBeLessThan(2);
      expect(await rowsIn(a.database.admin, tenant)).toEqual(stored);
    }
  });

  test('after the tenant has arrived is brought to its end', async () => {
    await expect(move(tenant, 'b', { step: dying(/^Writing/) })).rejects.toThrow('killed at');
    await expect(move(tenant, undefined)).rejects.toThrow('It is at home in b, and not being moved: --to moves it.');
    expect(await rowsOf(a, tenant)).toBe(Object.values(stored).flat().length);
    await move(tenant, 'b');
    expect(await rowsOf(a, tenant)).toBe(1);
    expect(await rowsIn(b.database.admin, tenant)).toEqual(stored);
  });

  test('lets go of the tenant; while it lasts, no other run moves it', async () => {
    let other = '';
    const step: Step = async (doing, work, done) => {
      const result = await work(() => {});
      if (/^Counting/.test(doing)) {
        other = await move(tenant, undefined, { lockTimeout: 100 }).catch((error) => error.message);
      }
      done(result);
      return result;
    };
    await move(tenant, 'a', { step });
    expect(other).toBe('Another run is moving this tenant: it holds the lock in a.');
  });
});
