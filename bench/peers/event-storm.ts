/**
 * Do we follow 200,000 files made at full speed in 100 directories, with the kernel's default queue, and at what CPU? Ours counts until every
 * name is in the pending tree; the C loop reads one event a read(2) and counts. Bar: no overflow, and at most the CPU of the C loop.
 */
import { benchDirectory } from '../support/bench-directory.ts';
import type { Contestant } from '../support/contestants.ts';
import { eventStorm } from '../support/event-storm.ts';
import type { Row } from '../support/report.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const storm = { directories: 100, files: 200_000 };
const base = benchDirectory();
const cpuSeconds = new Map<Contestant, number[]>();
const lost = new Map<Contestant, number[]>();
let overflows = 0;

async function runOnce(contestant: Contestant): Promise<void> {
  const { result } = await eventStorm(contestant, base, { ...storm, mode: 'merge', deadlineMs: 60_000 });
  const names = Number(result?.names ?? 0);
  lost.set(contestant, [...(lost.get(contestant) ?? []), storm.files - names]);
  if (result !== undefined)
    cpuSeconds.set(contestant, [...(cpuSeconds.get(contestant) ?? []), Number(result.cpuSeconds)]);
  if (contestant !== 'syncline') return;
  overflows += Number(result?.overflows ?? 0);
  if (names !== storm.files) throw new Error(`syncline: ${names} names pending, not ${storm.files}`);
}

for (let round = rounds(5); round > 0; round--) {
  await runOnce('C loop');
  await runOnce('syncline');
  await runOnce('parcel');
}
await runOnce('chokidar');

const rows: Row[] = [...cpuSeconds].map(([name, values]) => ({ name, values, unit: 's CPU' }));
rows.push(...[...lost].map(([name, values]) => ({ name, values, unit: 'names lost' })));
report({
  question: '200,000 files created at full speed in 100 directories',
  rows,
  baseline: 'C loop',
  bars: [
    {
      what: 'syncline / C loop, CPU',
      value: median(cpuSeconds.get('syncline') ?? []) / median(cpuSeconds.get('C loop') ?? []),
      atMost: 1,
    },
    { what: 'queue overflows of syncline in all rounds', value: overflows, atMost: 0 },
  ],
});
