import { connect, parseDatabaseUrl, reach } from '../local/database.ts';
import { print, step } from '../local/terminal.ts';
import { type Move, moveTenant, type Step } from '../move/move.ts';
import type { Shard } from '../move/session.ts';
import { undoMove } from '../move/undo.ts';
import { progressBar } from '../seed/progress-bar.ts';
import { type MoveOptions, readMoveOptions, USAGE } from './move-tenant-options.ts';
import { optionsOrExit } from './options.ts';

/* `npm run move-tenant`: moves a tenant from one database to another. */

const RESUME = 'the same command goes on from here, or --undo takes it back.';

/** @throws Error of one line, without the password */
async function open(name: string, url: string): Promise<Shard> {
  const say = (error: unknown) => new Error((error as Error).message.replace('DATABASE_URL', name), { cause: error });
  try {
    const ways = parseDatabaseUrl(url);
    if (ways.some(({ host }) => host.includes('-pooler.'))) {
      throw new Error('DATABASE_URL is the address of a pooler, which cannot hold the lock: take the direct one.');
    }
    return { name, client: await connect(await reach(ways)) };
  } catch (error) {
    throw say(error);
  }
}

/** A step with a bar. */
const withBar: Step = (doing, work, done) =>
  step(
    doing,
    (show) => {
      let first: { done: number; at: number } | undefined;
      return work((done, all) => {
        first ??= { done, at: performance.now() };
        const seconds = (performance.now() - first.at) / 1000;
        if (all > 0) show(progressBar(done, all, seconds > 0 ? (done - first.done) / seconds : 0));
      });
    },
    done,
  );

/** @throws Error of one line, which names the database whose connection has ended, where that is why */
async function run({ urls, tenantId, to }: MoveOptions): Promise<void> {
  const shards: Shard[] = [];
  const ended = new Set<string>();
  try {
    for (const [name, url] of urls) {
      const shard = await open(name, url);
      // Also of a database that is idle, as long moves leave those that are not moved from or to.
      shard.client.on('error', () => ended.add(name));
      shards.push(shard);
    }
    const move: Move = { shards, tenantId, step: withBar };
    await (to === undefined ? undoMove(move) : moveTenant(move, to));
  } catch (error) {
    if (ended.size === 0) throw error;
    throw new Error(`The connection to ${[...ended].join(', ')} has ended: ${RESUME}`, { cause: error });
  } finally {
    await Promise.all(shards.map(({ client }) => client.end().catch(() => {})));
  }
}

const options = optionsOrExit(USAGE, readMoveOptions);
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // As if it were killed: nothing has to be put in order.
    print(`Stopped: ${RESUME}`, process.stderr);
    process.exit(1);
  });
}
try {
  await run(options);
} catch (error) {
  print((error as Error).message, process.stderr);
  process.exitCode = 1;
}
