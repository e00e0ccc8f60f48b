import { mkdir } from 'node:fs/promises';
import { freshApiKey } from '../local/api-key.ts';
import { databaseUrl, isNeon, type Login, parseDatabaseUrl, reach, untilGone } from '../local/database.ts';
import { signToken } from '../local/jwt.ts';
import { makeLoginRole } from '../local/login-role.ts';
import { migrate } from '../local/migrate.ts';
import { startPostgres } from '../local/postgres.ts';
import { seed, type Tenant } from '../local/seed.ts';
import { print, step } from '../local/terminal.ts';
import { webhookKeys } from '../local/webhook-key.ts';
import { startWrangler } from '../local/wrangler.ts';
import { startNeonEndpoint } from '../neon-endpoint/index.ts';
import { readInputs, USAGE } from './dev-inputs.ts';
import { optionsOrExit, readOptions } from './options.ts';

/*
 * `npm run dev`: the whole API on this machine. PostgreSQL (embedded, or the one that DATABASE_URL names), migrations,
 * a demo tenant, the local Neon endpoint and the Worker in `wrangler dev`; and the end of them all on Ctrl-C.
 */

const WEEK = 7 * 24 * 3600;

/** A function for each part that has been started, in that order, which stops it. */
const stops: (() => Promise<void>)[] = [];

/** A promise for each part that is not to end by itself: it resolves with a line that says that the part has. */
const unexpectedEnds: Promise<string>[] = [];

/** Starts everything and prints how to use it. @throws Error with a message for the developer */
async function start(signal: AbortSignal): Promise<void> {
  const { port, secret, dataDir, given, limits, maxAgeSeconds } = await readInputs();
  const owner = given ? await reachGiven(given, signal) : await startEmbedded(dataDir);
  signal.throwIfAborted();
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await step(
    'Migrating the database',
    () => migrate(databaseUrl(owner), 'up'),
    (output) => `Database ${owner.database}, ${applied(output)}`,
  );
  signal.throwIfAborted();
  const [worker, janitor, courier] = await step(
    'Making roles',
    async () => {
      const where = { owner, dataDir, shared: given !== undefined };
      const make = (kind: Parameters<typeof makeLoginRole>[0]) => makeLoginRole(kind, where);
      return [await make('worker'), await make('janitor'), await make('courier')] as const;
    },
    (roles) => `Roles ${roles.map(({ user }) => user).join(', ')}`,
  );
  signal.throwIfAborted();
  const { tenant } = await step(
    'Looking for tenants',
    () => seed(worker),
    ({ tenant, made }) =>
      made ? 'Demo tenant with a project, tasks and tags' : tenant ? `Tenant ${tenant.name}` : 'No active tenant',
  );
  signal.throwIfAborted();
  const endpoint = isNeon(owner.host) ? undefined : await startEndpoint(owner);
  signal.throwIfAborted();
  const bindings = {
    DATABASE_URL: bindingUrl(worker, endpoint),
    JANITOR_DATABASE_URL: bindingUrl(janitor, endpoint),
    COURIER_DATABASE_URL: bindingUrl(courier, endpoint),
    WEBHOOK_KEYS: await webhookKeys(dataDir),
    ...(endpoint ? { NEON_ENDPOINT: endpoint } : {}),
    JWT_SECRET: secret,
    // The secret may be the one that everybody can read in dev/local/jwt.ts, and receivers may be on this machine.
    DEVELOPMENT: 'true',
    ...limits,
  };
  await step(
    'Starting the Worker',
    async () => {
      const wrangler = await startWrangler({ port, dataDir, bindings });
      stops.push(wrangler.stop);
      unexpectedEnds.push(wrangler.ended.then((how) => `wrangler dev has ended by itself (${how}).`));
      await wrangler.ready(signal);
    },
    () => 'Worker in wrangler dev',
  );
  await printUsage(`http://localhost:${port}`, secret, Math.min(WEEK, maxAgeSeconds), tenant);
}

async function startEmbedded(dataDir: string): Promise<Login> {
  const postgres = await step(
    'Starting PostgreSQL',
    () => startPostgres({ dataDir }),
    ({ port }) => `PostgreSQL 18 on port ${port}, data in ${dataDir}`,
  );
  stops.push(postgres.stop);
  const [admin] = parseDatabaseUrl(`${postgres.adminUrl}?sslmode=disable`);
  if (!admin) throw new Error('no way to log in to the embedded PostgreSQL');
  unexpectedEnds.push(
    untilGone(admin).then(() => `PostgreSQL has ended by itself; its log is in ${dataDir}/postgres.log.`),
  );
  return { ...admin, database: 'onetrip' };
}

function reachGiven(ways: Login[], signal: AbortSignal): Promise<Login> {
  return step(
    'Looking for the PostgreSQL of DATABASE_URL',
    () => Promise.race([reach(ways), aborted(signal)]),
    ({ host, port }) => `PostgreSQL at ${host}:${port}`,
  );
}

/** @returns the URL of a local Neon endpoint in front of that PostgreSQL. */
async function startEndpoint({ host, port, tls: ssl }: Login): Promise<string> {
  const endpoint = await step(
    'Starting the local Neon endpoint',
    () => startNeonEndpoint({ postgres: { host, port, ssl } }),
    ({ url }) => `Local Neon endpoint on port ${new URL(url).port}`,
  );
  stops.push(endpoint.stop);
  return endpoint.url;
}

/** The URL for the Worker's driver. The local endpoint demands a name for a host, like Neon, but does not look it up. */
function bindingUrl(login: Login, endpoint: string | undefined): string {
  return databaseUrl(endpoint ? { ...login, host: 'localhost' } : login);
}

function applied(dbmateOutput: string): string {
  const count = dbmateOutput.match(/^Applied: /gm)?.length ?? 0;
  return count === 0 ? 'no new migration' : `${count} ${count === 1 ? 'migration' : 'migrations'} applied`;
}

async function printUsage(origin: string, secret: string, seconds: number, tenant: Tenant | undefined): Promise<void> {
  const token = `${process.env.JWT_SECRET ? 'JWT_SECRET=… ' : ''}npm run --silent token --`;
  print(`\nReady on ${origin}\n`);
  if (tenant) {
    const jwt = await signToken({ role: 'admin', tenantId: tenant.id, sub: 'developer' }, seconds, secret);
    print('Projects with their tasks and tags, in one round trip to the database:\n');
    print(`curl -H 'Authorization: Bearer ${jwt}' '${origin}/api/v1/projects?include=tasks'\n`);
    const key = await freshApiKey(origin, jwt);
    if (key) print(`An API key:      ${key}`);
    print(`To read and try: ${origin}/docs#token=${jwt}`);
    print(`Another token:   ${token} --tenant ${tenant.id}`);
  } else {
    print(`To manage tenants:  ${token} --role platform`);
    print(`To read and try:    ${origin}/docs`);
  }
  print('To stop:         Ctrl-C');
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

/** Stops everything, last things first. A failure does not keep the others running. */
async function stopAll(): Promise<boolean> {
  let ok = true;
  for (const stop of stops.reverse()) {
    await stop().catch((error: Error) => {
      print(error.message, process.stderr);
      ok = false;
    });
  }
  return ok;
}

optionsOrExit(USAGE, (args, env) => readOptions({}, args, env));

const stopping = new AbortController();
// The listeners stay until the end, so that a second Ctrl-C leaves nothing running.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort());
// npm passes a signal to the shell between it and this process. The shell dies of it, and this process is not told.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || stopping.abort(), 200).unref();
// Without a listener, a terminal that has been closed would end this process before it has stopped the others.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

let failure: string | undefined;
try {
  await start(stopping.signal);
  failure = await Promise.race([...unexpectedEnds, aborted(stopping.signal)]);
} catch (error) {
  failure = (error as Error).message;
}
if (stopping.signal.aborted) print('\nStopping …');
else print(failure ?? '', process.stderr);
const stopped = await stopAll();
if (stopping.signal.aborted && stopped) print('Stopped.');
process.exit(stopping.signal.aborted && stopped ? 0 : 1);
