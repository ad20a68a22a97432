/**
 * What does one changed file cost in a directory of 100,000 files, to a local target, delay 0? Ten changes a round, one after the other; CPU of the
 * mirror and its children for each. Bar: a tenth of lsyncd's CPU.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { benchDirectory } from '../support/bench-directory.ts';
import type { Mirror } from '../support/mirror-run.ts';
import { measureMirror } from '../support/mirror-run.ts';
import { runNative } from '../support/native-program.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const directory = benchDirectory();
const files = 100_000;
const seconds: Record<Mirror, number[]> = { syncline: [], lsyncd: [] };
const cpuSeconds: Record<Mirror, number[]> = { syncline: [], lsyncd: [] };

/** Of another size each time: lsyncd misses a new content of the same size within the same second. */
function content(time: number): string {
  return 'x'.repeat(time + 1);
}

for (let round = rounds(3); round > 0; round--) {
  for (const mirror of ['syncline', 'lsyncd'] as const) {
    const cost = await measureMirror({
      mirror,
      directory,
      delaySeconds: 0,
      times: 10,
      prepare: (source) => runNative('storm', source, 'create', 1, files, 0),
      change: (source, time) => {
        writeFileSync(`${source}/d000/f0000007`, content(time));
      },
      arrived: (target, time) => readFileSync(`${target}/d000/f0000007`, 'utf8') === content(time),
    });
    seconds[mirror].push(cost.seconds);
    cpuSeconds[mirror].push(cost.cpuSeconds);
  }
}

report({
  question: 'one file changed in a directory of 100,000, to a local target, delay 0',
  rows: [
    { name: 'syncline', values: cpuSeconds.syncline, unit: 's CPU' },
    { name: 'lsyncd', values: cpuSeconds.lsyncd, unit: 's CPU' },
    { name: 'syncline', values: seconds.syncline, unit: 's wall' },
    { name: 'lsyncd', values: seconds.lsyncd, unit: 's wall' },
  ],
  baseline: 'lsyncd',
  bars: [
    {
      what: 'syncline / lsyncd, CPU',
      value: median(cpuSeconds.syncline) / median(cpuSeconds.lsyncd),
      atMost: 0.1,
    },
  ],
});
