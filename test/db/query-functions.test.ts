import { expect, test } from 'vitest';
import { queryFunctions } from '../../dev/build/query-functions.ts';
import { useDatabase } from '../support/database.ts';
import { rolledBack, value } from './sessions.ts';

/* The functions that queries are kept as are what Kysely compiles now, as the migrations have made them. */

const database = useDatabase();

test.each(queryFunctions.map((one) => [one.name, one] as const))(
  '%s is what its query says',
  async (_, { fullName, create }) => {
    const { admin } = database;
    const definition = (name: string) =>
      value<string>(admin, `select replace(pg_get_functiondef($1::text::regproc), $1::text, 'name')`, [name]);
    const migrated = await definition(fullName);
    await rolledBack(admin, async () => {
      await admin.query(create.replaceAll(fullName, 'made_again'));
      expect(migrated).toBe(await definition('made_again'));
      await admin.query(create.replaceAll(fullName, 'changed').replace(/("?deleted_at"?) is null/, '$1 is not null'));
      expect(migrated).not.toBe(await definition('changed'));
    });
  },
);
