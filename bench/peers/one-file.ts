/**
 * What does one changed file cost in a directory of 100,000 files, to a local target, delay 0? Ten changes a round, one after the other; CPU of the
 * mirror and its children for each. Bars: a tenth of lsyncd's CPU; 10 ms until it is on the target with --direct.
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
const mirrors = [
  'syncline',
  'syncline --direct',
  'lsyncd',
  'lsyncd -direct',
] as const satisfies readonly Mirror[];
const none = (): Record<Mirror, number[]> => ({
  syncline: [],
  'syncline --direct': [],
  lsyncd: [],
  'lsyncd -direct': [],
});
const seconds = none();
const cpuSeconds = none();

/** Of another size each time: lsyncd misses a new content of the same size within the same second. */
function content(time: number): string {
  return 'x'.repeat(time + 1);
}

for (let round = rounds(3); round > 0; round--) {
  for (const mirror of mirrors) {
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
    ...mirrors.map((name) => ({ name, values: cpuSeconds[name], unit: 's CPU' })),
    ...mirrors.map((name) => ({ name, values: seconds[name], unit: 's wall' })),
  ],
  baseline: 'lsyncd',
  bars: [
    {
      what: 'syncline / lsyncd, CPU',
      value: median(cpuSeconds.syncline) / median(cpuSeconds.lsyncd),
      atMost: 0.1,
    },
    { what: 'syncline --direct, s wall', value: median(seconds['syncline --direct']), atMost: 0.01 },
  ],
});
