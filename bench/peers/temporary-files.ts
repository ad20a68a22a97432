/**
 * What do 20,000 temporary files cost that are made, renamed and deleted within the delay (10 s for both, so that all of it is within)? Nothing of
 * it is to be delivered but one file made at the end. Bar: a fifth of lsyncd's CPU.
 */
import { existsSync } from 'node:fs';
import { benchDirectory } from '../support/bench-directory.ts';
import type { Mirror } from '../support/mirror-run.ts';
import { measureMirror } from '../support/mirror-run.ts';
import { runNative } from '../support/native-program.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const directory = benchDirectory();
const cpuSeconds: Record<Extract<Mirror, 'syncline' | 'lsyncd'>, number[]> = { syncline: [], lsyncd: [] };

for (let round = rounds(3); round > 0; round--) {
  for (const mirror of ['syncline', 'lsyncd'] as const) {
    const cost = await measureMirror({
      mirror,
      directory,
      delaySeconds: 10,
      prepare: (source) => runNative('storm', source, 'create', 100, 0, 0),
      change: (source) => runNative('storm', source, 'churn', 100, 20_000, 0),
      arrived: (target) => existsSync(`${target}/done`),
    });
    cpuSeconds[mirror].push(cost.cpuSeconds);
  }
}

report({
  question: '20,000 temporary files created, renamed and deleted within the delay',
  rows: [
    { name: 'syncline', values: cpuSeconds.syncline, unit: 's CPU' },
    { name: 'lsyncd', values: cpuSeconds.lsyncd, unit: 's CPU' },
  ],
  baseline: 'lsyncd',
  bars: [
    {
      what: 'syncline / lsyncd, CPU',
      value: median(cpuSeconds.syncline) / median(cpuSeconds.lsyncd),
      atMost: 0.2,
    },
  ],
});
