import type { OpenDriver } from '../../src/db/client/drivers/driver.ts';
import { pgDriver } from '../../src/db/client/drivers/pg.ts';

/** What `#database-driver` stands for in the race: the driver of the API for PostgreSQL, with as many connections as the peers. */
export const openDriver: OpenDriver = (config) => pgDriver(config, 8);
