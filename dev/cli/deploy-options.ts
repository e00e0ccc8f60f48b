import { parseArgs } from 'node:util';
import { refuseKeptByNpm } from './options.ts';

export const USAGE = `Builds each function as a Worker of its own, and deploys them with wrangler: the dispatcher last.

  npm run deploy:split -- [--secrets-file <file>] [--only <Worker>] [--dry-run]

  --secrets-file <file>  JSON, or lines of NAME=value: each Worker is given those of them that its code reads
  --only <Worker>        deploys this Worker and not the others, such as onetrip-get-project; may be repeated
  --dry-run              builds and checks everything; nothing goes out

All other options go to \`wrangler deploy\`, for each Worker (\`npx wrangler deploy --help\`).`;

export interface DeployOptions {
  help: boolean;
  secretsFile: string | undefined;
  /** Names of Workers; none stands for all. */
  only: string[];
  isDryRun: boolean;
  /** For `wrangler deploy`. */
  passedOn: string[];
}

/**
 * @param env that of the process
 * @throws Error of one line that names the option at fault
 */
export function readDeployOptions(args: string[], env: NodeJS.ProcessEnv): DeployOptions {
  refuseKeptByNpm(['secrets-file', 'only', 'dry-run'], args, env);
  const { values, tokens } = parseArgs({
    args,
    options: {
      'secrets-file': { type: 'string' },
      only: { type: 'string', multiple: true },
      'dry-run': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
    strict: false,
    tokens: true,
  });
  // In one that is not strict, an option without its value is true.
  for (const name of ['secrets-file', 'only'] as const) {
    if ([values[name]].flat().includes(true)) throw new Error(`--${name} needs a value.`);
  }
  const isDryRun = values['dry-run'] ?? false;
  if (typeof isDryRun === 'string') throw new Error('--dry-run takes no value.');
  const ownIndexes = tokens.flatMap((token) =>
    token.kind === 'option' && ['secrets-file', 'only', 'dry-run'].includes(token.name)
      ? [token.index, ...(token.inlineValue === false ? [token.index + 1] : [])]
      : [],
  );
  return {
    help: values.help === true,
    secretsFile: values['secrets-file'] as string | undefined,
    only: (values.only ?? []) as string[],
    isDryRun,
    passedOn: [...args.filter((_, index) => !ownIndexes.includes(index)), ...(isDryRun ? ['--dry-run'] : [])],
  };
}
