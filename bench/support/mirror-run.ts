import { rmSync } from 'node:fs';
import { compareTrees } from '../../test/support/compare-trees.ts';
import { projectRoot } from '../../test/support/project-root.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { makeDirectory } from './bench-directory.ts';
import { lsyncdMirror } from './lsyncd.ts';
import { median } from './statistics.ts';
import { Subject } from './subject.ts';
import { until } from './until.ts';

export type Mirror = 'syncline' | 'syncline --direct' | 'lsyncd' | 'lsyncd -direct';

export interface MirrorRun {
  readonly mirror: Mirror;
  /** A directory in which `source` and `target` are made and removed again. */
  readonly directory: string;
  readonly delaySeconds: number;
  /** Fills the source before the start. */
  readonly prepare: (source: string) => void;
  /** What is measured begins with this. `time` counts from 0 to `times` - 1. */
  readonly change: (source: string, time: number) => void;
  /** True as soon as the target has it; cheap, for it is asked every few milliseconds. */
  readonly arrived: (target: string, time: number) => boolean;
  /** How often the change is made, each after the arrival of the last (default 1). */
  readonly times?: number;
  readonly deadlineMs?: number;
}

export interface MirrorCost {
  /** From the beginning of `change` to `arrived`: the median over the times. */
  readonly seconds: number;
  /** For each time: CPU of the mirror and of all children it has waited for, from before the first change until it rests again. */
  readonly cpuSeconds: number;
}

/** The command line of a mirror with the attributes of `rsync -a`. */
export function mirrorCommand(run: Pick<MirrorRun, 'mirror' | 'directory' | 'delaySeconds'>): string[] {
  const [source, target] = [`${run.directory}/source`, `${run.directory}/target`];
  if (run.mirror === 'lsyncd' || run.mirror === 'lsyncd -direct') {
    const way = run.mirror === 'lsyncd' ? 'rsync' : 'direct';
    return lsyncdMirror(`${run.directory}/lsyncd.lua`, source, target, run.delaySeconds, way);
  }
  const direct = run.mirror === 'syncline' ? [] : ['--direct'];
  const delay = ['--delay', String(run.delaySeconds)];
  return [process.execPath, `${projectRoot}/dist/cli.js`, 'mirror', ...direct, ...delay, source, target];
}

/**
 * What a mirror costs for one change of a tree that it holds in sync already. Asserts that the trees are equal before and after;
 * rejects when they are not within the deadline (default 120 s).
 */
export async function measureMirror(run: MirrorRun): Promise<MirrorCost> {
  const [source, target] = [makeDirectory(run.directory, 'source'), makeDirectory(run.directory, 'target')];
  const { deadlineMs = 120_000, times = 1 } = run;
  const equal = (): boolean =>
    compareTrees(pathFromText(source), pathFromText(target), { maxDifferences: 1 }).length === 0;
  const notEqual = (): string => 'the target was not equal';
  run.prepare(source);
  const subject = new Subject(mirrorCommand(run));
  try {
    await until(equal, deadlineMs, 500, notEqual);
    await subject.atRest();
    const cpuBefore = subject.cpuSeconds();
    const seconds: number[] = [];
    for (let time = 0; time < times; time++) {
      const start = performance.now();
      run.change(source, time);
      await until(() => run.arrived(target, time), deadlineMs, 2, notEqual);
      seconds.push((performance.now() - start) / 1000);
    }
    await subject.atRest();
    const cpuSeconds = (subject.cpuSeconds() - cpuBefore) / times;
    await until(equal, deadlineMs, 500, notEqual);
    return { seconds: median(seconds), cpuSeconds };
  } finally {
    await subject.end();
    for (const path of [source, target]) rmSync(path, { recursive: true });
  }
}
