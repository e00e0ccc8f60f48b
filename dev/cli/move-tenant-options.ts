import { readFileSync } from 'node:fs';
import { parseShards } from '../../src/config/shards.ts';
import { guid } from '../../src/http/request/schemas.ts';
import { readOptions } from './options.ts';

export const USAGE = `Moves a tenant to another database, while it is read and all others work.

  npm run move-tenant -- --tenant <id> --to <name>     moves it, or goes on with moving it
  npm run move-tenant -- --tenant <id> --undo          takes back a move that has not come to its end

  --tenant <id>          the tenant
  --to <name>            the database that is to be its home, by its name in SHARDS
  --undo                 has it at home where it was, and removes the copy
  --shards-file <file>   a file with what OWNER_SHARDS would be

OWNER_SHARDS has the same names as SHARDS, in the same order, each with the owner's URL, for a direct connection:
  OWNER_SHARDS='{"a": "postgres://owner:…@host-a/onetrip", "b": "postgres://owner:…@host-b/onetrip"}'

While it is moved, the tenant's writes are 503 with Retry-After. It may be stopped, or killed, at any time: the same command
goes on from there. What the owner's role needs, and what happens step by step, is in docs/moving-tenants.md.`;

const OPTIONS = {
  tenant: { type: 'string' },
  to: { type: 'string' },
  undo: { type: 'boolean', default: false },
  'shards-file': { type: 'string' },
} as const;

export interface MoveOptions {
  help: boolean;
  tenantId: string;
  /** The new home; undefined where the move is to be taken back. */
  to: string | undefined;
  /** Of the owner of each database, by its name, in order. */
  urls: ReadonlyMap<string, string>;
}

/**
 * @param env that of the process: `OWNER_SHARDS`
 * @throws Error of one line that names the option
 */
export function readMoveOptions(args: string[], env: NodeJS.ProcessEnv): MoveOptions {
  const { help = false, tenant, to, undo, 'shards-file': file } = readOptions(OPTIONS, args, env);
  if (help) return { help, tenantId: '', to, urls: new Map() };
  const { data: tenantId } = guid.safeParse(tenant);
  if (!tenantId) throw new Error(`--tenant is ${JSON.stringify(tenant ?? '')}: the UUID of a tenant is needed.`);
  if (undo === (to !== undefined)) throw new Error('Either --to, with the name of a database, or --undo is needed.');
  const urls = file === undefined ? parse('OWNER_SHARDS', env.OWNER_SHARDS ?? '') : parse(file, read(file));
  return { help, tenantId, to, urls };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`--shards-file cannot be read (${(error as { code?: string }).code}).`);
  }
}

/** @throws Error of one line, without a URL: they have passwords */
function parse(name: string, text: string): ReadonlyMap<string, string> {
  if (!text) throw new Error(`${name} is not set: see --help.`);
  const urls = parseShards(text);
  if (urls && urls.size > 1) return urls;
  throw new Error(`${name} must be JSON of two or more names, each with a postgres:// URL: see --help.`);
}
