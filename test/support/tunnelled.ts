import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from './compare-trees.ts';
import type { LiveConfig } from './live-config.ts';
import { LIVE_DEADLINE_MS } from './live-process.ts';
import type { TempDir } from './temp-dir.ts';

/** A tunnel that cannot come up must not hold up the end: TERM, KILL a second later, and 5 s for what is pending: far below what it would wait for. */
const END_MS = 40_000;

/** Waits until `copy` of this directory is equal to the source `src`. */
export async function untilEqual(live: LiveConfig, directory: TempDir): Promise<void> {
  await live.until(
    () =>
      compareTrees(pathFromText(live.directory.at('src')), pathFromText(directory.at('copy'))).length === 0,
    'equal trees',
  );
}

/** Waits until the status of the first target says that it waits, and why. */
export async function untilWaiting(live: LiveConfig, message: string): Promise<void> {
  await live.until(() => {
    const status = statusOf(live);
    return status?.state === 'waiting' && status.message === message;
  }, `the state, ${message}`);
}

export async function endsWithNothingLeft(live: LiveConfig): Promise<void> {
  const startedMs = performance.now();
  expect((await live.process.end('SIGTERM', LIVE_DEADLINE_MS)).code).toBe(143);
  expect(performance.now() - startedMs).toBeLessThan(END_MS);
  expect(live.process.family()).toEqual([]);
}

interface Status {
  readonly targets: readonly {
    readonly state: string;
    readonly message?: string;
    readonly pending: number;
  }[];
}

/** Of the first target, as the status file `status.json` has it. */
export function statusOf(live: LiveConfig): Status['targets'][number] | undefined {
  const file = live.directory.at('status.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Status).targets[0] : undefined;
}
