import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';

/**
 * A new empty directory on a real disk (below SYNCLINE_BENCH_DIR, default /var/tmp), removed when this process ends in whatever
 * way it can notice, also by INT and TERM.
 */
export function benchDirectory(): string {
  const parent = process.env.SYNCLINE_BENCH_DIR ?? '/var/tmp';
  const directory = realpathSync(mkdtempSync(`${parent}/syncline-bench-`));
  made.push(directory);
  return directory;
}

/** A new directory of this name in `parent`; gives its path. */
export function makeDirectory(parent: string, name: string): string {
  mkdirSync(`${parent}/${name}`);
  return `${parent}/${name}`;
}

const made: string[] = [];

process.once('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(status));
