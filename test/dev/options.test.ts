import { afterEach, describe, expect, test, vi } from 'vitest';
import { readDeployOptions } from '../../dev/cli/deploy-options.ts';
import { readMoveOptions } from '../../dev/cli/move-tenant-options.ts';
import { readOptions } from '../../dev/cli/options.ts';

/* How the commands of npm scripts read their options, and that each has a help. */

afterEach(() => {
  vi.restoreAllMocks();
});

const read = (args: string[], env = {}) =>
  readOptions({ name: { type: 'string' }, on: { type: 'boolean' } }, args, env);

test('options as they are given, and the help', () => {
  expect(read(['--name', 'x', '--on'])).toMatchObject({ name: 'x', on: true });
  expect(read(['-h'])).toMatchObject({ help: true });
  expect(read(['--help'])).toMatchObject({ help: true });
});

test.each<[string, string[], Record<string, string>?]>([
  ["Unknown option '--nane'. --help says what there is.", ['--nane', 'x']],
  ["Unexpected argument 'x'. --help says what there is.", ['x']],
  ["Option '--name <value>' argument missing. --help says what there is.", ['--name']],
  // npm takes it for an option of its own, and gives the value alone.
  [
    'npm has kept --name for itself: options stand behind --, as in npm run seed -- --name.',
    ['x'],
    { npm_config_name: 'true', npm_lifecycle_event: 'seed' },
  ],
])('%s', (message, args, env) => {
  expect(() => read(args, env)).toThrow(new RegExp(`^${message.replaceAll(/[.<>]/g, '\\$&')}$`));
});

test('what npm was told elsewhere is no slip, where the option is given', () => {
  expect(read(['--name=x'], { npm_config_name: 'other' })).toMatchObject({ name: 'x' });
});

describe('npm run deploy:split', () => {
  const deploy = (args: string[], env = {}) => readDeployOptions(args, env);

  test('has some options of its own, and passes the others on', () => {
    const none = { help: false, secretsFile: undefined, only: [], isDryRun: false, passedOn: [] };
    expect(deploy([])).toEqual(none);
    expect(deploy(['--help'])).toMatchObject({ help: true });
    expect(
      deploy([
        '--only',
        'a',
        '--keep-vars',
        '--only=b',
        '--secrets-file',
        'f',
        '--dry-run',
        '--message',
        'words of it',
      ]),
    ).toEqual({
      ...none,
      secretsFile: 'f',
      only: ['a', 'b'],
      isDryRun: true,
      passedOn: ['--keep-vars', '--message', 'words of it', '--dry-run'],
    });
  });

  test.each<[string, string[], Record<string, string>?]>([
    // It would be a deployment.
    ['npm has kept --dry-run for itself', [], { npm_config_dry_run: 'true' }],
    ['--dry-run takes no value', ['--dry-run=no']],
    ['--only needs a value', ['--only']],
  ])('%s', (message, args, env) => {
    expect(() => deploy(args, env)).toThrow(message);
  });
});

/** Runs a command in this process, as far as its help. */
async function helpOf(command: string): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text) => printed.push(text));
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const { argv } = process;
  process.argv = [...argv.slice(0, 1), command, '--help'];
  try {
    await expect(import(`../../dev/cli/${command}.ts`)).rejects.toThrow('exit 0');
  } finally {
    process.argv = argv;
  }
  return printed.join('\n');
}

test.each([
  ['dev', ['PORT', 'RATE_LIMIT', 'ONETRIP_DATA_DIR', 'npm run doctor']],
  ['doctor', ['--for', '--secrets-file', 'DATABASE_URL']],
  ['seed', ['--projects', '--tasks', '--tenant', '--run', 'ONETRIP_TOKEN']],
  ['move-tenant', ['--tenant', '--to', '--undo', '--shards-file', 'OWNER_SHARDS']],
  ['token', ['--tenant', '--role', '--sub', '--expires']],
  ['deploy-split', ['--secrets-file', '--only', '--dry-run']],
])('%s has a help that fits the terminal', async (command, words) => {
  const help = await helpOf(command);
  for (const word of words) expect(help).toContain(word);
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(130);
});

describe('npm run move-tenant', () => {
  const tenant = '01a22e75-eb6f-7949-98ba-74ae71fc36e5';
  const url = 'postgres://owner:secret@localhost/';
  const OWNER_SHARDS = JSON.stringify({ a: `${url}a`, b: `${url}b` });

  test('has a tenant, where to, and the databases by their names', () => {
    const urls = new Map([
      ['a', `${url}a`],
      ['b', `${url}b`],
    ]);
    const read = (...args: string[]) => readMoveOptions(['--tenant', tenant.toUpperCase(), ...args], { OWNER_SHARDS });
    expect(read('--to', 'b')).toEqual({ help: false, tenantId: tenant, to: 'b', urls });
    expect(read('--undo')).toEqual({ help: false, tenantId: tenant, to: undefined, urls });
    expect(readMoveOptions(['--help'], {})).toMatchObject({ help: true });
  });

  test.each<[string, string[], string?]>([
    ['--tenant is "": the UUID of a tenant is needed.', ['--to', 'b']],
    ['--tenant is "x": the UUID of a tenant is needed.', ['--tenant', 'x', '--to', 'b']],
    ['Either --to, with the name of a database, or --undo is needed.', ['--tenant', tenant]],
    ['Either --to, with the name of a database, or --undo is needed.', ['--tenant', tenant, '--to', 'b', '--undo']],
    ['OWNER_SHARDS is not set: see --help.', ['--tenant', tenant, '--undo'], ''],
    [
      'OWNER_SHARDS must be JSON of two or more names, each with a postgres:// URL: see --help.',
      ['--tenant', tenant, '--undo'],
      JSON.stringify({ a: `${url}a` }),
    ],
    ['--shards-file cannot be read (ENOENT).', ['--tenant', tenant, '--undo', '--shards-file', 'no-such-file']],
  ])('%s', (message, args, shards = OWNER_SHARDS) => {
    expect(() => readMoveOptions(args, { OWNER_SHARDS: shards })).toThrow(message);
  });
});
