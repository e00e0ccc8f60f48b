import { fastapi } from './fastapi.ts';
import { drizzle, kyselyRows } from './peers.ts';
import { postgrest } from './postgrest.ts';

/** The peers, in the order of the table. */
export const PEERS = [postgrest, drizzle, kyselyRows, fastapi];
