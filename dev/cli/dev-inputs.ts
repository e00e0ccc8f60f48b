import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config/config.ts';
import { type Login, parseDatabaseUrl } from '../local/database.ts';
import { jwtSecret } from '../local/jwt.ts';

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
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return {
    port,
    secret,
    dataDir: ONETRIP_DATA_DIR ? resolve(ONETRIP_DATA_DIR) : `${root}.onetrip`,
    given,
    limits,
    maxAgeSeconds: tokens.maxAgeSeconds,
  };
}

async function refuseIfTaken(port: number, address: string): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE') {
      throw new Error(`PORT ${port} is in use on ${address}: stop what listens there, or set another PORT.`);
    }
    // A machine without IPv6 has no ::1.
    if (address === '127.0.0.1') throw new Error(`PORT ${port} cannot be used: ${code}.`);
  }
}
