import { mkdirSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { loadAddon } from '../../src/addon/load-addon.ts';
import type { EventBatch, WatchEvent } from '../../src/model/event-batch.ts';
import { openWatch, type Watch } from '../../src/watch/open-watch.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const DIRECTORIES = 20;
const FILES = 200;
const STALL_MS = 3000;

let watch: Watch | undefined;
afterEach(() => watch?.close());

function eventsOf(batches: readonly EventBatch[]): WatchEvent[] {
  return batches.flatMap((batch) => [...batch.events()]);
}

test(
  'nothing is lost and memory is bounded while JavaScript is blocked for seconds',
  { timeout: 180_000 },
  async () => {
    using root = makeTempDir();
    const maxPendingBytes = 16_384;
    watch = openWatch(loadAddon(), { root: Buffer.from(root.path), maxPendingBytes });
    const batches: EventBatch[] = [];
    watch.batches$.subscribe((batch) => batches.push(batch));
    await watch.barrier();
    batches.length = 0;
    for (let i = 0; i < DIRECTORIES; i++) mkdirSync(root.at(`d${i}`));
    for (let i = 0; i < DIRECTORIES * FILES; i++) writeFileSync(root.at(`d${i % DIRECTORIES}`, `f${i}`), 'x');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
    await watch.barrier();
    for (const batch of batches) expect(batch.buffer.byteLength).toBeLessThan(2 * maxPendingBytes);
    const events = eventsOf(batches);
    const rescans = events.flatMap((event) => (event.kind === 'rescan' ? [event.directory as string] : []));
    const changed = new Set(
      events.flatMap((event) => (event.kind === 'changed' ? [`${event.directory}/${event.name}`] : [])),
    );
    expect(rescans.length).toBeGreaterThan(0);
    for (let i = 0; i < DIRECTORIES * FILES; i++) {
      const directory = `d${i % DIRECTORIES}`;
      const covered =
        rescans.includes('') || rescans.includes(directory) || changed.has(`${directory}/f${i}`);
      expect(covered, `${directory}/f${i}`).toBe(true);
    }
  },
);

test('batches are numbered without a gap', async () => {
  using root = makeTempDir();
  watch = openWatch(loadAddon(), { root: Buffer.from(root.path) });
  const sequences: number[] = [];
  watch.batches$.subscribe((batch) => sequences.push(batch.sequence));
  for (let i = 0; i < 10; i++) {
    writeFileSync(root.at(`f${i}`), 'x');
    await watch.barrier();
  }
  expect(sequences).toEqual(sequences.map((_, index) => index + 1));
});

test('a closed watch calls nothing back, and closing it twice is fine', async () => {
  using root = makeTempDir();
  const closing = openWatch(loadAddon(), { root: Buffer.from(root.path) });
  let after = 0;
  const barrier = closing.barrier();
  closing.close();
  closing.close();
  await expect(barrier).rejects.toThrow('closed');
  closing.batches$.subscribe(() => after++);
  writeFileSync(root.at('late'), 'x');
  await new Promise((resolve) => setImmediate(resolve));
  expect(after).toBe(0);
});

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const addon = require(workerData.addon);
const watch = new addon.Watch({ root: Buffer.from(workerData.root) }, () => watch.take());
parentPort.postMessage('watching');
if (workerData.end === 'close') { watch.close(); }
if (workerData.end === 'exit') { process.exit(0); }
`;

test.each(['close', 'exit', 'terminate'])('a watch in a worker thread ends with it: %s', async (end) => {
  using root = makeTempDir();
  const addon = new URL('../../build/Release/syncline.node', import.meta.url).pathname;
  const worker = new Worker(WORKER, { eval: true, workerData: { addon, root: root.path, end } });
  const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
  await new Promise((resolve) => worker.once('message', resolve));
  for (let i = 0; i < 100; i++) mkdirSync(root.at(`d${i}`));
  if (end === 'terminate') await worker.terminate();
  expect(await exited).toBe(end === 'terminate' ? 1 : 0);
});

test.each([
  ['a missing directory', '/nonexistent/syncline', 'SOURCE'],
  ['a file', '/etc/passwd', 'SOURCE'],
])('%s cannot be watched', (_what, path, code) => {
  expect(() => openWatch(loadAddon(), { root: Buffer.from(path) })).toThrow(
    expect.objectContaining({ code }) as Error,
  );
});
