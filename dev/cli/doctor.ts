import { styleText } from 'node:util';
import { examine } from '../doctor/examine.ts';
import type { Finding, Target } from '../doctor/finding.ts';
import { print } from '../local/terminal.ts';
import { optionsOrExit, readOptions } from './options.ts';

/* `npm run doctor`: what keeps the API from working here, and what to do about it. */

const USAGE = `Says what keeps the API from working, and what to do about it. It changes nothing, and shows no secret.

  npm run doctor                                     what npm run dev needs; with DATABASE_URL, what npm start needs
  npm run doctor -- --for dev|start|deploy           the same for one of them
  npm run doctor -- --secrets-file .secrets.json     what a deployment needs, with the variables of that file

It reads the same variables as they do: DATABASE_URL or SHARDS, JANITOR_DATABASE_URL, JWT_SECRET or JWKS_URL, PORT and others
(README.md, "Running it"). It ends with 1 where something is wrong.

  ✓ is as it should be    ✗ is wrong, with what to do    – is good to know`;

const MARKS = {
  good: styleText('green', '✓'),
  wrong: styleText('red', '✗'),
  note: styleText('yellow', '–'),
};

const TITLES: Record<Target, string> = {
  dev: 'What npm run dev needs',
  start: 'What npm start needs',
  deploy: 'What a deployment needs',
};

function show({ is, text, advice }: Finding): void {
  print(`${MARKS[is]} ${text}`);
  if (advice) print(`    ${styleText('dim', '→')} ${advice}`);
}

const values = optionsOrExit(USAGE, (args, env) =>
  readOptions({ for: { type: 'string' }, 'secrets-file': { type: 'string' } }, args, env),
);
const file = values['secrets-file'];
const target = values.for ?? (file ? 'deploy' : process.env.DATABASE_URL || process.env.SHARDS ? 'start' : 'dev');
try {
  if (!(target in TITLES)) throw new Error(`--for is ${JSON.stringify(target)}: dev, start or deploy is needed.`);
  if (file !== undefined && target === 'dev') throw new Error('--secrets-file does not go with --for dev.');
  print(`${TITLES[target as Target]}:\n`);
  let wrongs = 0;
  for await (const finding of examine(target as Target, process.env, file)) {
    show(finding);
    if (finding.is === 'wrong') wrongs++;
  }
  print(wrongs === 0 ? '\nNothing is wrong.' : `\n${wrongs} ${wrongs === 1 ? 'thing is' : 'things are'} wrong.`);
  process.exitCode = wrongs === 0 ? 0 : 1;
} catch (error) {
  print((error as Error).message, process.stderr);
  process.exitCode = 1;
}
