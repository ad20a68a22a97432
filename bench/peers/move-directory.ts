/**
 * What does it cost to move a directory of 100,000 files (SYNCLINE_BENCH_FILES for another number) on a host reached by ssh, delay 0? Seconds from the
 * rename to its arrival, and bytes on the wire, both ways together, until all is delivered. Beside it: the same with `rsync -a --delete` over ssh. Bar:
 * 100 kB, which is less than the list of the names.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from '../../test/support/compare-trees.ts';
import { startCountingProxy } from '../../test/support/counting-proxy.ts';
import { projectRoot } from '../../test/support/project-root.ts';
import { startSshd } from '../../test/support/sshd.ts';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import { runNative } from '../support/native-program.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';
import { Subject } from '../support/subject.ts';

const DEADLINE_MS = 600_000;
const files = Number(process.env.SYNCLINE_BENCH_FILES ?? 100_000);
const directory = benchDirectory();
await using sshd = await startSshd();
await using wire = await startCountingProxy(sshd.port);

interface Trees {
  readonly source: string;
  readonly target: string;
}

interface Cost {
  readonly seconds: number;
  readonly kilobytes: number;
}

/** A mover that has the target equal, and brings it up to date after the rename. */
type Mover = (trees: Trees) => Promise<Cost>;

function isEqual({ source, target }: Trees): boolean {
  return compareTrees(pathFromText(source), pathFromText(target), { maxDifferences: 1 }).length === 0;
}

async function until(condition: () => boolean, everyMs: number): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${DEADLINE_MS} ms`);
    await pause(everyMs);
  }
}

/** Waits until nothing has passed for two seconds: what follows the move, as the times of directories, counts too. */
async function wireAtRest(): Promise<void> {
  for (let last = -1; last !== wire.bytes();) {
    last = wire.bytes();
    await pause(2_000);
  }
}

/** Renames, then waits for what `deliver` does, for the arrival, and for equal trees. */
async function measureMove(trees: Trees, deliver: () => Promise<unknown>): Promise<Cost> {
  const bytesBefore = wire.bytes();
  const start = performance.now();
  renameSync(`${trees.source}/many`, `${trees.source}/elsewhere/moved`);
  await deliver();
  await until(() => existsSync(`${trees.target}/elsewhere/moved/done`), 2);
  const seconds = (performance.now() - start) / 1000;
  await until(() => isEqual(trees), 500);
  await wireAtRest();
  return { seconds, kilobytes: (wire.bytes() - bytesBefore) / 1000 };
}

const syncline: Mover = async (trees) => {
  const way = [...sshd.mirrorOptions, ...wire.sshOptions, '--delay', '0'];
  const command = [`${projectRoot}/dist/cli.js`, 'mirror', ...way, trees.source, sshd.host, trees.target];
  const subject = new Subject([process.execPath, ...command]);
  try {
    await until(() => isEqual(trees), 500);
    // A move in the time of the first sync would be compared: nobody knows what that has seen.
    await wireAtRest();
    return await measureMove(trees, () => Promise.resolve());
  } finally {
    await subject.end();
  }
};

const rsync: Mover = async (trees) => {
  const shell = wire.remoteShell(sshd.remoteShell);
  const run = () =>
    promisify(execFile)('rsync', [
      '-a',
      '--delete',
      '-e',
      shell,
      `${trees.source}/`,
      `${sshd.host}:${trees.target}`,
    ]);
  await run();
  return measureMove(trees, run);
};

const movers = { syncline, rsync };
const costs: Record<keyof typeof movers, Cost[]> = { syncline: [], rsync: [] };

for (let round = rounds(3); round > 0; round--) {
  for (const name of ['syncline', 'rsync'] as const) {
    const trees = { source: makeDirectory(directory, 'source'), target: makeDirectory(directory, 'target') };
    for (const path of ['many', 'elsewhere']) mkdirSync(`${trees.source}/${path}`);
    runNative('storm', `${trees.source}/many`, 'create', 100, files, 100);
    costs[name].push(await movers[name](trees));
    for (const path of Object.values(trees)) rmSync(path, { recursive: true });
  }
}

const kilobytes = (name: keyof typeof movers): number[] => costs[name].map((cost) => cost.kilobytes);
const seconds = (name: keyof typeof movers): number[] => costs[name].map((cost) => cost.seconds);

report({
  question: `a directory of ${files} files of 100 bytes moved, to a host reached by ssh, delay 0`,
  rows: [
    { name: 'syncline --rsyncssh', values: kilobytes('syncline'), unit: 'kB on the wire' },
    { name: 'rsync -a --delete', values: kilobytes('rsync'), unit: 'kB on the wire' },
    { name: 'syncline --rsyncssh', values: seconds('syncline'), unit: 's wall' },
    { name: 'rsync -a --delete', values: seconds('rsync'), unit: 's wall' },
  ],
  baseline: 'rsync -a --delete',
  bars: [{ what: 'syncline, kB on the wire', value: median(kilobytes('syncline')), atMost: 100 }],
});
