/** What does it cost to merge one record into the pending tree, new or known, and to lay the tree out as batches? */
import { Bench } from 'tinybench';
import { PendingTree } from '../../src/pipeline/pending-tree.ts';
import { plan } from '../../src/pipeline/plan.ts';
import { MIRROR_DEFAULTS } from '../../src/pipeline/mirror.ts';
import { eventBatches } from '../support/event-batches.ts';
import { runMicroBench } from '../support/micro-bench.ts';

const records = 100_000;
const batches = eventBatches(100, records);
const options = { ...MIRROR_DEFAULTS, moves: false };

function filled(): PendingTree {
  const tree = new PendingTree(options);
  for (const batch of batches) tree.apply(batch, 0);
  return tree;
}

function deliver(tree: PendingTree): number {
  const flight = tree.take(0, true);
  if (flight === undefined) return 0;
  let entries = 0;
  for (const chunk of plan(flight, MIRROR_DEFAULTS.maxEntriesPerBatch)) {
    entries += chunk.entries.length;
    flight.forget(chunk.nodes);
  }
  tree.land();
  return entries;
}

if (filled().size !== records || deliver(filled()) !== records)
  throw new Error('the tree does not hold what it was given');

let tree = filled();
const bench = new Bench({ time: 2000, iterations: 5, warmupIterations: 2 })
  .add('merge new names', () => {
    filled();
  })
  .add('merge names that are pending already', () => {
    for (const batch of batches) tree.apply(batch, 0);
  })
  .add(
    'take, plan and acknowledge',
    () => {
      deliver(tree);
    },
    {
      beforeEach: () => {
        tree = filled();
      },
    },
  );
await runMicroBench('pending tree, 100,000 names in 100 directories', bench, records);
