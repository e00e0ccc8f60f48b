import { expect, test } from 'vitest';
import { Metrics } from '../../../src/platform/node/metrics.ts';

/** The lines of one metric. */
const linesOf = (text: string, name: string) => text.split('\n').filter((line) => line.includes(name));

test('every line is as the exposition format has it, and every metric is described once', () => {
  const metrics = new Metrics();
  metrics.onRequest('get-tag', 200, 12);
  const lines = metrics.render(0).split('\n');
  expect(lines.pop()).toBe('');
  const sample = /^[a-z_]+(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? \d+(\.\d+)?(e[+-]\d+)?$/;
  for (const line of lines) expect(line).toMatch(line.startsWith('#') ? /^# (HELP|TYPE) [a-z_]+ \S.*$/ : sample);
  const described = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
  expect(new Set(described).size).toBe(described.length);
  const named = lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/(_bucket|_sum|_count)?[{ ].*$/, ''));
  expect(described).toEqual(expect.arrayContaining(named));
});

test('each bucket counts what is at most its bound', () => {
  const metrics = new Metrics();
  for (const ms of [1, 1.1, 3, 99, 19_999, 60_000]) metrics.onRequest('get-tag', 200, ms);
  const lines = linesOf(metrics.render(0), 'onetrip_http_request_duration_seconds_bucket');
  const counts = Object.fromEntries(lines.map((line) => [/le="(.*)"/.exec(line)?.[1], Number(line.split(' ')[1])]));
  expect(counts).toMatchObject({
    '0.001': 1,
    '0.0025': 2,
    '0.005': 3,
    '0.05': 3,
    '0.1': 4,
    '10': 4,
    '20': 5,
    '+Inf': 6,
  });
});

test('what was refused before it reached an endpoint is counted, and has no duration', () => {
  const metrics = new Metrics();
  metrics.onRefusal(431);
  metrics.onRequest(null, 404, 1);
  expect(linesOf(metrics.render(3), 'onetrip_http_requests_')).toEqual(
    expect.arrayContaining([
      'onetrip_http_requests_total{operation="unmatched",status="431"} 1',
      'onetrip_http_requests_total{operation="unmatched",status="404"} 1',
      'onetrip_http_requests_in_flight 3',
    ]),
  );
  expect(linesOf(metrics.render(0), '_count')).toEqual([
    'onetrip_http_request_duration_seconds_count{operation="unmatched"} 1',
  ]);
});
