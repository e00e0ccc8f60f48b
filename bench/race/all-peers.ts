import { fastapi } from './fastapi.ts';
import { drizzle, kyselyRows, prisma, typeorm } from './peers.ts';
import { postgraphile } from './postgraphile.ts';
import { postgrest } from './postgrest.ts';

/** The peers, in the order of the table. */
export const PEERS = [postgrest, drizzle, kyselyRows, prisma, typeorm, postgraphile, fastapi];
