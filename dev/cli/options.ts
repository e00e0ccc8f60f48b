import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/* What the commands of npm scripts have in common: how they read their options, and their help. */

/**
 * Reads the options of a command, and `--help`.
 *
 * npm keeps options for itself that stand before `--`, and tells them by its environment: `npm run seed --projects 9` would
 * otherwise do something else than it says, and `npm run deploy:split --dry-run` would deploy.
 *
 * @param env that of the process
 * @throws Error of one line that names the option at fault
 */
export function readOptions<const Options extends ParseArgsOptionsConfig>(
  options: Options,
  args: string[],
  env: NodeJS.ProcessEnv,
) {
  refuseKeptByNpm(Object.keys(options), args, env);
  return parse({ args, options: { ...options, help: { type: 'boolean', short: 'h' } } as const }).values;
}

/** @throws Error of one line that names the first of these options that npm has kept */
export function refuseKeptByNpm(names: string[], args: string[], env: NodeJS.ProcessEnv): void {
  for (const name of names) {
    const isGiven = args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
    if (isGiven || env[`npm_config_${name.replaceAll('-', '_')}`] === undefined) continue;
    const command = env.npm_lifecycle_event ?? '…';
    throw new Error(
      `npm has kept --${name} for itself: options stand behind --, as in npm run ${command} -- --${name}.`,
    );
  }
}

function parse<const Options extends ParseArgsOptionsConfig>(config: { args: string[]; options: Options }) {
  try {
    return parseArgs(config);
  } catch (error) {
    // It explains some mistakes in several lines, or sentences; the first one names the option.
    const [line = ''] = (error as Error).message.split(/\n|(?<=['"])\. /);
    throw new Error(`${line.replace(/\.$/, '')}. --help says what there is.`, { cause: error });
  }
}

/**
 * The options of this process. Where help is asked for, or an option is wrong, it prints that and ends the process.
 * @param read see {@link readOptions}
 */
export function optionsOrExit<Options extends object>(
  usage: string,
  read: (args: string[], env: NodeJS.ProcessEnv) => Options,
): Options {
  let options: Options;
  try {
    options = read(process.argv.slice(2), process.env);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
  if (!('help' in options && options.help)) return options;
  console.log(usage);
  process.exit(0);
}
