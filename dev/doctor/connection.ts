import { Client } from 'pg';
import { sqlState } from '../../src/db/client/errors.ts';
import { causeOf } from '../../src/log.ts';
import { connect, parseDatabaseUrl } from '../local/database.ts';
import { type Finding, note, type Target, wrong } from './finding.ts';

/* Whether a database can be reached, and if not, why. */

/** How long logging in may take (ms): a compute of Neon's may have to wake up first. */
const CONNECT_TIMEOUT_MS = 8000;

/** Who logs in where, without the password. */
interface Place {
  variable: string;
  host: string;
  /** Host and port. */
  address: string;
  user: string;
  database: string;
}

/**
 * Logs in to the database that a variable names, as the target does: `npm run dev` tries what libpq would, the others take
 * sslmode as the driver `pg` does.
 * @returns a connection, which the caller ends; or why there is none
 */
export async function logIn(variable: string, url: string, target: Target): Promise<Client | Finding> {
  let ways: ReturnType<typeof parseDatabaseUrl>;
  try {
    ways = parseDatabaseUrl(url);
  } catch (error) {
    return wrong((error as Error).message.replace('DATABASE_URL', variable), `correct ${variable}`);
  }
  const [{ host, port, user, database } = { host: '', port: 0, user: '', database: '' }] = ways;
  const place = { variable, host, address: `${host}:${port}`, user, database };
  for (const [index, way] of ways.entries()) {
    try {
      return await (target === 'dev' ? connect(way) : connectAsDriver(url));
    } catch (error) {
      const isLast = target !== 'dev' || index + 1 === ways.length;
      if (isLast || !refusesTls(error)) return explain(error, place, target);
    }
  }
  return wrong(`${variable} cannot be used`, `correct ${variable}`);
}

async function connectAsDriver(connectionString: string): Promise<Client> {
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'onetrip-doctor',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end().catch(() => {});
    throw error;
  }
}

const refusesTls = (error: unknown) => (error as Error).message.includes('does not support SSL');

/** What an error of PostgreSQL or of the network means, and what to do. Its message is not shown. */
function explain(error: unknown, place: Place, target: Target): Finding {
  const { variable, host, address, user, database } = place;
  const { message, code } = error as Error & { code?: string };
  const fault = (text: string, advice: string) => wrong(`${variable}: ${text}`, advice);
  const state = sqlState(error);
  if (state === '3D000') {
    return target === 'dev'
      ? note(`${variable}: there is no database ${database} at ${address} yet: npm run dev makes it`)
      : fault(`there is no database ${database} at ${address}`, `npx dbmate --no-dump-schema up makes it, ${AS_OWNER}`);
  }
  if (state === '28P01') return fault(`${address} refuses the password of ${user}`, `correct it in ${variable}`);
  if (state === '28000' && message.includes('no encryption')) {
    return fault(`${address} takes no connection without TLS`, `add sslmode=verify-full to ${variable}`);
  }
  if (state === '28000') {
    return fault(`${address} does not let ${user} in`, `make the role, with LOGIN; pg_hba.conf has to name it`);
  }
  if (state === '42501') {
    return fault(`${user} may not connect to ${database}`, `grant connect on database ${database} to ${user}`);
  }
  if (state === '53300') return fault(`${address} has no free connection`, 'end some, or raise max_connections');
  if (state === '57P03') return fault(`${address} is starting or stopping`, 'try again in a moment');
  if (state)
    return fault(`${address} refuses the connection with SQLSTATE ${state}`, 'look into the log of PostgreSQL');
  if (refusesTls(error)) {
    return fault(
      `${address} speaks no TLS`,
      `switch it on there; or, where nobody can listen on the way, sslmode=disable in ${variable}`,
    );
  }
  if (message.includes('client password must be')) {
    return fault(`it has no password, and ${address} asks for one`, `add it: postgres://${user}:<password>@…`);
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return fault(`the certificate of ${address} is for another name`, 'use the name that it is made for');
  }
  if (code && /CERT|SIGNATURE|SIGNED/.test(code)) {
    return fault(
      `the certificate of ${address} cannot be checked (${code})`,
      'name the file of its authority in NODE_EXTRA_CA_CERTS',
    );
  }
  if (code === 'ENOTFOUND') return fault(`there is no host ${host}`, 'check its spelling');
  if (code === 'EAI_AGAIN')
    return fault(`${host} cannot be looked up at the moment`, 'check the network of this machine');
  if (code === 'ECONNREFUSED') {
    return fault(`nothing listens at ${address}`, 'start PostgreSQL, or correct host and port');
  }
  if (/timeout/.test(message) || ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code ?? '')) {
    return fault(
      `${address} does not answer`,
      'see whether a firewall, or its list of allowed addresses, is in the way',
    );
  }
  return fault(`${address} cannot be used: ${causeOf(error)}`, 'see whether it is a PostgreSQL');
}

/** Under which variable the owner's URL is given to dbmate. */
export const AS_OWNER = "with the owner's URL in DATABASE_URL";
