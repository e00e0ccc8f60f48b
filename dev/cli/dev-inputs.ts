import { readConfig } from '../../src/config/config.ts';
import { DEFAULT_MAX_AGE } from '../../src/config/duration.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { type Login, parseDatabaseUrl } from '../local/database.ts';
import { jwtSecret } from '../local/jwt.ts';
import { portFault } from '../local/port.ts';

export const USAGE = `Runs the whole API on this machine, until Ctrl-C: a database, its migrations, a demo tenant, the Worker.

  npm run dev

It takes no options, and reads these variables:

  PORT              where the API listens (8787)
  JWT_SECRET        what tokens are signed with, at least 32 bytes (one for development, which is published)
  DATABASE_URL      a PostgreSQL 18 or Neon to use, as its owner (an embedded one)
  ONETRIP_DATA_DIR  where the embedded one keeps its data (.onetrip/)
  CORS_ORIGINS      origins whose pages may call, separated by commas (none)
  RATE_LIMIT        requests of a tenant in 10 or 60 s, such as 20/60 (no limit)
  JWT_MAX_AGE       how long a token may be good for, such as 12h (${DEFAULT_MAX_AGE})

\`npm run doctor\` says whether it can start.`;

/** What `npm run dev` reads from the environment. A variable that is empty counts as not set. */
export interface Inputs {
  port: number;
  secret: string;
  /** Absolute. */
  dataDir: string;
  /** Ways to log in to the PostgreSQL that is used instead of the embedded one. */
  given: Login[] | undefined;
  /** Passed on to the Worker, which has defaults for those that are empty. */
  limits: { CORS_ORIGINS: string; RATE_LIMIT: string; JWT_MAX_AGE: string };
  /** The longest time that a token may be valid (s). */
  maxAgeSeconds: number;
}

/** Reads and checks the environment before anything is started. @throws Error of one line that names the variable */
export async function readInputs(): Promise<Inputs> {
  const { PORT, ONETRIP_DATA_DIR, DATABASE_URL } = process.env;
  const { CORS_ORIGINS = '', RATE_LIMIT = '', JWT_MAX_AGE = '' } = process.env;
  const limits = { CORS_ORIGINS, RATE_LIMIT, JWT_MAX_AGE };
  const port = Number(PORT || 8787);
  if (!/^\d*$/.test(PORT ?? '') || port < 1 || port > 65_535) {
    throw new Error(`PORT is ${JSON.stringify(PORT)}: a number from 1 to 65535 is needed.`);
  }
  const secret = jwtSecret();
  const given = DATABASE_URL ? parseDatabaseUrl(DATABASE_URL) : undefined;
  // The Worker checks them too, but would only log the error at each request.
  const { tokens } = readConfig({ DATABASE_URL: 'postgres://localhost/onetrip', JWT_SECRET: secret, ...limits });
  // To a browser, localhost may be either address.
  for (const address of ['127.0.0.1', '::1']) await refuseIfTaken(port, address);
  return {
    port,
    secret,
    dataDir: dataDirectory(ONETRIP_DATA_DIR),
    given,
    limits,
    maxAgeSeconds: tokens.maxAgeSeconds,
  };
}

async function refuseIfTaken(port: number, address: string): Promise<void> {
  const code = await portFault(port, address);
  if (code === 'EADDRINUSE') {
    throw new Error(`PORT ${port} is in use on ${address}: stop what listens there, or set another PORT.`);
  }
  // A machine without IPv6 has no ::1.
  if (code && address === '127.0.0.1') throw new Error(`PORT ${port} cannot be used: ${code}.`);
}
