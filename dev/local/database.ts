import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';

/* Logging in to a PostgreSQL, the embedded one or the one that DATABASE_URL names. */

/** TLS, or none. `rejectUnauthorized`: whether the server's certificate is checked. */
type Tls = { rejectUnauthorized: boolean } | false;

/** What is needed to log in. If there is no password, pg and dbmate look where libpq does, such as in PGPASSWORD. */
export interface Login {
  host: string;
  port: number;
  user: string;
  password: string | undefined;
  database: string;
  tls: Tls;
}

/** How long logging in may take (ms): a compute of Neon's may have to wake up first. */
const CONNECT_TIMEOUT_MS = 8000;

const CHECKED = { rejectUnauthorized: true };
const UNCHECKED = { rejectUnauthorized: false };

/** What libpq tries for each sslmode, in this order. */
const TLS_BY_MODE: Record<string, Tls[]> = {
  disable: [false],
  allow: [UNCHECKED, false],
  prefer: [UNCHECKED, false],
  require: [UNCHECKED],
  'verify-ca': [CHECKED],
  'verify-full': [CHECKED],
};

/** Whether SQL over HTTP is spoken at this host's own address. */
export function isNeon(host: string): boolean {
  return host.endsWith('.neon.tech');
}

/**
 * Reads DATABASE_URL: the ways to log in, in the order in which they are to be tried.
 * @throws Error of one line, without the password
 */
export function parseDatabaseUrl(text: string): Login[] {
  const url = URL.parse(text);
  if (!url || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    throw new Error('DATABASE_URL must look like postgres://user:password@host:5432/database.');
  }
  if (!url.hostname) throw new Error('DATABASE_URL names no host.');
  const database = decode(url.pathname.slice(1));
  if (!database || database.includes('/')) throw new Error('DATABASE_URL names no database.');
  const mode = url.searchParams.get('sslmode') ?? 'prefer';
  const ways = isNeon(url.hostname) ? [CHECKED] : TLS_BY_MODE[mode];
  if (!ways) throw new Error(`DATABASE_URL: sslmode must be one of ${Object.keys(TLS_BY_MODE).join(', ')}.`);
  return ways.map((tls) => ({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 5432),
    user: decode(url.username) || userInfo().username,
    password: url.password ? decode(url.password) : undefined,
    database,
    tls,
  }));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new Error('DATABASE_URL is not percent-encoded UTF-8.', { cause });
  }
}

/** The login as a URL: what dbmate reads. */
export function databaseUrl({ host, port, user, password, database, tls }: Login): string {
  const name = host.includes(':') ? `[${host}]` : host;
  const credentials = [user, ...(password === undefined ? [] : [password])].map(encodeURIComponent).join(':');
  const sslmode = !tls ? 'disable' : tls.rejectUnauthorized ? 'verify-full' : 'require';
  return `postgres://${credentials}@${name}:${port}/${encodeURIComponent(database)}?sslmode=${sslmode}`;
}

/**
 * Logs in. The client emits `end` when the connection has ended, for whatever reason.
 * @throws Error of PostgreSQL or of the network
 */
export async function connect({ password, tls, ...login }: Login): Promise<Client> {
  const config: ClientConfig = {
    ...login,
    ssl: tls,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'onetrip-dev',
  };
  const client = new Client(password === undefined ? config : { ...config, password });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end().catch(() => {});
    throw error;
  }
}

/** Runs `work` on a connection of its own. */
export async function withClient<T>(login: Login, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(login);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Finds the way to log in that works. A database that does not exist yet is no error, because dbmate creates it.
 * @throws Error of one line, without the password; also if the server is older than PostgreSQL 18
 */
export async function reach(ways: Login[]): Promise<Login> {
  for (const [index, login] of ways.entries()) {
    try {
      const version = await withClient(login, async (client) => {
        const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as version");
        return rows[0]?.version as number;
      });
      if (version < 18) throw new Error(`it is PostgreSQL ${version}, and 18 or newer is needed`);
      return login;
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code === '3D000') return login;
      const refusesTls = message.includes('does not support SSL');
      if (refusesTls && index + 1 < ways.length) continue;
      const reason = (message || code || 'no response').replaceAll('\n', ' ');
      throw new Error(`DATABASE_URL: PostgreSQL at ${login.host}:${login.port} cannot be used: ${reason}.`);
    }
  }
  throw new Error('DATABASE_URL: no way to log in.');
}

/** Resolves when nothing listens at that port any more. A server that has only ended its sessions still does. */
export async function untilGone(login: Login): Promise<void> {
  while (true) {
    try {
      const client = await connect(login);
      await new Promise((resolve) => client.once('end', resolve));
    } catch (error) {
      if ((error as { code?: string }).code === 'ECONNREFUSED') return;
      await sleep(500);
    }
  }
}
