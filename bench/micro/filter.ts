/** What does it cost to drop what the rules exclude from a batch, and to ask the matcher for one path? */
import { Bench } from 'tinybench';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { slotPath } from '../../src/model/event-batch.ts';
import { eventBatches } from '../support/event-batches.ts';
import { runMicroBench } from '../support/micro-bench.ts';
import { nativeAddon } from '../subjects/native-addon.ts';

const records = 10_000;
const [batch] = eventBatches(100, records);
if (batch === undefined) throw new Error('no batch');
const paths = Array.from({ length: batch.slotCount }, (_, slot) => slotPath(batch, slot));
const rule = { include: false, anchored: false, directoryOnly: false, negated: false };
const patterns = [
  '*.o',
  '*.tmp',
  '.git',
  'node_modules',
  '*~',
  '#*#',
  '/build',
  'cache/**/x',
  '[._]*.sw?',
  'f000000?',
];
const { Filter } = nativeAddon();
const filter = new Filter(patterns.map((pattern) => ({ ...rule, pattern })));
const none = new Filter([]);

if (
  !filter.excludes(pathFromText('d000/f0000003'), false) ||
  filter.excludes(pathFromText('d000/f0000013'), false)
)
  throw new Error('the filter does not match what it should');
const bench = new Bench({ time: 1000 })
  .add('select a batch, 10 rules', () => {
    filter.select(batch.buffer);
  })
  .add('select a batch, no rule', () => {
    none.select(batch.buffer);
  })
  .add('ask for each path, 10 rules', () => {
    for (const path of paths) filter.excludes(path, false);
  });
await runMicroBench('filter, 10,000 records', bench, records);
