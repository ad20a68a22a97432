/**
 * How long from close(2) of a written file to its event in JavaScript, on an idle system? The writer notes the time just before the close; both
 * processes read the same monotonic clock. Bar: p50 below 2 ms, p99 below 10 ms.
 */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import { startWatching } from '../support/contestants.ts';
import { report, rounds } from '../support/report.ts';
import { percentile } from '../support/statistics.ts';

const base = benchDirectory();

async function latenciesMs(contestant: 'syncline' | 'parcel', count: number): Promise<number[]> {
  const root = makeDirectory(base, contestant);
  const subject = startWatching(contestant, root, base, 'times');
  const latencies: number[] = [];
  try {
    await subject.ready();
    await pause(200);
    for (let i = 0; i < count; i++) {
      const file = openSync(`${root}/file-${i}`, 'w');
      writeSync(file, 'x');
      const closedMs = Number(process.hrtime.bigint()) / 1e6;
      closeSync(file);
      const { closed, seenMs } = await subject.message('closed', 10_000);
      if (closed !== `file-${i}`) throw new Error(`${contestant}: saw ${String(closed)}, not file-${i}`);
      latencies.push(Number(seenMs) - closedMs);
      unlinkSync(`${root}/file-${i}`);
      // Uneven, so that no timer of the watcher is met in step; long enough that the system is idle again.
      await pause(contestant === 'syncline' ? 25 + (i % 7) : 120 + (i % 7) * 10);
    }
    return latencies;
  } finally {
    await subject.end();
  }
}

const ours = await latenciesMs('syncline', rounds(5) * 200);
const parcel = await latenciesMs('parcel', 40);
const p50 = percentile(ours, 50);
const p99 = percentile(ours, 99);
report({
  question: 'from close(2) to the event in JavaScript, idle system',
  rows: [
    { name: 'syncline p50', values: [p50], unit: 'ms', note: `${ours.length} files` },
    { name: 'syncline p99', values: [p99], unit: 'ms' },
    { name: 'parcel p50', values: [percentile(parcel, 50)], unit: 'ms', note: `${parcel.length} files` },
    { name: 'parcel p99', values: [percentile(parcel, 99)], unit: 'ms' },
  ],
  bars: [
    { what: 'syncline p50 (ms)', value: p50, atMost: 2 },
    { what: 'syncline p99 (ms)', value: p99, atMost: 10 },
  ],
});
