import { Problem } from '../../problem.ts';
import { timedOut } from './errors.ts';

/*
 * How much of the database one tenant may have at a time, in this process or isolate. Without a bound the requests of one
 * tenant, which may all be waiting for one lock, hold every connection there is, and everybody else waits with them.
 */

/** Batches of one tenant under way: half of the 20 connections that Neon's proxy keeps for SQL over HTTP. */
export const MAX_RUNNING = 10;

/** Batches of one tenant that wait until one of those ends, and for how long they do (ms). */
export const MAX_WAITING = 100;
export const MAX_WAIT = 5000;

/** How often one that waits looks whether it is its turn (ms): one of the next that can be, and one further behind. */
const POLL = { next: 5, behind: 20 };

/**
 * After this long (ms) a place is free again, whoever has it: longer than a request may take in the database, or may wait.
 * A runtime can end a request so abruptly that it does not give its place back.
 */
export const LEASE = { running: 30_000, waiting: MAX_WAIT + 1000 };

interface Place {
  /** {@link performance.now} */
  until: number;
}

/** Sets keep the order in which they were filled. */
type Places = Record<keyof typeof LEASE, Set<Place>>;

const tenants = new Map<string, Places>();

/**
 * Does a tenant's work as soon as fewer than {@link MAX_RUNNING} others of the same tenant are under way, first come,
 * first served.
 *
 * Whoever waits looks by itself, again and again, and places are plain values: a Worker may not wait for what another
 * request does, and that request may be gone.
 * @param signal gives up the wait
 * @param isSecond whether the same request has had its turn before: it goes on at once, for it would lose what it has done
 * @throws Problem `rate_limited` where too many wait already or it took too long, `timeout` where the signal gave up
 */
export async function whenFree<T>(
  tenantId: string,
  { signal, isSecond = false }: { signal: AbortSignal; isSecond?: boolean },
  work: () => Promise<T>,
): Promise<T> {
  const places: Places = tenants.get(tenantId) ?? { running: new Set(), waiting: new Set() };
  tenants.set(tenantId, places);
  let place: Place | undefined;
  try {
    place =
      isSecond || hasRoom(places, places.waiting.size) ? take(places, 'running') : await nextPlace(places, signal);
    return await work();
  } finally {
    if (place) places.running.delete(place);
    if (places.running.size + places.waiting.size === 0) tenants.delete(tenantId);
  }
}

/** Stands in line until it is one's turn. */
async function nextPlace(places: Places, signal: AbortSignal): Promise<Place> {
  if (places.waiting.size >= MAX_WAITING) throw tooMany();
  const mine = take(places, 'waiting');
  try {
    const deadline = performance.now() + MAX_WAIT;
    while (performance.now() < deadline) {
      const ahead = [...places.waiting].indexOf(mine);
      if (hasRoom(places, ahead)) return take(places, 'running');
      const pause = ahead < MAX_RUNNING ? POLL.next : POLL.behind;
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (signal.aborted) throw timedOut();
    }
    throw tooMany();
  } finally {
    places.waiting.delete(mine);
  }
}

/** Whether there is a place for somebody who has so many `ahead` in the line. */
function hasRoom({ running, waiting }: Places, ahead: number): boolean {
  const now = performance.now();
  for (const places of [running, waiting]) {
    for (const place of places) if (place.until <= now) places.delete(place);
  }
  return running.size + ahead < MAX_RUNNING;
}

function take(places: Places, kind: keyof Places): Place {
  const place = { until: performance.now() + LEASE[kind] };
  places[kind].add(place);
  return place;
}

/** 429, with the quota unit for what is not counted over time (draft-ietf-httpapi-ratelimit-headers-10, `qu`). */
function tooMany(): Problem {
  const detail = `More than ${MAX_RUNNING} requests of this tenant are under way: send fewer at once.`;
  return new Problem('rate_limited', detail, {
    headers: {
      'Retry-After': '1',
      RateLimit: '"concurrency";r=0;t=1',
      'RateLimit-Policy': `"concurrency";q=${MAX_RUNNING};qu="concurrent-requests"`,
    },
  });
}
