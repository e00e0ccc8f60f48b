import type { CourierConfig } from '../config/courier.ts';
import { Database } from '../db/client/database.ts';
import { type ClaimedDelivery, claimDeliveries } from '../db/queries/webhooks/claim-deliveries.ts';
import { type Attempt, type Pause, recordAttempts } from '../db/queries/webhooks/record-attempts.ts';
import { telemetry } from '../telemetry.ts';
import { ANSWER_TIMEOUT_MS, attemptDelivery, type Outcome } from './attempt.ts';
import type { Post } from './post.ts';

/** After which failed attempt how long it takes to the next (s): 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. */
export const RETRY_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** How many deliveries are under way at a time: a Worker has six connections, and needs one for the database. */
const CONCURRENCY = 5;

/** How long a run goes on (ms), so that it fits into the time that any platform gives it. */
const RUN_MS = 60_000;

/** What a test changes. */
export interface DeliverOptions {
  post: Post;
  /** How far the clock is ahead of the database's (ms). */
  ahead?: number;
  /** How long a receiver may take (ms). */
  timeoutMs?: number;
  /** Ends the run after what is under way. */
  signal?: AbortSignal | undefined;
}

/** What a run has done. */
export interface Delivered {
  arrived: number;
  failed: number;
  /** When there is something to be done again, in seconds from now. */
  again: Set<number>;
}

/**
 * Delivers what is due of one tenant until there is no more, or a minute is over. What fails is tried again later; until then
 * nothing else is sent to its webhook in this run, so that a receiver that hangs holds up nobody else for longer than one
 * answer may take. Several runs at once do not meet in a delivery.
 */
export async function deliverTenant(
  config: CourierConfig,
  tenantId: string,
  { post, ahead = 0, timeoutMs = ANSWER_TIMEOUT_MS, signal }: DeliverOptions,
): Promise<Delivered> {
  const requestId = crypto.randomUUID();
  const open = () =>
    new Database(config.database, { platform: true, actor: 'webhooks', requestId, operationId: 'deliver-webhooks' });
  const done: Delivered = { arrived: 0, failed: 0, again: new Set() };
  const failing = new Set<string>();
  const end = performance.now() + RUN_MS;
  for (;;) {
    const isOver = performance.now() > end || signal?.aborted;
    if (isOver) done.again.add(0);
    const claim = { limit: CONCURRENCY, except: [...failing], ahead };
    const claimed = isOver ? [] : await claimDeliveries(open(), tenantId, claim);
    if (claimed.length === 0) return done;
    const outcomes = await Promise.all(
      claimed.map(async (delivery) => ({
        delivery,
        outcome: await attemptDelivery(config, tenantId, delivery, post, timeoutMs),
      })),
    );
    const attempts = outcomes.map(({ delivery, outcome }) => attemptOf(delivery, outcome));
    await recordAttempts(open(), tenantId, attempts, pausesOf(outcomes), ahead);
    for (const [index, { hasArrived, retryIn }] of attempts.entries()) {
      const result = hasArrived ? 'arrived' : 'failed';
      telemetry.onAttempts(result, 1);
      done[result]++;
      if (hasArrived) continue;
      failing.add(claimed[index]?.webhook_id ?? '');
      // The others that wait for this webhook are not held up until this one is due again.
      done.again.add(retryIn).add(RETRY_SECONDS[0] ?? 0);
    }
  }
}

const hasArrived = ({ answer }: Outcome) => answer !== undefined && answer.status >= 200 && answer.status < 300;

function attemptOf({ id, attempt }: ClaimedDelivery, outcome: Outcome): Attempt {
  const { ms, answer, error = null } = outcome;
  return {
    ...{ id, attempt, ms, error, hasArrived: hasArrived(outcome) },
    ...{ httpStatus: answer?.status ?? null, response: answer?.response ?? null },
    // After the last attempt the webhook is paused: once it is resumed, it is due at once.
    retryIn: RETRY_SECONDS[attempt - 1] ?? 0,
  };
}

/** The webhooks that nothing more is sent to until somebody resumes them. */
function pausesOf(outcomes: { delivery: ClaimedDelivery; outcome: Outcome }[]): Pause[] {
  return outcomes.flatMap(({ delivery: { webhook_id: webhookId, attempt }, outcome }) => {
    if (hasArrived(outcome)) return [];
    if (outcome.answer?.status === 410) return [{ webhookId, reason: 'The receiver has answered 410 Gone.' }];
    if (attempt <= RETRY_SECONDS.length) return [];
    const last = outcome.answer ? `The last one was answered ${outcome.answer.status}.` : outcome.error;
    return [{ webhookId, reason: `${attempt} attempts at a delivery were in vain. ${last}` }];
  });
}
