import type { OpenDriver, Statement } from '../../src/db/client/drivers/driver.ts';
import { pgDriver } from '../../src/db/client/drivers/pg.ts';

/** The batches that the API has sent. */
export const recorded: Statement[][] = [];

/** What `#database-driver` stands for in ./limits.ts: sends as usual, and keeps what was sent. */
export const openDriver: OpenDriver = (config) => {
  const driver = pgDriver(config);
  return {
    batch: (statements, options) => {
      recorded.push(statements);
      return driver.batch(statements, options);
    },
  };
};
