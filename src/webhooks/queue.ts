import type { Bindings, WebhookMessage, WebhookQueue } from '../config/bindings.ts';
import { type CourierConfig, readCourierConfigs } from '../config/courier.ts';
import { Database } from '../db/client/database.ts';
import { countDue } from '../db/queries/webhooks/count-due.ts';
import { tenantsWithDue } from '../db/queries/webhooks/tenants-with-due.ts';
import { causeOf, log } from '../log.ts';
import { type DeliverOptions, deliverTenant } from './deliver.ts';

/*
 * What moves a queue between a change and its delivery. A message says no more than that a tenant has something due: what that
 * is stands in the database. So a message that comes twice finds nothing left, and what was due and never came a message for is
 * found by `sweep`, which the schedule runs.
 */

/** The longest time that a message can wait (s): 12 hours in Cloudflare's queues, a quarter of an hour in SQS. */
export interface QueueLimits {
  maxDelaySeconds: number;
}

/** How long a message waits whose tenant is being moved to another database (s). */
const MOVING_SECONDS = 15;

/** How long the search goes on with one tenant where there is no queue (ms). */
const MAX_MS = 60_000;

/** Delivers what a message tells of, and has itself told when there is something to be done again. */
export async function handleMessage(
  bindings: Bindings,
  { except, ...message }: WebhookMessage,
  options: DeliverOptions & QueueLimits,
): Promise<void> {
  const configs = readCourierConfigs(bindings);
  const queue = bindings.WEBHOOK_QUEUE;
  if (message.due !== undefined && message.due > Date.now()) {
    await sendAt(queue, message, message.due, options);
    return;
  }
  const named = configs.filter(({ database }) => database.shard === message.shard);
  // Nothing is due of a tenant in a database that is not its home. One that it has left says where it is.
  for (const config of named.length > 0 ? named : configs) {
    const whose = ofTenant(message.tenant_id, config);
    const { again, resting, elsewhere } = await deliverTenant(
      config,
      message.tenant_id,
      except ? { ...options, except } : options,
    );
    // What was due here is due there.
    if (elsewhere === 'being moved') again.add(MOVING_SECONDS);
    else if (elsewhere) await queue?.send({ tenant_id: message.tenant_id, ...elsewhere });
    // What rests is due by a message of its own.
    if (again.delete(0)) await queue?.send({ ...whose, ...(resting.length > 0 ? { except: resting } : {}) });
    for (const seconds of again) await sendAt(queue, whose, Date.now() + seconds * 1000, options);
  }
}

/** A message of a tenant that is at home in this database. */
function ofTenant(tenantId: string, { database: { shard } }: CourierConfig): WebhookMessage {
  return { tenant_id: tenantId, ...(shard ? { shard } : {}) };
}

async function sendAt(
  queue: WebhookQueue | undefined,
  message: WebhookMessage,
  due: number,
  { maxDelaySeconds }: QueueLimits,
): Promise<void> {
  const ms = due - Date.now();
  // A second more, because a message that comes too early finds nothing due, or has to wait once more.
  const delaySeconds = ms > 0 ? Math.min(Math.ceil(ms / 1000) + 1, maxDelaySeconds) : 0;
  await queue?.send({ ...message, due }, { delaySeconds });
}

/**
 * Finds what is due, whether or not a message has told of it, and has it delivered: by the queue, or where there is none, here.
 * @returns how many tenants had something due
 * @throws the first failure of a database, after all of them have been looked into
 */
export async function sweep(bindings: Bindings, options: DeliverOptions): Promise<number> {
  const failures: unknown[] = [];
  let tenants = 0;
  for (const config of readCourierConfigs(bindings)) {
    await sweepDatabase(bindings, config, options).then(
      (count) => {
        tenants += count;
      },
      (error) => {
        if (config.database.shard) logFailure(error, config);
        failures.push(error);
      },
    );
  }
  log('info', 'webhooks_swept', { tenants });
  if (failures.length > 0) throw failures[0];
  return tenants;
}

async function sweepDatabase(bindings: Bindings, config: CourierConfig, options: DeliverOptions): Promise<number> {
  const tenants = await tenantsWithDue(openCourier(config), options.ahead ?? 0);
  for (const tenantId of tenants) {
    if (options.signal?.aborted) break;
    if (bindings.WEBHOOK_QUEUE) await bindings.WEBHOOK_QUEUE.send(ofTenant(tenantId, config));
    // What fails of one tenant does not hold up the others.
    else await deliverAll(config, tenantId, options).catch((error) => logFailure(error, config));
  }
  return tenants.length;
}

/** Delivers what is due of a tenant, in as many runs as that takes, for a minute. */
async function deliverAll(config: CourierConfig, tenantId: string, options: DeliverOptions): Promise<void> {
  const end = performance.now() + MAX_MS;
  for (let except: string[] = []; performance.now() < end && !options.signal?.aborted; ) {
    const { again, resting } = await deliverTenant(config, tenantId, { ...options, except });
    if (!again.has(0)) return;
    except = resting;
  }
}

/**
 * How many deliveries are due, and for how long the oldest has been (s): what waits although somebody should deliver it. Of
 * several databases, in those that can be asked.
 * @throws the first failure, where none can
 */
export async function depth(bindings: Bindings): Promise<{ due: number; oldest: number }> {
  const results = await Promise.allSettled(
    readCourierConfigs(bindings).map((config) =>
      countDue(openCourier(config)).catch((error) => {
        if (config.database.shard) logFailure(error, config);
        throw error;
      }),
    ),
  );
  const counts = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const [first] = results;
  if (counts.length === 0 && first?.status === 'rejected') throw first.reason;
  return {
    due: counts.reduce((sum, { due }) => sum + due, 0),
    oldest: Math.max(...counts.map(({ oldest }) => oldest)),
  };
}

/** The database, for what is no tenant's. */
function openCourier({ database }: CourierConfig): Database {
  const requestId = crypto.randomUUID();
  return new Database(database, { courier: true, actor: 'webhooks', requestId, operationId: 'sweep-webhooks' });
}

/** Says in the log that delivering has failed; what was due then stays due. */
export function logFailure(error: unknown, config?: CourierConfig): void {
  const shard = config?.database.shard;
  log('error', 'webhooks_failed', { reason: causeOf(error), ...(shard ? { shard } : {}) });
}
