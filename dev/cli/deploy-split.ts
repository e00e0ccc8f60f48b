import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../build/bundle.ts';
import { readBaseConfig } from '../build/configs.ts';
import { readSecretsFile } from '../build/secrets-file.ts';
import { buildSplit, type Deployable, readDeployables } from '../build/split.ts';
import { endpoints, splitWorkers } from '../build/workers.ts';
import { run } from '../run.ts';
import { type DeployOptions, readDeployOptions, USAGE } from './deploy-options.ts';
import { optionsOrExit } from './options.ts';

/*
 * `npm run deploy:split`: builds the split deployment and has wrangler deploy its Workers: the functions first, because a
 * service binding needs its target, and the dispatcher last, so that it never routes to a function that does not exist.
 */

/** How many deployments run at a time; each is a process of wrangler's. */
const CONCURRENCY = 3;

const dist = join(root, 'dist');

/** @throws Error that names what is no Worker of this deployment */
async function checkNames(names: string[]): Promise<void> {
  const workers = splitWorkers((await readBaseConfig()).name, await endpoints());
  const unknown = names.filter((name) => !workers.some((worker) => worker.name === name));
  if (unknown.length > 0) throw new Error(`There is no Worker ${unknown.join(', ')}.`);
}

async function deploy(worker: Deployable, secrets: Record<string, string>, directory: string, options: DeployOptions) {
  const own = Object.entries(secrets).filter(([name]) => worker.secrets.includes(name));
  const file = join(directory, `${worker.name}.json`);
  if (own.length > 0) await writeFile(file, JSON.stringify(Object.fromEntries(own)), { mode: 0o600 });
  const config = join(dist, 'split', worker.name, 'wrangler.json');
  try {
    const secretsFile = own.length > 0 ? ['--secrets-file', file] : [];
    await run('wrangler', ['deploy', '--config', config, ...secretsFile, ...options.passedOn], {
      WRANGLER_HIDE_BANNER: 'true',
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${worker.name} was not deployed.`);
  }
  const given = own.length > 0 ? ` with ${own.map(([name]) => name).join(', ')}` : '';
  console.log(`✓ ${worker.name}${given}${options.isDryRun ? ' (dry run)' : ''}`);
}

/** Deploys Workers in any order. After a failure no further deployment is started. */
async function deployAll(workers: Deployable[], each: (worker: Deployable) => Promise<void>): Promise<void> {
  const left = [...workers];
  const deployRest = async () => {
    for (let worker = left.shift(); worker; worker = left.shift()) {
      await each(worker).catch((error) => {
        left.length = 0;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: CONCURRENCY }, deployRest));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function deploySplit(options: DeployOptions, directory: string): Promise<void> {
  const { secretsFile, only, isDryRun } = options;
  const secrets = secretsFile === undefined ? {} : await readSecretsFile(secretsFile);
  await checkNames(only);
  if (isDryRun) console.log('Dry run: all is built and checked, and nothing goes out.');
  await buildSplit(dist, only);
  const workers = await readDeployables(dist);
  const isDispatcher = ({ kind }: Deployable) => kind === 'dispatcher';
  const each = (worker: Deployable) => deploy(worker, secrets, directory, options);
  await deployAll(
    workers.filter((worker) => !isDispatcher(worker)),
    each,
  );
  await deployAll(workers.filter(isDispatcher), each);
  if (isDryRun) console.log('That was a dry run: nothing has been deployed.');
}

const options = optionsOrExit(USAGE, readDeployOptions);
const directory = await mkdtemp(join(tmpdir(), 'onetrip-deploy-'));
// It holds secrets, so it is removed whatever ends this process.
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
try {
  await deploySplit(options, directory);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
