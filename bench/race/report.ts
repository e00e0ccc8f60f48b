import { cpus, totalmem } from 'node:os';
import type { Goal, Measured } from './goals.ts';
import { JOBS, type Job } from './jobs.ts';
import type { Numbers } from './measure.ts';

/** One run of the race. */
export interface Report {
  at: string;
  quick: boolean;
  node: string;
  machine: string;
  tasks: number;
  /** Wall time (s). */
  seconds: number;
  rounds: number;
  /** The shortest and the longest (ms). */
  sliceMs: [number, number];
  /** Whether not all jobs were done, or not by all. */
  part: boolean;
  measured: Measured;
  goals: Goal[];
  memory?: { requests: number; api: number; empty: number };
  /** Why somebody did not take part. */
  notes: string[];
}

/** What the numbers were measured on. */
export function machine(): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model.trim() || 'CPU'}, ${gigabytes} GB`;
}

/** Two or three digits that mean something. */
function rounded(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function row({ perSecond, p50, p99, cpu, postgresCpu }: Numbers): string {
  const time = Number.isFinite(cpu) ? `${rounded(cpu)} (${rounded(postgresCpu)})` : '–';
  return [perSecond, p50, p99].map(rounded).concat(time).join(' | ');
}

function table(title: string, numbers: Record<string, Numbers>): string {
  const head = '| | per second | p50 ms | p99 ms | CPU ms (PostgreSQL’s) |\n|---|--:|--:|--:|--:|';
  const rows = Object.entries(numbers).map(([name, values]) => `| ${name} | ${row(values)} |`);
  return `### ${title}\n\n${head}\n${rows.join('\n')}\n`;
}

/** The whole report, in Markdown. */
export function markdown(report: Report): string {
  const { measured, goals: all, quick, seconds, rounds, sliceMs, tasks } = report;
  const jobs = (Object.keys(JOBS) as Job[]).filter((job) => measured[job]);
  const shown = all.filter(({ reached }) => reached !== undefined || !report.part);
  return [
    '# The race\n',
    `${report.at.slice(0, 10)}, ${report.machine}, Node ${report.node}; ${tasks} tasks, ` +
      `${rounds} rounds of ${sliceMs.join(' to ')} ms for each${quick ? ' (`--quick`)' : ''}; ${Math.round(seconds)} s in all.`,
    'Medians over the rounds. The processor time is that of an operation in all processes that serve it; in brackets ' +
      'PostgreSQL’s part of it. What is measured how, and what favours whom: [bench/README.md](../README.md).\n',
    ...report.notes.map((note) => `- ${note}`),
    ...jobs.map((job) => table(`${job}: ${JOBS[job]}`, measured[job] ?? {})),
    ...(measured.limits ? [table('Limits beside A: its parts, with nothing around them', measured.limits)] : []),
    ...(measured.large ? [table('A, by how many tasks there are', measured.large)] : []),
    '### Goals\n',
    'Of throughput and processor time, the ratio that is worse for Onetrip.\n',
    '| | goal | measured | |\n|---|--:|--:|---|',
    ...shown.map(({ name, bound, goal, measured: value, reached }) => {
      const verdict = reached === undefined ? 'not measured' : reached ? 'reached' : '**not reached**';
      return `| ${name} | ${bound === 'at least' ? '≥' : '≤'} ${goal} | ${rounded(value)} | ${verdict} |`;
    }),
    '',
  ].join('\n');
}
