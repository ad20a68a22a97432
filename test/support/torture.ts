import { mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { Activity } from './activity/activity.ts';
import { compareTrees } from './compare-trees.ts';
import type { ProcessExit } from './live-process.ts';
import { LIVE_DEADLINE_MS, LiveProcess } from './live-process.ts';
import { SeededRandom } from './seeded-random.ts';

export interface TortureOptions {
  readonly seed: number;
  /** The command line of a mirror that runs until it gets TERM. All directories exist, those to mirror to are empty. */
  readonly mirror: (source: string, target: string, around: TreeAround) => readonly string[];
  /** False: permission bits need not be equal. */
  readonly modes?: boolean;
  /** `around` is mirrored as well. */
  readonly mirrorsAround?: boolean;
  /** Operations after the start of the mirror (default 600: about three seconds). */
  readonly operations?: number;
  /** How long the trees may stay different after the last operation (default 90,000). */
  readonly deadlineMs?: number;
  readonly hostileShare?: number;
  readonly without?: readonly string[];
  /** Where the trees are made (default: the system's temporary directory). They are removed, but for a failure with `keep`. */
  readonly parent?: string;
  readonly keep?: boolean;
}

/** The tree that holds the source and the place to which things are moved out of it, and where that may be mirrored to. */
export interface TreeAround {
  readonly tree: string;
  readonly copy: string;
}

export interface TortureReport {
  readonly seed: number;
  /** Between source and target when the deadline came, or after the mirror's end; empty is what is wanted. */
  readonly differences: readonly string[];
  /** What the mirror changed in a directory that only symlinks lead to; empty is what is wanted. */
  readonly harm: readonly string[];
  readonly exit: ProcessExit;
  /** True when the mirror ended before it was told to. */
  readonly endedEarly: boolean;
  /** Ids of processes that outlived the mirror. */
  readonly survivors: readonly number[];
  /** From the last operation to the moment the trees were equal. */
  readonly settledMs: number;
  readonly output: string;
  /** Where the trees are, if they were kept. */
  readonly directory: string;
}

/**
 * Runs a mirror against random activity, before its start, during its first sync and while it is live, waits for the trees to be equal,
 * and ends it with TERM. Everything that goes wrong is in the report; throws only when the test itself is broken.
 */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const directory = mkdtempSync(`${options.parent ?? tmpdir()}/torture-${options.seed}-`);
  const at = (name: string): string => `${directory}/${name}`;
  const [decoy, decoyCopy] = [at('decoy'), at('decoy-copy')];
  const around = { tree: at('around'), copy: at('around-copy') };
  const [source, target, outside] = [at('around/source'), at('target'), at('around/outside')];
  for (const path of [around.tree, around.copy, source, target, outside, decoy, decoyCopy]) mkdirSync(path);
  const differences = (maxDifferences?: number): readonly string[] => {
    const limit = {
      modes: options.modes ?? true,
      ...(maxDifferences === undefined ? {} : { maxDifferences }),
    };
    const found = compareTrees(pathFromText(source), pathFromText(target), limit);
    if (options.mirrorsAround !== true || found.length > 0) return found;
    return compareTrees(pathFromText(around.tree), pathFromText(around.copy), limit);
  };
  for (const path of [decoy, decoyCopy]) {
    mkdirSync(`${path}/a`);
    for (const made of [`${path}/a`, path]) utimesSync(made, 1, 1);
  }
  const random = new SeededRandom(options.seed ^ 0x5eed);
  const activity = new Activity({
    ...options,
    source: pathFromText(source),
    outside: pathFromText(outside),
    decoy: pathFromText(decoy),
  });
  await activity.run(random.integer(0, 150), true);
  const mirror = new LiveProcess(options.mirror(source, target, around));
  try {
    // Some seeds act through the first sync, some find the mirror at rest.
    if (random.chance(0.5)) await pause(random.integer(300, 1500));
    await activity.run(options.operations ?? 600);
    const settledMs = await settle(() => differences(1).length === 0, mirror, options.deadlineMs ?? 90_000);
    const endedEarly = !mirror.running;
    const exit = await mirror.end('SIGTERM', LIVE_DEADLINE_MS);
    const harm = compareTrees(pathFromText(decoyCopy), pathFromText(decoy)).filter(
      (line) => !line.startsWith('.: '),
    );
    const { seed } = options;
    return {
      seed,
      differences: differences(),
      harm,
      exit,
      endedEarly,
      survivors: mirror.family(),
      settledMs,
      output: mirror.output,
      directory,
    };
  } finally {
    activity.close();
    mirror.killFamily();
    if (options.keep !== true) rmSync(directory, { recursive: true, force: true });
  }
}

/** Waits until the trees are equal, the mirror is gone or the deadline has come; gives the time it took in milliseconds. */
async function settle(isEqual: () => boolean, mirror: LiveProcess, deadlineMs: number): Promise<number> {
  const start = performance.now();
  while (!isEqual()) {
    if (!mirror.running || performance.now() - start > deadlineMs) break;
    await pause(100);
  }
  return performance.now() - start;
}

/** True when the mirror kept every promise: equal trees, no harm, ended by our TERM with 143, no process left. */
export function passed(report: TortureReport): boolean {
  return (
    report.differences.length === 0 &&
    report.harm.length === 0 &&
    !report.endedEarly &&
    report.exit.code === 143 &&
    report.survivors.length === 0
  );
}
