import { readdirSync, readFileSync } from 'node:fs';

/* The processor time of processes, as Linux counts it; other systems have none of this, and their columns stay blank. */

/** Clock ticks per second of /proc: USER_HZ, which is 100 on every platform that Node has binaries for. */
const TICKS = 100;

/** Whether processor time can be read here. */
export const hasCpu = process.platform === 'linux';

interface Stat {
  parent: number;
  /** Of the process itself and of children that have ended (ms). */
  ms: number;
  /** Resident memory (pages). */
  pages: number;
}

/** proc_pid_stat(5). The name, which may have anything in it, ends with the last parenthesis. */
function readStat(pid: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return { parent: Number(fields[1]), ms: (ticks * 1000) / TICKS, pages: Number(fields[21]) };
  } catch {
    return undefined;
  }
}

/** All processes of this machine. */
function allStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(name) : undefined;
    if (stat) stats.set(Number(name), stat);
  }
  return stats;
}

/**
 * Processor time so far of groups of processes: each the named ones with all that descend from them (ms). What a process
 * took before it ended is counted by its parent, so it is not lost.
 */
export function cpuOf(groups: number[][]): number[] {
  if (!hasCpu) return groups.map(() => Number.NaN);
  const stats = allStats();
  return groups.map((roots) => {
    let ms = 0;
    for (const [pid, stat] of stats) if (descends(pid, roots, stats)) ms += stat.ms;
    return ms;
  });
}

function descends(pid: number, roots: number[], stats: Map<number, Stat>): boolean {
  for (let at = pid; at > 1; at = stats.get(at)?.parent ?? 0) if (roots.includes(at)) return true;
  return false;
}

/** Resident memory of one process (MB), or NaN. */
export function memoryOf(pid: number): number {
  const stat = hasCpu ? readStat(String(pid)) : undefined;
  return stat ? (stat.pages * 4096) / 1e6 : Number.NaN;
}
