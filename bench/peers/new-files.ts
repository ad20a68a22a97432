/**
 * How long until 10,000 new files of 1 KB in 100 directories are on a local target, and at what CPU, with a delay of 1 s for both? The time counts
 * from the first file made, so both wait at least the second. Bar: a quarter of lsyncd's time and CPU.
 */
import { existsSync } from 'node:fs';
import { benchDirectory } from '../support/bench-directory.ts';
import type { Mirror } from '../support/mirror-run.ts';
import { measureMirror } from '../support/mirror-run.ts';
import { runNative } from '../support/native-program.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const directory = benchDirectory();
/** lsyncd's own -direct is left out: it starts a process for each file and does not end within the deadline. */
const mirrors = ['syncline', 'syncline --direct', 'lsyncd'] as const satisfies readonly Mirror[];
const seconds: Record<(typeof mirrors)[number], number[]> = {
  syncline: [],
  'syncline --direct': [],
  lsyncd: [],
};
const cpuSeconds: typeof seconds = { syncline: [], 'syncline --direct': [], lsyncd: [] };

/** The last file of every directory is there, and the one made last of all. */
function arrived(target: string): boolean {
  if (!existsSync(`${target}/done`)) return false;
  for (let i = 0; i < 100; i++) {
    const last = `d${String(i).padStart(3, '0')}/f${String(i * 100 + 99).padStart(7, '0')}`;
    if (!existsSync(`${target}/${last}`)) return false;
  }
  return true;
}

for (let round = rounds(3); round > 0; round--) {
  for (const mirror of mirrors) {
    const cost = await measureMirror({
      mirror,
      directory,
      delaySeconds: 1,
      prepare: (source) => runNative('storm', source, 'create', 100, 0, 0),
      change: (source) => runNative('storm', source, 'create', 100, 10_000, 1024),
      arrived,
    });
    seconds[mirror].push(cost.seconds);
    cpuSeconds[mirror].push(cost.cpuSeconds);
  }
}

report({
  question: '10,000 new files of 1 KB in 100 directories, to a local target, delay 1 s',
  rows: [
    { name: 'syncline', values: seconds.syncline, unit: 's wall' },
    { name: 'syncline --direct', values: seconds['syncline --direct'], unit: 's wall' },
    { name: 'lsyncd', values: seconds.lsyncd, unit: 's wall' },
    { name: 'syncline', values: cpuSeconds.syncline, unit: 's CPU' },
    { name: 'syncline --direct', values: cpuSeconds['syncline --direct'], unit: 's CPU' },
    { name: 'lsyncd', values: cpuSeconds.lsyncd, unit: 's CPU' },
  ],
  baseline: 'lsyncd',
  bars: [
    {
      what: 'syncline / lsyncd, time',
      value: median(seconds.syncline) / median(seconds.lsyncd),
      atMost: 0.25,
    },
    {
      what: 'syncline / lsyncd, CPU',
      value: median(cpuSeconds.syncline) / median(cpuSeconds.lsyncd),
      atMost: 0.25,
    },
  ],
});
