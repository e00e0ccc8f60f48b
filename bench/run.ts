/**
 * The race: Onetrip against others that do the same, on this machine. `npm run bench -- --help`; what it does is in
 * README.md.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chart } from './race/chart.ts';
import { installFastapi } from './race/fastapi.ts';
import { goals } from './race/goals.ts';
import { generatePrisma, installPeers } from './race/install.ts';
import { JOBS } from './race/jobs.ts';
import { type Options, readOptions, USAGE } from './race/options.ts';
import { endProgress, progress } from './race/progress.ts';
import { machine, markdown, type Report } from './race/report.ts';
import { atEnd, isStopping, stopAll } from './race/stops.ts';

const results = fileURLToPath(new URL('results', import.meta.url));

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  await installPeers();
  await generatePrisma();
  await installFastapi();
  // Only now, because it needs what has been installed.
  const { runRace, TASKS } = await import('./race/race.ts');
  const { PEERS } = await import('./race/all-peers.ts');
  const begun = performance.now();
  const directory = await mkdtemp(join(tmpdir(), 'onetrip-race-'));
  atEnd('the scratch directory', () => rm(directory, { recursive: true, force: true }));
  const { measured, rounds, sliceMs, notes, memory } = await runRace(directory, options);
  progress('Stopping');
  const peers = PEERS.map(({ name }) => name);
  const report: Report = {
    ...{ at: new Date().toISOString(), quick: options.quick, node: process.version, machine: machine(), tasks: TASKS },
    ...{ seconds: (performance.now() - begun) / 1000, rounds, sliceMs, part: isPart(options) },
    ...{ measured, goals: goals(measured, peers, { ...(memory ? { memory } : {}) }), notes },
    ...(memory ? { memory } : {}),
  };
  await write(report, peers);
}

function isPart({ only, jobs }: Options): boolean {
  return only !== undefined || jobs.length < Object.keys(JOBS).length;
}

/** A full run replaces the files that are committed; any other one has its own, which are not. */
async function write(report: Report, peers: string[]): Promise<void> {
  await mkdir(results, { recursive: true });
  const name = report.part ? 'part' : report.quick ? 'quick' : 'full';
  const text = markdown(report);
  const ours = ['Onetrip (workerd)', 'Onetrip (Node)'];
  const file = (ending: string) => join(results, `${name}.${ending}`);
  await writeFile(file('json'), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(file('md'), text);
  await writeFile(file('svg'), chart(report.measured, ours, peers, JOBS));
  endProgress();
  console.log(text);
  console.error(`Written to ${results}/${name}.{json,md,svg}`);
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    endProgress();
    void stopAll().then(() => process.exit(130));
  });
}

if (process.argv.includes('--help')) {
  console.log(USAGE);
} else {
  try {
    await main();
  } catch (error) {
    endProgress();
    // What fails because everything is being stopped is no failure of its own.
    if (!isStopping()) console.error((error as Error).message);
    process.exitCode = 1;
  }
  await stopAll();
  process.exit(process.exitCode);
}
