import { mkdir } from 'node:fs/promises';
import { databaseUrl, isNeon, type Login, parseDatabaseUrl, reach, untilGone } from '../local/database.ts';
import { signToken } from '../local/jwt.ts';
import { makeLoginRole } from '../local/login-role.ts';
import { migrate } from '../local/migrate.ts';
import { startPostgres } from '../local/postgres.ts';
import { seed, type Tenant } from '../local/seed.ts';
import { say, step } from '../local/terminal.ts';
import { startWrangler } from '../local/wrangler.ts';
import { startNeonEndpoint } from '../neon-endpoint/index.ts';
import { readInputs } from './dev-inputs.ts';

/*
 * `npm run dev`: the whole API on this machine. PostgreSQL (embedded, or the one that DATABASE_URL names), migrations,
 * a demo tenant, the local Neon endpoint and the Worker in `wrangler dev`; and the end of them all on Ctrl-C.
 */

const WEEK = 7 * 24 * 3600;

/** How to stop what has been started, in the order in which it was. */
const stops: (() => Promise<void>)[] = [];

/** What ends only by accident: each resolves with a line that says so. */
const accidents: Promise<string>[] = [];

/** Starts everything and says how to use it. Errors: what to tell the developer. */
async function start(signal: AbortSignal): Promise<void> {
  const { port, secret, dataDir, given, limits, maxAge } = await readInputs();
  const owner = given ? await reachGiven(given, signal) : await startEmbedded(dataDir);
  signal.throwIfAborted();
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await step(
    'Migrating the database',
    () => migrate(databaseUrl(owner), 'up'),
    (output) => `Database ${owner.database}, ${applied(output)}`,
  );
  signal.throwIfAborted();
  const [worker, janitor] = await step(
    'Making roles',
    async () => {
      const where = { owner, dataDir, shared: given !== undefined };
      return [await makeLoginRole('worker', where), await makeLoginRole('janitor', where)] as const;
    },
    (roles) => `Roles ${roles.map(({ user }) => user).join(' and ')}`,
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
    ...(endpoint ? { NEON_ENDPOINT: endpoint } : {}),
    JWT_SECRET: secret,
    // The secret may be the one that everybody can read in dev/local/jwt.ts.
    DEVELOPMENT: 'true',
    ...limits,
  };
  await step(
    'Starting the Worker',
    async () => {
      const wrangler = await startWrangler({ port, dataDir, bindings });
      stops.push(wrangler.stop);
      accidents.push(wrangler.ended.then((how) => `wrangler dev has ended by itself (${how}).`));
      await wrangler.ready(signal);
    },
    () => 'Worker in wrangler dev',
  );
  await explain(`http://localhost:${port}`, secret, Math.min(WEEK, maxAge), tenant);
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
  accidents.push(untilGone(admin).then(() => `PostgreSQL has ended by itself; its log is in ${dataDir}/postgres.log.`));
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

/** What the Worker's driver takes. An endpoint wants a name for a host and looks none up: it knows its PostgreSQL. */
function bindingUrl(login: Login, endpoint: string | undefined): string {
  return databaseUrl(endpoint ? { ...login, host: 'localhost' } : login);
}

function applied(dbmateOutput: string): string {
  const count = dbmateOutput.match(/^Applied: /gm)?.length ?? 0;
  return count === 0 ? 'no new migration' : `${count} ${count === 1 ? 'migration' : 'migrations'} applied`;
}

async function explain(origin: string, secret: string, seconds: number, tenant: Tenant | undefined): Promise<void> {
  const token = `${process.env.JWT_SECRET ? 'JWT_SECRET=… ' : ''}npm run --silent token --`;
  say(`\nReady on ${origin}\n`);
  if (tenant) {
    const jwt = await signToken({ role: 'admin', tenantId: tenant.id, sub: 'developer' }, seconds, secret);
    say('Projects with their tasks and tags, in one round trip to the database:\n');
    say(`curl -H 'Authorization: Bearer ${jwt}' '${origin}/api/v1/projects?include=tasks'\n`);
    say(`Another token:   ${token} --tenant ${tenant.id}`);
  } else {
    say(`To manage tenants:  ${token} --role platform`);
  }
  say(`To read and try: ${origin}/docs`);
  say('To stop:         Ctrl-C');
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
      say(error.message, process.stderr);
      ok = false;
    });
  }
  return ok;
}

const stopping = new AbortController();
// They stay in place until the end: a second Ctrl-C must not leave anything running.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort());
// npm passes a signal on to the shell that stands between us, and that shell dies of it alone.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || stopping.abort(), 200).unref();
// With the terminal gone there is still something to stop.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

let failure: string | undefined;
try {
  await start(stopping.signal);
  failure = await Promise.race([...accidents, aborted(stopping.signal)]);
} catch (error) {
  failure = (error as Error).message;
}
if (stopping.signal.aborted) say('\nStopping …');
else say(failure ?? '', process.stderr);
const stopped = await stopAll();
if (stopping.signal.aborted && stopped) say('Stopped.');
process.exit(stopping.signal.aborted && stopped ? 0 : 1);
