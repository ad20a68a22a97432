/**
 * Our watch in a process of its own. Usage: our-watch ROOT [merge|times]. Says `ready` when the first scan is through and the watch is complete.
 * `merge`: every batch goes into a PendingTree, as in the daemon; when the file `done` shows in ROOT, says how many names are pending, overflows,
 * rescans and the CPU since `ready`. `times`: says the name and the time (CLOCK_MONOTONIC, ms) of every file closed. Command `block MS`
 * blocks JavaScript for so long.
 */
import { createInterface } from 'node:readline';
import type { NativeWatch } from '../../src/addon/addon.ts';
import { EventBatch, HINT, SLOT } from '../../src/model/event-batch.ts';
import { ROOT_PATH } from '../../src/model/path-bytes.ts';
import { PendingTree } from '../../src/pipeline/pending-tree.ts';
import { nativeAddon } from './native-addon.ts';
import { cpuSecondsSince, say } from './say.ts';

const READY_TOKEN = 1;
const [root = '', mode = ''] = process.argv.slice(2);
const pending = new PendingTree({
  moves: false,
  maxPendingEntries: 1_000_000,
  writingQuietMs: 2000,
  writingMaxMs: 60_000,
});
let rescans = 0;
let blockMs = 0;
let peakRssBytes = 0;
let sinceReady = process.cpuUsage();

const addon = nativeAddon();
const watch: NativeWatch = new addon.Watch({ root: Buffer.from(root) }, onReady);
watch.barrier(READY_TOKEN);

function onReady(): void {
  const { hrtime } = process;
  const nowMs = Number(hrtime.bigint()) / 1e6;
  if (blockMs > 0) block();
  for (let buffer = watch.take(); buffer !== null; buffer = watch.take()) {
    const batch = new EventBatch(buffer);
    if (mode === 'merge') pending.apply(batch, performance.now());
    look(batch, nowMs);
  }
}

function look(batch: EventBatch, nowMs: number): void {
  for (let slot = 0; slot < batch.slotCount; slot++) {
    switch (batch.kind(slot)) {
      case SLOT.rescan:
        rescans++;
        break;
      case SLOT.coverage:
      case SLOT.movedFrom:
        slot++;
        break;
      case SLOT.barrier:
        sinceReady = process.cpuUsage();
        say({ ready: true });
        break;
      case SLOT.changed:
        if (
          (batch.hints(slot) & HINT.closed) === 0 ||
          batch.directory(batch.directoryIndex(slot)) !== ROOT_PATH
        )
          break;
        if (mode === 'times') say({ closed: batch.name(slot), seenMs: nowMs });
        else if (batch.name(slot) === 'done') finish();
        break;
    }
  }
}

function finish(): void {
  const { overflows, events } = watch.stats();
  const cpuSeconds = cpuSecondsSince(sinceReady);
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
  say({ result: true, names: pending.size - 1, events, overflows, rescans, cpuSeconds, peakRssBytes });
}

/** Stands for any long piece of JavaScript: nothing is taken from the addon meanwhile. */
function block(): void {
  const end = performance.now() + blockMs;
  blockMs = 0;
  while (performance.now() < end) peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, value] = line.split(' ');
  if (command === 'block') blockMs = Number(value);
});
process.on('SIGTERM', () => {
  watch.close();
  process.exit(143);
});
