/** What does it cost JavaScript to take events that wait in the addon and to read their names? Real events of 10,000 files, made before each call. */
import { Bench } from 'tinybench';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { EventBatch } from '../../src/model/event-batch.ts';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import { runMicroBench } from '../support/micro-bench.ts';
import { runNative } from '../support/native-program.ts';
import { nativeAddon } from '../subjects/native-addon.ts';

const files = 10_000;
const directory = benchDirectory();
const { Watch } = nativeAddon();

async function record(): Promise<{ take: () => number; end: () => void }> {
  const root = makeDirectory(directory, 'storm');
  runNative('storm', root, 'create', 100, 0, 0);
  const watch = new Watch({ root: Buffer.from(root) }, () => undefined);
  while (watch.stats().scanning) await pause(5);
  while (watch.take() !== null) await pause(5);
  runNative('storm', root, 'create', 100, files, 0);
  for (let seen = -1; seen !== watch.stats().events;) {
    seen = watch.stats().events;
    await pause(50);
  }
  const take = (): number => {
    let length = 0;
    for (let buffer = watch.take(); buffer !== null; buffer = watch.take()) {
      const batch = new EventBatch(buffer);
      for (let slot = 0; slot < batch.slotCount; slot++) length += batch.name(slot).length;
    }
    return length;
  };
  return {
    take,
    end: () => {
      watch.close();
      rmSync(root, { recursive: true });
    },
  };
}

let recorded = await record();
if (recorded.take() < files * 'f0000000'.length) throw new Error('the watch did not report every file');
recorded.end();
const bench = new Bench({ time: 0, iterations: 10, warmup: false }).add(
  'take and read names',
  () => {
    recorded.take();
  },
  {
    beforeEach: async () => {
      recorded = await record();
    },
    afterEach: () => {
      recorded.end();
    },
  },
);
await runMicroBench('hand-over of the events of 10,000 new files', bench, files);
