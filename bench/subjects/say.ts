import { writeSync } from 'node:fs';

/** One JSON object a line to standard output, at once: how a subject answers the bench that runs it. */
export function say(message: Readonly<Record<string, number | boolean | string>>): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

/** CPU seconds of this process, all threads, since `since` (a value of `process.cpuUsage()`). */
export function cpuSecondsSince(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}
