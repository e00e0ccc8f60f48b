import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TestApi } from '../../support/api.ts';
import { untilFinal } from '../../support/changes.ts';
import { makeNeighbours } from '../../support/examples.ts';
import { idsIn } from '../../support/replies.ts';
import { stripPredicates } from '../../support/sql.ts';
import { disableRowLevelSecurity, storedRows } from '../../support/stored.ts';
import { type Change, now, path, remove } from './reading.ts';

/** What keeps one tenant from the changes of another, each by itself. */
export function describeWalls(api: TestApi): void {
  describe('each wall between tenants alone', () => {
    /** What an attacker reads after a cursor, while a victim changes. */
    async function attack(): Promise<void> {
      const [attacker, victim] = await makeNeighbours(api);
      await untilFinal(api.database, attacker.tenant.id);
      const [own, cursor] = [await attacker.tenant.get(path), await now(api, attacker.tenant)];
      const change = async ({ tenant, task }: typeof victim) => {
        await remove(tenant, `tasks/${task}`);
        await tenant.post(`/api/v1/tasks/${task}/restore`, undefined);
        await untilFinal(api.database, tenant.id);
      };
      await change(victim);
      expect((await attacker.tenant.get(path)).headers.get('ETag')).toBe(own.headers.get('ETag'));
      expect((await attacker.tenant.get(`${path}?cursor=${cursor}`)).json.data).toEqual([]);
      await change(attacker);
      const { json, text } = await attacker.tenant.get(`${path}?cursor=${cursor}`);
      const ids = json.data.map(({ id }: Change) => id);
      expect(ids.sort()).toEqual([attacker.task, attacker.comment].sort());
      for (const id of idsIn(JSON.stringify(await storedRows(api.database.admin, victim.tenant.id)))) {
        expect(text).not.toContain(id);
      }
    }

    test('row-level security', async () => {
      onTestFinished(stripPredicates());
      await attack();
    });

    describe('the predicates', () => {
      beforeAll(() => disableRowLevelSecurity(api.database.admin));

      test('without row-level security', attack);

      test('with neither, the attack succeeds', async () => {
        onTestFinished(stripPredicates());
        await expect(attack()).rejects.toThrow();
      });
    });
  });
}
