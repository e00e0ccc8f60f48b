import type { CourierConfig } from '../config/courier.ts';
import { Database } from '../db/client/database.ts';
import {
  type ClaimedDelivery,
  claimDeliveries,
  type Elsewhere,
  LEASE_SECONDS,
} from '../db/queries/webhooks/claim-deliveries.ts';
import { type Attempt, type Pause, recordAttempts } from '../db/queries/webhooks/record-attempts.ts';
import { releaseDeliveries } from '../db/queries/webhooks/release-deliveries.ts';
import { causeOf, log } from '../log.ts';
import { telemetry } from '../telemetry.ts';
import { ANSWER_TIMEOUT_MS, attemptDelivery, type Outcome, openSecrets } from './attempt.ts';
import type { Post } from './post.ts';

/** After which failed attempt how long it takes to the next (s): 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. */
export const RETRY_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** How many deliveries are under way at a time: a Worker has six connections, and needs one for the database. */
const CONCURRENCY = 5;

/** How long a run goes on (ms), so that it fits into the time that any platform gives it. */
const RUN_MS = 60_000;

/** How often a run claims deliveries: each time takes up to 7 requests, and a Worker of the plan Free has 50. */
const MAX_ROUNDS = 6;

/** How long an answer may take (ms) before its webhook rests, so that others of the tenant do not wait for each of its answers. */
const SLOW_MS = 2000;

/** How long a webhook rests whose answers are slow (s). */
const SLOW_REST_SECONDS = 1;

/** What a test changes. */
export interface DeliverOptions {
  post: Post;
  /** How far the clock is ahead of the database's (ms). */
  ahead?: number;
  /** How long a receiver may take (ms). */
  timeoutMs?: number;
  /** Webhooks that nothing is sent to in this run. */
  except?: string[];
  /** Ends the run after what is under way. */
  signal?: AbortSignal | undefined;
}

/** What a run has done. */
export interface Delivered {
  arrived: number;
  failed: number;
  /** When there is something to be done again, in seconds from now. */
  again: Set<number>;
  /** Webhooks that have failed or were slow, which a run that follows at once leaves out. */
  resting: string[];
  /** Where the tenant is, if not at home in this database any more. */
  elsewhere?: Elsewhere | undefined;
}

/**
 * Makes deliveries of what a tenant has in its outbox, and delivers what is due until there is no more, or the run has gone on for long enough. A webhook that has failed
 * or was slow rests for the remainder of the run, and a run ends once a receiver has given no answer, so that one that hangs
 * holds up nobody else for longer than one answer may take. Several runs at once do not meet in a delivery.
 */
export async function deliverTenant(
  config: CourierConfig,
  tenantId: string,
  { post, ahead = 0, timeoutMs = ANSWER_TIMEOUT_MS, except = [], signal }: DeliverOptions,
): Promise<Delivered> {
  const requestId = crypto.randomUUID();
  const open = () =>
    new Database(config.database, { courier: true, actor: 'webhooks', requestId, operationId: 'deliver-webhooks' });
  const again = new Set<number>();
  const resting = new Set(except);
  const done = { arrived: 0, failed: 0 };
  const end = performance.now() + RUN_MS;
  let isOver = false;
  for (let round = 0; !isOver && round < MAX_ROUNDS && performance.now() < end && !signal?.aborted; round++) {
    const limits = { limit: CONCURRENCY, except: [...resting], ahead };
    const { deliveries: claimed, hasMore, elsewhere } = await claimDeliveries(open(), tenantId, limits);
    if (claimed.length === 0 && hasMore !== 'now') {
      if (hasMore === 'later') again.add(1);
      return { ...done, again, resting: [...resting], elsewhere };
    }
    const { ready, unreadable } = await withSecrets(config, tenantId, claimed);
    if (unreadable.length > 0) {
      await releaseDeliveries(open(), tenantId, unreadable);
      for (const { webhook_id } of unreadable) resting.add(webhook_id);
      again.add(LEASE_SECONDS);
    }
    const outcomes = await Promise.all(
      ready.map(async ({ delivery, secrets }) => ({
        delivery,
        outcome: await attemptDelivery(config, delivery, secrets, post, timeoutMs),
      })),
    );
    const attempts = outcomes.map(({ delivery, outcome }) => attemptOf(delivery, outcome));
    if (attempts.length > 0) await recordAttempts(open(), tenantId, attempts, pausesOf(outcomes), ahead);
    for (const { delivery, outcome } of outcomes) {
      const result = hasArrived(outcome) ? 'arrived' : 'failed';
      telemetry.onAttempts(result, 1);
      done[result]++;
      if (outcome.isTimeout) isOver = true;
      if (result === 'failed') {
        // The others that wait for this webhook are not held up until this one is due again.
        again.add(retryAfter(delivery)).add(RETRY_SECONDS[0] ?? 0);
        resting.add(delivery.webhook_id);
        continue;
      }
      if (outcome.ms > SLOW_MS) {
        again.add(SLOW_REST_SECONDS);
        resting.add(delivery.webhook_id);
      }
    }
  }
  again.add(0);
  return { ...done, again, resting: [...resting] };
}

/**
 * Opens the secrets of deliveries. Where one cannot be opened, it is no fault of the receiver's: its delivery is not tried, which
 * the log tells.
 */
async function withSecrets(config: CourierConfig, tenantId: string, claimed: ClaimedDelivery[]) {
  const ready: { delivery: ClaimedDelivery; secrets: string[] }[] = [];
  const unreadable: ClaimedDelivery[] = [];
  for (const delivery of claimed) {
    try {
      ready.push({ delivery, secrets: await openSecrets(config, tenantId, delivery) });
    } catch (error) {
      const { webhook_id } = delivery;
      log('error', 'webhook_secret_unreadable', { tenant: tenantId, webhook_id, reason: causeOf(error) });
      unreadable.push(delivery);
    }
  }
  return { ready, unreadable };
}

/** After the last attempt the webhook is paused: once it is resumed, it is due at once. */
const retryAfter = ({ attempt }: ClaimedDelivery) => RETRY_SECONDS[attempt - 1] ?? 0;

const hasArrived = ({ answer }: Outcome) => answer !== undefined && answer.status >= 200 && answer.status < 300;

function attemptOf(delivery: ClaimedDelivery, outcome: Outcome): Attempt {
  const { id, attempt } = delivery;
  const { ms, answer, error = null } = outcome;
  return {
    ...{ id, attempt, ms, error, hasArrived: hasArrived(outcome) },
    ...{ httpStatus: answer?.status ?? null, response: answer?.response ?? null },
    retryIn: retryAfter(delivery),
  };
}

/** The webhooks that nothing more is sent to until somebody resumes them. */
function pausesOf(outcomes: { delivery: ClaimedDelivery; outcome: Outcome }[]): Pause[] {
  return outcomes.flatMap(({ delivery: { id: deliveryId, webhook_id: webhookId, attempt }, outcome }) => {
    if (hasArrived(outcome)) return [];
    if (outcome.answer?.status === 410)
      return [{ webhookId, deliveryId, attempt, reason: 'The receiver has answered 410 Gone.' }];
    if (attempt <= RETRY_SECONDS.length) return [];
    const last = outcome.answer ? `The last one was answered ${outcome.answer.status}.` : outcome.error;
    return [{ webhookId, deliveryId, attempt, reason: `${attempt} attempts at a delivery were in vain. ${last}` }];
  });
}
