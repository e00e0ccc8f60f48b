import { stat } from 'node:fs/promises';
import { type Bindings, bindingsSchema, SERVER_DEFAULTS } from '../../src/config/bindings.ts';
import { readServerConfig } from '../../src/config/server.ts';
import { BINDINGS } from '../build/bindings.ts';
import { readSecretsFile } from '../build/secrets-file.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { isNeon } from '../local/database.ts';
import { checkDatabase } from './database.ts';
import { type Finding, good, note, type Target, type Variables, wrong } from './finding.ts';
import { checkDataDirectory, checkNode, checkPort, checkPrograms } from './machine.ts';
import { checkProxy, checkShards, databasesIn } from './shards.ts';
import { checkTokens } from './tokens.ts';

/* Everything that `npm run doctor` looks at. */

/** Both addresses that a browser may take for localhost. */
const LOCALHOST = ['127.0.0.1', '::1'];

/** What has findings of its own. */
const CHECKED_APART = [
  ...['DATABASE_URL', 'DATABASE_URL_READONLY', 'JANITOR_DATABASE_URL', 'JWT_SECRET', 'JWKS_URL'],
  ...['COURIER_DATABASE_URL', 'WEBHOOK_KEYS', 'PORT', 'METRICS_PORT'],
];

/**
 * Checks what a target needs, in the order in which it needs it. Nothing is changed anywhere.
 * @param environment that of the process: an empty variable counts as not set
 * @param secretsFile holds the variables of a deployment, in place of the environment
 * @throws Error of one line where the file cannot be read
 */
export async function* examine(
  target: Target,
  environment: NodeJS.ProcessEnv,
  secretsFile?: string,
): AsyncGenerator<Finding> {
  const given = secretsFile === undefined ? environment : await readSecretsFile(secretsFile);
  const variables = Object.fromEntries(Object.entries(given).filter(([, value]) => value)) as Variables;
  yield checkNode();
  if (secretsFile !== undefined) yield await checkFile(secretsFile);
  if (target === 'dev') yield* examineDev(variables);
  else yield* examineServing(target, variables);
}

async function* examineDev(variables: Variables): AsyncGenerator<Finding> {
  const { DATABASE_URL, PORT, ONETRIP_DATA_DIR } = variables;
  yield await checkPrograms();
  yield await checkPort('PORT', PORT ?? SERVER_DEFAULTS.PORT, LOCALHOST);
  if (DATABASE_URL) yield* await checkDatabase('DATABASE_URL', DATABASE_URL, { target: 'dev', group: undefined });
  else yield await checkDataDirectory(dataDirectory(ONETRIP_DATA_DIR));
  yield* await checkTokens(variables, 'dev');
  const read = ['CORS_ORIGINS', 'RATE_LIMIT', 'JWT_MAX_AGE'];
  yield* checkSettings(Object.fromEntries(Object.entries(variables).filter(([name]) => read.includes(name))));
}

async function* examineServing(target: 'start' | 'deploy', variables: Variables): AsyncGenerator<Finding> {
  const { DATABASE_URL, LISTEN_ADDRESS, METRICS_PORT } = variables;
  if (target === 'start') {
    const port = await checkPort('PORT', variables.PORT ?? SERVER_DEFAULTS.PORT, [LISTEN_ADDRESS]);
    yield port;
    // Where this server is running already, the other port is its own.
    if (METRICS_PORT && port.is !== 'note') {
      const address = variables.METRICS_ADDRESS ?? SERVER_DEFAULTS.METRICS_ADDRESS;
      yield await checkPort('METRICS_PORT', METRICS_PORT, [address]);
    }
  }
  const worker = { target, group: 'onetrip_app' };
  const { SHARDING_KEY, SHARDS } = variables;
  yield* checkProxy(variables);
  // A proxy answers nothing that concerns no tenant.
  const databases = SHARDING_KEY && !SHARDS ? [] : databasesIn(variables, 'DATABASE_URL', 'SHARDS');
  for (const [name, url] of databases) yield* await checkDatabase(name, url, worker);
  if (databases.length === 0 && !SHARDING_KEY) {
    const url = 'postgres://onetrip_worker:<password>@<host>/<database>';
    yield wrong('DATABASE_URL is not set', `set it to ${url}; npm run doctor -- --for dev checks what needs none`);
  }
  if (target === 'deploy') {
    const all = databasesIn(variables, 'DATABASE_URL', 'SHARDS');
    // Beside SHARDS, it is a proxy.
    if (SHARDS && DATABASE_URL) all.unshift(['DATABASE_URL', DATABASE_URL]);
    for (const [name, url] of all) yield* checkHttp(name, url, variables);
  }
  for (const [name, url] of databasesIn(variables, 'DATABASE_URL_READONLY', 'SHARDS_READONLY')) {
    yield* await checkDatabase(name, url, worker);
  }
  const janitor = { target, group: 'onetrip_janitor' };
  const purged = databasesIn(variables, 'JANITOR_DATABASE_URL', 'JANITOR_SHARDS');
  for (const [name, url] of purged) yield* await checkDatabase(name, url, janitor);
  if (purged.length === 0 && target === 'deploy') {
    yield wrong('JANITOR_DATABASE_URL is not set', "set it, as the janitor's role: the scheduled purge needs it");
  } else if (purged.length === 0) {
    yield note('JANITOR_DATABASE_URL is not set: this server does not purge', 'have npm run scheduled run elsewhere');
  }
  yield* await checkWebhooks(variables, target);
  yield* await checkTokens(variables, target);
  yield* checkShards(variables);
  yield* checkSettings(variables, target);
}

/** Webhooks need a key, which encrypts their secrets, and a role that delivers; with one alone nothing arrives. */
async function* checkWebhooks(variables: Variables, target: 'start' | 'deploy'): AsyncGenerator<Finding> {
  const { WEBHOOK_KEYS } = variables;
  const databases = databasesIn(variables, 'COURIER_DATABASE_URL', 'COURIER_SHARDS');
  if (databases.length === 0 && !WEBHOOK_KEYS) {
    yield note('WEBHOOK_KEYS is not set: nobody can make a webhook', 'docs/webhooks.md says how to have them');
    return;
  }
  if (!WEBHOOK_KEYS) yield wrong('WEBHOOK_KEYS is not set', 'set it to one:<openssl rand -base64 32>, and keep it');
  else {
    const { error } = bindingsSchema.shape.WEBHOOK_KEYS.safeParse(WEBHOOK_KEYS);
    const message = error?.issues[0]?.message;
    yield message ? wrong(message, 'correct WEBHOOK_KEYS') : good('WEBHOOK_KEYS can be read');
  }
  for (const [name, url] of databases) yield* await checkDatabase(name, url, { target, group: 'onetrip_courier' });
  if (databases.length > 0) return;
  if (target === 'deploy') {
    yield wrong('COURIER_DATABASE_URL is not set', "set it, as the courier's role: delivering to webhooks needs it");
  } else {
    yield note('COURIER_DATABASE_URL is not set: this server does not deliver to webhooks', 'have another one do it');
  }
}

/** Workers speak SQL over HTTP, which is spoken by Neon alone. */
function* checkHttp(name: string, url: string, { NEON_ENDPOINT }: Variables): Generator<Finding> {
  const host = URL.parse(url)?.hostname;
  if (!host || NEON_ENDPOINT || isNeon(host)) return;
  yield note(`${name}: ${host} is not Neon's`, 'on Cloudflare set NEON_ENDPOINT; on Lambda and Node it is fine');
}

/** All other variables: what they look like, and what goes with what. */
function* checkSettings(variables: Variables, target?: 'start' | 'deploy'): Generator<Finding> {
  const { error } = bindingsSchema.partial().safeParse(variables);
  const faulty = (error?.issues ?? []).map(({ path, message }) => ({ name: String(path[0]), message }));
  for (const { name, message } of faulty) if (!CHECKED_APART.includes(name)) yield wrong(message, `correct ${name}`);
  const fine = Object.keys(BINDINGS).filter((name) => variables[name] && !faulty.some((fault) => fault.name === name));
  const settings = new Set(fine.filter((name) => !CHECKED_APART.includes(name)));
  if (target && settings.delete('DEVELOPMENT'))
    yield wrong('DEVELOPMENT is set', 'unset it: it lets published secrets in');
  if (target === 'start') {
    yield* checkServer(Object.fromEntries(fine.map((name) => [name, variables[name]])));
    settings.delete('RATE_LIMIT');
  }
  if (settings.size > 0) yield good(`${[...settings].join(', ')} can be read`);
}

/** What the server on Node does not start with, though each variable by itself is fine. */
function* checkServer(variables: object): Generator<Finding> {
  try {
    readServerConfig(variables as Bindings);
  } catch (error) {
    yield wrong((error as Error).message, 'change or unset it');
  }
}

async function checkFile(file: string): Promise<Finding> {
  const { mode } = await stat(file);
  return mode & 0o077 ? note(`${file} can be read by others on this machine`, `chmod 600 ${file}`) : good(`${file}`);
}
