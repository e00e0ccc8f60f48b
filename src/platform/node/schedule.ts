import { setTimeout as sleep } from 'node:timers/promises';
import type { Bindings } from '../../config/bindings.ts';
import { log } from '../../log.ts';
import { purge } from '../../scheduled/purge.ts';

/** The first purge comes within ten minutes of the start, at a random time, so that servers that start together do not meet. */
const FIRST_WITHIN_MS = 10 * 60_000;
/** From the end of a purge to the next. */
const INTERVAL_MS = 60 * 60_000;

/**
 * Purges hourly until the signal comes. Several servers may do so: runs that meet do each other no harm, and whoever
 * comes second finds nothing left.
 * @returns when the last run has ended
 */
export async function purgeRegularly(bindings: Bindings, signal: AbortSignal): Promise<void> {
  let pause = Math.random() * FIRST_WITHIN_MS;
  for (;;) {
    await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    await purge(bindings, signal).catch((error: Error) => log('error', 'purge_failed', { error: error.name }));
    pause = INTERVAL_MS;
  }
}
