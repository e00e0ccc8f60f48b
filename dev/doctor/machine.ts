import { constants, existsSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { portFault } from '../local/port.ts';
import { findBinaries } from '../local/postgres.ts';
import { bin } from '../run.ts';
import { type Finding, good, note, wrong } from './finding.ts';

/* This machine: Node, what npm has installed, ports, and the directory of the embedded database. */

/** What the sources are written for: Node runs them as they are, without a build. */
const NODE_MAJOR = 24;
const POSTGRES_MAJOR = '18';

/** How long whatever listens at a port may take to say what it is (ms). */
const HEALTH_TIMEOUT_MS = 1000;

export function checkNode(version = process.versions.node): Finding {
  return Number.parseInt(version, 10) >= NODE_MAJOR
    ? good(`Node ${version}`)
    : wrong(`This is Node ${version}, and ${NODE_MAJOR} is needed`, 'npm ci, which installs one for the npm scripts');
}

/** The programs that `npm run dev` starts. */
export async function checkPrograms(): Promise<Finding> {
  const missing = ['dbmate', 'wrangler'].filter((name) => !existsSync(join(bin, name)));
  const binaries = await findBinaries().catch(() => undefined);
  if (!binaries || !Object.values(binaries).every((file) => typeof file !== 'string' || existsSync(file))) {
    missing.push(`PostgreSQL for ${process.platform} on ${process.arch}`);
  }
  return missing.length === 0
    ? good('The embedded PostgreSQL, dbmate and wrangler are installed')
    : wrong(`${missing.join(', ')} not installed`, 'npm ci; on a machine without such a PostgreSQL, set DATABASE_URL');
}

/**
 * Whether a program can listen at a port.
 * @param addresses all addresses of the machine, where it is `[undefined]`
 */
export async function checkPort(
  name: string,
  text: string,
  addresses: readonly (string | undefined)[],
): Promise<Finding> {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    return wrong(`${name} is ${JSON.stringify(text)}`, 'set it to a number from 1 to 65535');
  }
  for (const address of addresses) {
    const code = await portFault(port, address);
    // A machine without IPv6 has no ::1.
    if (!code || (address === '::1' && code !== 'EADDRINUSE')) continue;
    const place = `${name} ${port}${address ? ` on ${address}` : ''}`;
    if (code !== 'EADDRINUSE') return wrong(`${place} cannot be used: ${code}`, `set another ${name}`);
    if (name === 'PORT' && (await isOnetrip(port))) {
      return note(`${place}: Onetrip is running there`, 'for another one, set another PORT');
    }
    return wrong(`${place} is in use by another program`, `stop what listens there, or set another ${name}`);
  }
  return good(`${name} ${port} is free`);
}

async function isOnetrip(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const response = await fetch(`http://127.0.0.1:${port}/health`, { redirect: 'manual', signal });
    return (await response.text()) === '{"status":"ok"}';
  } catch {
    return false;
  }
}

/** Where the embedded database keeps its data, or will. */
export async function checkDataDirectory(directory: string): Promise<Finding> {
  let existing = directory;
  while (!existsSync(existing)) existing = dirname(existing);
  const isWritable = await access(existing, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable) {
    return wrong(`${directory} cannot be written to`, 'set ONETRIP_DATA_DIR to a directory that you may write to');
  }
  const major = await readFile(join(directory, 'postgres', 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (major === undefined) return good(`${directory} can be written to, and has no database yet`);
  return major.trim() === POSTGRES_MAJOR
    ? good(`${directory} has a database`)
    : wrong(
        `${directory} has a database of PostgreSQL ${major.trim()}, which ${POSTGRES_MAJOR} cannot read`,
        'set ONETRIP_DATA_DIR to another directory, or remove this one with all that is in it',
      );
}
