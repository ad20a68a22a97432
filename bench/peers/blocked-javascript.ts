/**
 * Is anything lost, and is memory bounded, when JavaScript does nothing for 3 s in the middle of a storm? Every one of the 200,000 names (or a
 * rescan that covers it) must come. The memory is the peak of the whole process, with the pending tree, above the same storm without a block.
 */
import { benchDirectory } from '../support/bench-directory.ts';
import { eventStorm } from '../support/event-storm.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const storm = { directories: 100, files: 200_000, mode: 'merge', deadlineMs: 60_000 };
const base = benchDirectory();
const peaks: Record<'free' | 'blocked', number[]> = { free: [], blocked: [] };
const lost: number[] = [];
const rescans: number[] = [];

for (let round = rounds(3); round > 0; round--) {
  for (const kind of ['free', 'blocked'] as const) {
    const command = kind === 'blocked' ? { command: 'block 3000' } : {};
    const { result } = await eventStorm('syncline', base, { ...storm, ...command });
    if (result === undefined) throw new Error('syncline: never saw the end of the storm');
    peaks[kind].push(Number(result.peakRssBytes) / 2 ** 20);
    if (kind === 'free') continue;
    rescans.push(Number(result.rescans));
    lost.push(Number(result.rescans) > 0 ? 0 : storm.files - Number(result.names));
  }
}

report({
  question: 'JavaScript blocked for 3 s during a storm of 200,000 files',
  rows: [
    { name: 'peak memory, not blocked', values: peaks.free, unit: 'MiB' },
    { name: 'peak memory, blocked', values: peaks.blocked, unit: 'MiB' },
    { name: 'rescans instead of names', values: rescans, unit: 'rescans' },
    { name: 'names lost', values: lost, unit: 'names' },
  ],
  bars: [
    { what: 'names lost', value: Math.max(...lost), atMost: 0 },
    {
      what: 'memory added by the block (MiB)',
      value: median(peaks.blocked) - median(peaks.free),
      atMost: 64,
    },
  ],
});
