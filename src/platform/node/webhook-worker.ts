import { setTimeout as sleep } from 'node:timers/promises';
import type { Bindings, WebhookMessage, WebhookQueue } from '../../config/bindings.ts';
import { depth, handleMessage, logFailure, sweep } from '../../webhooks/queue.ts';
import { nodePost } from './post.ts';

/** How many tenants are delivered to at a time. */
const MAX_TENANTS = 4;
/** How often it is looked for what nobody has told of (ms): what another server has left behind, or a restart of this one. */
const SWEEP_MS = 60_000;

export interface WebhookWorker {
  /** Tells the worker, as a queue would. */
  queue: WebhookQueue;
  /** What waited when it was last looked. */
  depth(): { due: number; oldest: number };
  /** Resolves once the signal has come and what was under way has ended. */
  ended: Promise<void>;
}

/**
 * Delivers to webhooks in this process until the signal comes. Its queue is in memory: what is lost with the process is found
 * in the database by whichever server looks next.
 */
export function startWebhookWorker(environment: Bindings, signal: AbortSignal): WebhookWorker {
  /** Tenants to be begun with, and what the message has said. */
  const waiting = new Map<string, WebhookMessage>();
  const running = new Map<string, Promise<void>>();
  /** The next time at which each tenant has something due, as far as that is known. Later ones are found by the sweep. */
  const alarms = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  const post = nodePost(environment.DEVELOPMENT === 'true');
  let found = { due: 0, oldest: 0 };

  const queue: WebhookQueue = {
    send: async ({ due: _, ...message }, { delaySeconds = 0 } = {}) => {
      if (delaySeconds > 0) setAlarm(message, delaySeconds * 1000);
      else deliver(message);
    },
  };
  const bindings = { ...environment, WEBHOOK_QUEUE: queue };
  const options = { post, signal, maxDelaySeconds: Number.POSITIVE_INFINITY };

  function setAlarm({ tenant_id: tenantId, shard }: WebhookMessage, ms: number): void {
    const at = Date.now() + ms;
    const known = alarms.get(tenantId);
    if (known && known.at <= at) return;
    clearTimeout(known?.timer);
    const timer = setTimeout(() => {
      alarms.delete(tenantId);
      deliver({ tenant_id: tenantId, ...(shard ? { shard } : {}) });
    }, ms).unref();
    alarms.set(tenantId, { at, timer });
  }

  /** Begins with a tenant, or has it begun with once there is room, and once its run that is under way has ended. */
  function deliver(message: WebhookMessage): void {
    // What is to be left out for now still is where a change has been announced meanwhile.
    const known = waiting.get(message.tenant_id);
    if (!known || message.except) waiting.set(message.tenant_id, message);
    begin();
  }

  function begin(): void {
    for (const [next, message] of waiting) {
      if (signal.aborted || running.size >= MAX_TENANTS) return;
      if (running.has(next)) continue;
      waiting.delete(next);
      const run = handleMessage(bindings, message, options)
        .catch(logFailure)
        .finally(() => {
          running.delete(next);
          begin();
        });
      running.set(next, run);
    }
  }

  async function look(): Promise<void> {
    while (!signal.aborted) {
      await sweep(bindings, options).catch(logFailure);
      await depth(bindings).then((now) => {
        found = now;
      }, logFailure);
      await sleep(SWEEP_MS, undefined, { signal, ref: false }).catch(() => {});
    }
    for (const { timer } of alarms.values()) clearTimeout(timer);
    await Promise.all(running.values());
  }

  return { queue, depth: () => found, ended: look() };
}
