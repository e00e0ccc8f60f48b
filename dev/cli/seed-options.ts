import { guid } from '../../src/http/request/schemas.ts';
import { DEMO_TENANT } from '../local/seed.ts';
import { readOptions } from './options.ts';

/** Bounds of what one command makes. 500 tasks are the most that `POST /projects` takes. */
const MAX = { projects: 10_000, tasks: 500 };

export const USAGE = `Fills a tenant with projects that are made up, with tasks, subtasks and tags.

  npm run seed -- [--projects 100] [--tasks 20] [--tenant <id>] [--url http://localhost:8787] [--run <name>]

  --projects <n>  how many there are to be, at most ${MAX.projects} (100)
  --tasks <n>     how many tasks each of them has, at most ${MAX.tasks} (20)
  --tenant <id>   whose they are (the demo tenant of npm run dev)
  --url <url>     where the API is (http://localhost:8787, or on PORT)
  --run <name>    the name of the set that they belong to (tasks-<n>): another name makes others beside them

It may be stopped and started again: it makes those of the set that are not there yet, and no others. So the same command
twice makes nothing more, and one with more --projects makes the difference.

It signs a token with JWT_SECRET or, without one, with the secret of npm run dev. ONETRIP_TOKEN is a token or an API key to use
instead, of a member or admin; it says whose the projects are.`;

const OPTIONS = {
  projects: { type: 'string', default: '100' },
  tasks: { type: 'string', default: '20' },
  tenant: { type: 'string' },
  url: { type: 'string' },
  run: { type: 'string' },
} as const;

export interface SeedOptions {
  help: boolean;
  projects: number;
  tasks: number;
  run: string;
  url: string;
  /** Undefined where a token is given, which says it. */
  tenantId: string | undefined;
  /** One that is given, in place of one that is signed here. */
  token: string | undefined;
}

/**
 * @param env that of the process: `PORT`, `ONETRIP_TOKEN`
 * @throws Error of one line that names the option, and its bounds
 */
export function readSeedOptions(args: string[], env: NodeJS.ProcessEnv): SeedOptions {
  const { help = false, ...given } = readOptions(OPTIONS, args, env);
  const projects = numberOf('projects', given.projects, 1);
  const tasks = numberOf('tasks', given.tasks, 0);
  const { run = `tasks-${tasks}`, url = `http://localhost:${env.PORT || 8787}` } = given;
  if (!/^[a-z0-9-]{1,40}$/.test(run)) {
    throw new Error(`--run is ${JSON.stringify(run)}: at most 40 characters of a-z, 0-9 and - are needed.`);
  }
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new Error(`--url is ${JSON.stringify(url)}: one such as http://localhost:8787 is needed.`);
  }
  const token = env.ONETRIP_TOKEN || undefined;
  if (token && given.tenant !== undefined) {
    throw new Error('--tenant does not go with ONETRIP_TOKEN, which says whose the projects are.');
  }
  const tenant = guid.safeParse(given.tenant ?? DEMO_TENANT);
  if (!tenant.success) {
    throw new Error(`--tenant is ${JSON.stringify(given.tenant)}: the UUID of a tenant is needed.`);
  }
  return { help, projects, tasks, run, url, token, tenantId: token ? undefined : tenant.data };
}

function numberOf(name: keyof typeof MAX, text: string, min: number): number {
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < min || number > MAX[name]) {
    throw new Error(`--${name} is ${JSON.stringify(text)}: a whole number from ${min} to ${MAX[name]} is needed.`);
  }
  return number;
}
