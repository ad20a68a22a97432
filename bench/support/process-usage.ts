import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  /** CPU of the process, of its threads and of the children it has waited for. */
  readonly cpuSeconds: number;
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Usage of a running process so far, from /proc/PID/stat (resolution: one tick, 10 ms). */
export function processUsage(pid: number): ProcessUsage {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold spaces; the fields after it are state (3), ..., utime (14) to cstime (17).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { cpuSeconds: ticks / ticksPerSecond };
}
