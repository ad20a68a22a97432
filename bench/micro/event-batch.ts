/** What does it cost JavaScript to read one record of a flat event batch? */
import { Bench } from 'tinybench';
import { EventBatch, SLOT, slotPath } from '../../src/model/event-batch.ts';
import { eventBatches } from '../support/event-batches.ts';
import { runMicroBench } from '../support/micro-bench.ts';

const records = 10_000;
const { buffer } = eventBatches(100, records)[0] ?? { buffer: Buffer.of() };

function hints(): number {
  const batch = new EventBatch(buffer);
  let sum = 0;
  for (let slot = 0; slot < batch.slotCount; slot++)
    if (batch.kind(slot) === SLOT.changed) sum += batch.hints(slot);
  return sum;
}

function names(): number {
  const batch = new EventBatch(buffer);
  let length = 0;
  for (let slot = 0; slot < batch.slotCount; slot++) length += batch.name(slot).length;
  return length;
}

function paths(): number {
  const batch = new EventBatch(buffer);
  let length = 0;
  for (let slot = 0; slot < batch.slotCount; slot++) length += slotPath(batch, slot).length;
  return length;
}

function objects(): number {
  return [...new EventBatch(buffer).events()].length;
}

if (objects() !== records) throw new Error('the batch does not hold what it should');
const bench = new Bench({ time: 1000 })
  .add('kind and hints', hints)
  .add('name as a string', names)
  .add('path as a string', paths)
  .add('events as objects', objects);
await runMicroBench('reading an event batch of 10,000 records', bench, records);
