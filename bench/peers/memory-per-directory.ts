/**
 * What does a watched directory cost us in memory? Growth of the resident memory of the process from a tree of 10,000 directories to one of
 * 100,000, each read when it has settled, divided by 90,000. The kernel's own watch (about 108 bytes) is not ours to change and not in it. Bar: 96.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import type { Contestant } from '../support/contestants.ts';
import { startWatching } from '../support/contestants.ts';
import { runNative } from '../support/native-program.ts';
import type { Row } from '../support/report.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const sizes = [10_000, 100_000] as const;
const base = benchDirectory();
const trees = sizes.map((size) => {
  const root = makeDirectory(base, `tree-${size}`);
  runNative('make_tree', root, size, 0);
  return root;
});
const contestants: readonly Contestant[] = ['syncline', 'inotifywait', 'lsyncd', 'parcel'];
const bytes = new Map<Contestant, number[]>();

/** Resident bytes once two looks half a second apart differ by less than a page or five seconds have passed. */
async function settledRss(contestant: Contestant, root: string): Promise<number> {
  const subject = startWatching(contestant, root, base);
  try {
    await subject.ready(300_000);
    let last = subject.rssBytes();
    for (let look = 0; look < 10; look++) {
      await pause(500);
      const now = subject.rssBytes();
      if (Math.abs(now - last) < 4096) break;
      last = now;
    }
    return subject.rssBytes();
  } finally {
    await subject.end();
  }
}

for (let round = rounds(5); round > 0; round--) {
  for (const contestant of contestants) {
    const small = await settledRss(contestant, trees[0] ?? '');
    const large = await settledRss(contestant, trees[1] ?? '');
    const each = (large - small) / (sizes[1] - sizes[0]);
    bytes.set(contestant, [...(bytes.get(contestant) ?? []), each]);
  }
}

const rows: Row[] = [...bytes].map(([name, values]) => ({ name, values, unit: 'bytes/directory' }));
report({
  question: 'memory for a directory watched',
  rows,
  baseline: 'syncline',
  bars: [{ what: 'syncline, bytes a directory', value: median(bytes.get('syncline') ?? []), atMost: 96 }],
});
