/** How long until a tree of 100,000 directories is watched, with warm caches? Bar: 0.9 × the wall time of the single-threaded C loop. */
import { startWatching } from '../support/contestants.ts';
import type { Contestant } from '../support/contestants.ts';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import { runNative } from '../support/native-program.ts';
import type { Row } from '../support/report.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const directories = Number(process.env.SYNCLINE_BENCH_DIRECTORIES ?? 100_000);
const base = benchDirectory();
const root = makeDirectory(base, 'tree');
runNative('make_tree', root, directories, 1);

const wallSeconds = new Map<string, number[]>();
const cpuSeconds = new Map<string, number[]>();
function record(name: string, wall: number, cpu: number): void {
  wallSeconds.set(name, [...(wallSeconds.get(name) ?? []), wall]);
  cpuSeconds.set(name, [...(cpuSeconds.get(name) ?? []), cpu]);
}

function runLoop(threads: number): void {
  const {
    directories: seen,
    wallSeconds: wall = 0,
    cpuSeconds: cpu = 0,
  } = runNative('scan_watch', root, threads);
  if (seen !== directories + 1) throw new Error(`C loop: ${seen} directories, not ${directories + 1}`);
  record(threads === 1 ? 'C loop' : `C loop, ${threads} threads`, wall, cpu);
}

/** From the start of the process; what the same process needs for a tree of one directory is taken off. */
async function runContestant(contestant: Contestant, emptyRoot: string): Promise<void> {
  const empty = await timed(contestant, emptyRoot);
  const full = await timed(contestant, root);
  record(contestant, (full.readyMs - empty.readyMs) / 1000, full.cpu - empty.cpu);
}

async function timed(contestant: Contestant, path: string): Promise<{ readyMs: number; cpu: number }> {
  const subject = startWatching(contestant, path, base);
  try {
    const readyMs = await subject.ready(600_000);
    return { readyMs, cpu: subject.cpuSeconds() };
  } finally {
    await subject.end();
  }
}

const emptyRoot = makeDirectory(base, 'empty');
const measured = rounds(5);
runLoop(1);
wallSeconds.clear();
cpuSeconds.clear();
for (let round = 0; round < measured; round++) {
  runLoop(1);
  await runContestant('syncline', emptyRoot);
  runLoop(2);
  for (const peer of ['lsyncd', 'inotifywait', 'parcel'] as const) await runContestant(peer, emptyRoot);
}
// chokidar opens a watch for every file too and takes minutes: once, and on a tenth of the tree.
const small = makeDirectory(base, 'small');
runNative('make_tree', small, directories / 10, 1);
const chokidarSmall = await timed('chokidar', small);
record('chokidar', (chokidarSmall.readyMs / 1000) * 10, chokidarSmall.cpu * 10);

const rows: Row[] = [...wallSeconds].map(([name, values]) => ({
  name,
  values,
  unit: 's wall',
  ...(name === 'chokidar' ? { note: 'ten times the figure of a tenth of the tree' } : {}),
}));
rows.push(...[...cpuSeconds].map(([name, values]) => ({ name, values, unit: 's CPU' })));
report({
  question: `first scan and watch of ${directories} directories, warm`,
  rows,
  baseline: 'C loop',
  bars: [
    {
      what: 'syncline / C loop, wall',
      value: median(wallSeconds.get('syncline') ?? []) / median(wallSeconds.get('C loop') ?? []),
      atMost: 0.9,
    },
  ],
});
