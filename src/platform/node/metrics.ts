import { openPools } from '../../http/open-database.ts';
import type { Listener } from '../../telemetry.ts';

/*
 * What the server counts, as Prometheus reads it (https://prometheus.io/docs/instrumenting/exposition_formats/, version
 * 0.0.4). Written here because prom-client, with its two dependencies, has had no release since 2024, and a dozen
 * metrics need little. Labels have few values: an endpoint is its operation id, and a request that no route matches is `unmatched`.
 */

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Upper bounds of the buckets of the histogram (s). */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Durations of one operation. */
interface Histogram {
  /** How many lie in each bucket, those of the buckets below it not counted. */
  counts: number[];
  sum: number;
  count: number;
}

type Labels = Record<string, string>;
type Sample = [labels: Labels, value: number, suffix?: string];

export class Metrics implements Listener {
  /** By operation, then by status. */
  readonly #requests = new Map<string, Map<number, number>>();
  readonly #durations = new Map<string, Histogram>();
  #retries = 0;
  readonly #attempts = { arrived: 0, failed: 0 };

  onRequest(operationId: string | null, status: number, ms: number): void {
    const operation = operationId ?? 'unmatched';
    this.#count(operation, status);
    const durations = this.#durations.get(operation) ?? { counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
    this.#durations.set(operation, durations);
    const bucket = BUCKETS.findIndex((bound) => ms / 1000 <= bound);
    if (bucket >= 0) durations.counts[bucket] = (durations.counts[bucket] ?? 0) + 1;
    durations.sum += ms / 1000;
    durations.count++;
  }

  onRetry(): void {
    this.#retries++;
  }

  onAttempts(result: 'arrived' | 'failed', count: number): void {
    this.#attempts[result] += count;
  }

  /** Counts a request that was no HTTP, was too large or came too slowly, and so has reached no endpoint. */
  onRefusal(status: number): void {
    this.#count('unmatched', status);
  }

  #count(operation: string, status: number): void {
    const byStatus = this.#requests.get(operation) ?? new Map<number, number>();
    this.#requests.set(operation, byStatus);
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }

  /**
   * @param inFlight how many requests are under way
   * @param deliveries those that wait, if this server delivers to webhooks
   */
  render(inFlight: number, deliveries?: { due: number; oldest: number }): string {
    const pools = openPools().map(({ host, role, shard, ...pool }) => ({
      labels: { host, role, ...(shard ? { shard } : {}) },
      ...pool,
    }));
    const { user, system } = process.cpuUsage();
    return [
      metric('onetrip_http_requests_total', 'counter', 'Requests that have been answered.', this.#requestSamples()),
      metric(
        'onetrip_http_request_duration_seconds',
        'histogram',
        'How long requests took, until their response was ready.',
        [...this.#durations].flatMap(([operation, histogram]) => histogramSamples({ operation }, histogram)),
      ),
      metric('onetrip_http_requests_in_flight', 'gauge', 'Requests that are under way.', [[{}, inFlight]]),
      metric(
        'onetrip_database_connections',
        'gauge',
        'Connections that carry a batch, and those that are idle.',
        pools.flatMap(({ labels, total, idle }): Sample[] => [
          [{ ...labels, state: 'in_use' }, total - idle],
          [{ ...labels, state: 'idle' }, idle],
        ]),
      ),
      metric(
        'onetrip_database_connections_max',
        'gauge',
        'How many connections there may be.',
        pools.map(({ labels, max }) => [labels, max]),
      ),
      metric(
        'onetrip_database_batches_waiting',
        'gauge',
        'Batches that wait for a connection.',
        pools.map(({ labels, waiting }) => [labels, waiting]),
      ),
      metric(
        'onetrip_database_retries_total',
        'counter',
        'Batches that were sent again, after a deadlock or serialisation failure.',
        [[{}, this.#retries]],
      ),
      ...(deliveries ? this.#deliveryMetrics(deliveries) : []),
      metric('process_cpu_seconds_total', 'counter', 'Processor time of the server.', [[{}, (user + system) / 1e6]]),
      metric('process_resident_memory_bytes', 'gauge', 'Memory of the server.', [[{}, process.memoryUsage.rss()]]),
      metric('process_start_time_seconds', 'gauge', 'When the server was started.', [
        [{}, performance.timeOrigin / 1000],
      ]),
    ].join('');
  }

  #deliveryMetrics({ due, oldest }: { due: number; oldest: number }): string[] {
    return [
      metric('onetrip_webhook_attempts_total', 'counter', 'Attempts at deliveries to webhooks, of this server.', [
        [{ result: 'arrived' }, this.#attempts.arrived],
        [{ result: 'failed' }, this.#attempts.failed],
      ]),
      metric('onetrip_webhook_deliveries_due', 'gauge', 'Deliveries that are due, up to 10 000, of all servers.', [
        [{}, due],
      ]),
      metric('onetrip_webhook_oldest_due_seconds', 'gauge', 'For how long the oldest of them has been due.', [
        [{}, oldest],
      ]),
    ];
  }

  #requestSamples(): Sample[] {
    return [...this.#requests].flatMap(([operation, byStatus]) =>
      [...byStatus].map(([status, count]): Sample => [{ operation, status: String(status) }, count]),
    );
  }
}

function histogramSamples(labels: Labels, { counts, sum, count }: Histogram): Sample[] {
  let below = 0;
  const buckets = BUCKETS.map((bound, i): Sample => {
    below += counts[i] ?? 0;
    return [{ ...labels, le: String(bound) }, below, '_bucket'];
  });
  return [...buckets, [{ ...labels, le: '+Inf' }, count, '_bucket'], [labels, sum, '_sum'], [labels, count, '_count']];
}

function metric(name: string, type: 'counter' | 'gauge' | 'histogram', help: string, samples: Sample[]): string {
  const lines = samples.map(([labels, value, suffix = '']) => `${name}${suffix}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
