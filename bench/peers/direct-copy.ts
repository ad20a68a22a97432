/**
 * How fast is the file engine of --direct beside the programs that do one part of its work: `cp -a` and `rsync -a` (10,000
 * new files of 1 KB in 100 directories; 4 GB in 16 files), `rm -rf` and `rsync -a --delete` (a tree of 50,000 files)? Wall
 * time of the work in a process that has started already; the programs' own start counts for them, a few milliseconds.
 * Every copy is compared with its source. Bars: 1.2 × cp -a, 1.2 × rm -rf, and for large files 1.1 × cp -a.
 * SYNCLINE_BENCH_SCALE=0.01 makes all of it smaller.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { compareTrees } from '../../test/support/compare-trees.ts';
import { projectRoot } from '../../test/support/project-root.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import { runNative } from '../support/native-program.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';
import { Subject } from '../support/subject.ts';

const scale = Number(process.env.SYNCLINE_BENCH_SCALE ?? 1);
const directory = benchDirectory();
const PART = Buffer.alloc(1024 * 1024, 'syncline');

/** One of those compared: makes `target` equal to `source`; resolves with the seconds that took. */
type Copier = (source: string, target: string) => Promise<number>;

function program(command: string, ...options: readonly string[]): Copier {
  return (source, target) => {
    const startMs = performance.now();
    execFileSync(command, [...options, `${source}/.`, target], { stdio: ['ignore', 'ignore', 'inherit'] });
    return Promise.resolve((performance.now() - startMs) / 1000);
  };
}

const engine: Copier = async (source, target) => {
  const subjectFile = `${projectRoot}/.cache/bench/bench/subjects/direct-copy.js`;
  const subject = new Subject([process.execPath, subjectFile, source, target]);
  try {
    await subject.ready();
    subject.send('go');
    const { seconds, said } = await subject.message('result', 600_000);
    if (said !== 'delivered') throw new Error(`the file engine: ${said}`);
    return Number(seconds);
  } finally {
    await subject.end();
  }
};

/** What rm(1) leaves when it has made `target` as empty as the source is. */
const removal: Copier = (_source, target) => {
  const names = readdirSync(target).map((name) => `${target}/${name}`);
  const startMs = performance.now();
  execFileSync('rm', ['-rf', ...names]);
  return Promise.resolve((performance.now() - startMs) / 1000);
};

interface Question {
  readonly question: string;
  readonly copiers: Readonly<Record<string, Copier>>;
  /** The name of the one the bar is about. */
  readonly baseline: string;
  readonly atMost: number;
  readonly fillSource: (source: string) => void;
  /** Where the target is to hold something before, too. */
  readonly fillTarget?: (target: string) => void;
}

async function ask({ question, copiers, baseline, atMost, fillSource, fillTarget }: Question): Promise<void> {
  const seconds = new Map(Object.keys(copiers).map((name) => [name, [] as number[]]));
  const source = makeDirectory(directory, 'source');
  fillSource(source);
  // The first round of all warms the caches.
  for (let round = rounds(3); round >= 0; round--) {
    for (const [name, copy] of Object.entries(copiers)) {
      const target = makeDirectory(directory, 'target');
      fillTarget?.(target);
      const taken = await copy(source, target);
      const [difference] = compareTrees(pathFromText(source), pathFromText(target), { maxDifferences: 1 });
      // rm(1) says nothing about the time of what holds the names.
      if (difference !== undefined && !(copy === removal && difference.startsWith('.: ')))
        throw new Error(`${name} left a difference: ${difference}`);
      if (round < rounds(3)) seconds.get(name)?.push(taken);
      rmSync(target, { recursive: true });
    }
  }
  rmSync(source, { recursive: true });
  const values = (name: string): readonly number[] => seconds.get(name) ?? [];
  report({
    question,
    rows: [...seconds].map(([name, each]) => ({ name, values: each, unit: 's wall' })),
    baseline,
    bars: [
      {
        what: `syncline --direct / ${baseline}`,
        value: median(values('syncline --direct')) / median(values(baseline)),
        atMost,
      },
    ],
  });
}

function count(files: number): number {
  return Math.max(100, Math.round(files * scale));
}

const copiers = {
  'syncline --direct': engine,
  'cp -a': program('cp', '-a'),
  'rsync -a': program('rsync', '-a'),
};

await ask({
  question: `${count(10_000)} new files of 1 KB in 100 directories`,
  copiers,
  baseline: 'cp -a',
  atMost: 1.2,
  fillSource: (source) => runNative('storm', source, 'create', 100, count(10_000), 1024),
});

await ask({
  question: `a tree of ${count(50_000)} files in 500 directories deleted`,
  copiers: {
    'syncline --direct': engine,
    'rm -rf': removal,
    'rsync -a --delete': program('rsync', '-a', '--delete'),
  },
  baseline: 'rm -rf',
  atMost: 1.2,
  fillSource: () => undefined,
  fillTarget: (target) => {
    runNative('storm', target, 'create', 500, count(50_000), 0);
  },
});

const LARGE_FILES = 16;
const megabytes = Math.max(2, Math.round(256 * scale));
await ask({
  question: `${LARGE_FILES * megabytes} MB in ${LARGE_FILES} files`,
  copiers,
  baseline: 'cp -a',
  atMost: 1.1,
  fillSource: (source) => {
    for (let number = 0; number < LARGE_FILES; number++) {
      const file = openSync(`${source}/large${number}`, 'w');
      for (let part = 0; part < megabytes; part++) writeSync(file, PART);
      closeSync(file);
    }
  },
});
