import { DatabaseError } from './errors.ts';

/*
 * How many batches one tenant may have under way at a time, in this process or isolate. Without a bound the requests of
 * one tenant, which may all wait for one lock, could hold every connection to the database, and all other tenants would
 * wait with them.
 */

/** Batches of one tenant under way: half of the 20 connections that Neon's proxy keeps for SQL over HTTP. */
export const MAX_RUNNING = 10;

/** The same where a process has a pool of so many connections: of a small one, half, so that others have the rest. */
export function maxRunning(connections = 2 * MAX_RUNNING): number {
  return Math.min(MAX_RUNNING, Math.ceil(connections / 2));
}

/** Batches of one tenant that wait until one of those ends, and for how long they wait (ms). */
export const MAX_WAITING = 100;
export const MAX_WAIT_MS = 5000;

/** How often a waiting batch looks whether it is its turn (ms): less often while it is far back in the queue. */
const POLL_MS = { next: 5, behind: 20 };

/**
 * After this long (ms) a slot counts as free again: it is longer than a request may run in the database, or may wait. A
 * runtime can end a request so abruptly that it does not give its slot back.
 */
export const LEASE_MS = { running: 30_000, waiting: MAX_WAIT_MS + 1000 };

interface Slot {
  /** When the slot counts as free, as {@link performance.now} tells the time. */
  expiresAt: number;
}

/** Sets keep the order in which they were filled. */
type Slots = Record<keyof typeof LEASE_MS, Set<Slot>>;

const slotsByTenant = new Map<string, Slots>();

/**
 * Runs a tenant's batch as soon as fewer than `max` others of the same tenant are under way, first come,
 * first served.
 *
 * A waiting batch polls, and slots are plain values, because a Worker may not await what another request does.
 * @param signal gives up the wait
 * @param isSecond whether the same request has run a batch before: it does not wait, because giving up now would waste
 *   its first batch
 * @param max see {@link maxRunning}
 * @throws DatabaseError `too_many_batches` where too many wait already or it took too long, `timeout` where the signal
 *   gave up
 */
export async function runWhenFree<T>(
  tenantId: string,
  { signal, isSecond = false, max = MAX_RUNNING }: { signal: AbortSignal; isSecond?: boolean; max?: number },
  batch: () => Promise<T>,
): Promise<T> {
  const slots: Slots = slotsByTenant.get(tenantId) ?? { running: new Set(), waiting: new Set() };
  slotsByTenant.set(tenantId, slots);
  let slot: Slot | undefined;
  try {
    const isFree = isSecond || hasRoom(slots, slots.waiting.size, max);
    slot = isFree ? take(slots, 'running') : await waitForSlot(slots, signal, max);
    return await batch();
  } finally {
    if (slot) slots.running.delete(slot);
    if (slots.running.size + slots.waiting.size === 0) slotsByTenant.delete(tenantId);
  }
}

async function waitForSlot(slots: Slots, signal: AbortSignal, max: number): Promise<Slot> {
  if (slots.waiting.size >= MAX_WAITING) throw new DatabaseError({ kind: 'too_many_batches', max });
  const own = take(slots, 'waiting');
  try {
    const deadline = performance.now() + MAX_WAIT_MS;
    while (performance.now() < deadline) {
      const ahead = [...slots.waiting].indexOf(own);
      if (hasRoom(slots, ahead, max)) return take(slots, 'running');
      const pause = ahead < MAX_RUNNING ? POLL_MS.next : POLL_MS.behind;
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (signal.aborted) throw new DatabaseError({ kind: 'timeout' });
    }
    throw new DatabaseError({ kind: 'too_many_batches', max });
  } finally {
    slots.waiting.delete(own);
  }
}

/** Whether a batch that has so many others `ahead` in the queue can run now. */
function hasRoom({ running, waiting }: Slots, ahead: number, max: number): boolean {
  const now = performance.now();
  for (const slots of [running, waiting]) {
    for (const slot of slots) if (slot.expiresAt <= now) slots.delete(slot);
  }
  return running.size + ahead < max;
}

function take(slots: Slots, kind: keyof Slots): Slot {
  const slot = { expiresAt: performance.now() + LEASE_MS[kind] };
  slots[kind].add(slot);
  return slot;
}
