/**
 * Is the delivery of a backlog linear? The whole pipeline (merge, settle, plan, deliver, acknowledge) takes a backlog of N and of 2 N names that
 * came while it could not deliver. With N = 1,000,000 the target only counts what it is given; with N = 20,000 it is rsync with real files.
 * Bar: 2 N takes at most 2.2 × the time of N.
 */
import { defer, from, lastValueFrom, of } from 'rxjs';
import type { Batch } from '../../src/model/batch.ts';
import type { EventBatch } from '../../src/model/event-batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { MIRROR_DEFAULTS, mirror } from '../../src/pipeline/mirror.ts';
import { createRsyncTarget } from '../../src/target/rsync/rsync-target.ts';
import { compareTrees } from '../../test/support/compare-trees.ts';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import { eventBatches } from '../support/event-batches.ts';
import { runNative } from '../support/native-program.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';

/** Seconds from the first event to the last acknowledgement; throws unless exactly `files` names were delivered. */
async function deliverySeconds(
  batches: readonly EventBatch[],
  files: number,
  deliver: (batch: Batch) => Promise<Outcome>,
): Promise<number> {
  let entries = 0;
  const options = { ...MIRROR_DEFAULTS, initial: false, maxEntries: Infinity, maxPendingEntries: Infinity };
  const start = performance.now();
  await lastValueFrom(
    from(batches).pipe(
      mirror(options, {
        barrier: () => of(undefined),
        deliver: (batch) => {
          entries += batch.entries.length;
          if (batch.subtrees.length > 0) throw new Error('the backlog degraded to rescans');
          return defer(() => deliver(batch));
        },
      }),
    ),
  );
  const seconds = (performance.now() - start) / 1000;
  if (entries !== files) throw new Error(`${entries} names delivered, not ${files}`);
  return seconds;
}

const delivered: Outcome = {
  kind: 'delivered',
  counts: { updated: 0, deleted: 0, bytes: 0 },
  problems: [],
  recheck: [],
};

const base = benchDirectory();

async function rsyncSeconds(files: number): Promise<number> {
  const directory = makeDirectory(base, `files-${files}-${Math.random()}`);
  const [source, target] = [makeDirectory(directory, 'source'), makeDirectory(directory, 'target')];
  runNative('storm', source, 'create', 100, 0, 0);
  runNative('storm', target, 'create', 100, 0, 0);
  runNative('storm', source, 'create', 100, files, 0);
  const context = { signal: new AbortController().signal, report: () => undefined };
  const rsync = createRsyncTarget({ source: pathFromText(source), target, environment: process.env });
  await rsync.prepare(context);
  const seconds = await deliverySeconds(eventBatches(100, files), files, (batch) =>
    rsync.deliver(batch, context),
  );
  await rsync.close();
  const missing = compareTrees(pathFromText(source), pathFromText(target)).filter((line) =>
    line.endsWith('missing'),
  );
  if (missing.length !== 1) throw new Error(`files that did not arrive: ${missing.join('; ')}`);
  return seconds;
}

const counting = { half: [] as number[], full: [] as number[] };
const real = { half: [] as number[], full: [] as number[] };
const names = { half: 1_000_000, full: 2_000_000, realHalf: 20_000, realFull: 40_000 };
const backlogs = { half: eventBatches(1000, names.half), full: eventBatches(1000, names.full) };
// The first run warms the compiler up and does not count.
await deliverySeconds(backlogs.half, names.half, () => Promise.resolve(delivered));
for (let round = rounds(3); round > 0; round--) {
  for (const size of ['half', 'full'] as const)
    counting[size].push(await deliverySeconds(backlogs[size], names[size], () => Promise.resolve(delivered)));
  real.half.push(await rsyncSeconds(names.realHalf));
  real.full.push(await rsyncSeconds(names.realFull));
}

report({
  question: 'delivery of a backlog',
  rows: [
    { name: '1,000,000 names, counted', values: counting.half, unit: 's wall' },
    { name: '2,000,000 names, counted', values: counting.full, unit: 's wall' },
    { name: '20,000 files, rsync', values: real.half, unit: 's wall' },
    { name: '40,000 files, rsync', values: real.full, unit: 's wall' },
  ],
  bars: [
    {
      what: '2,000,000 / 1,000,000 names',
      value: median(counting.full) / median(counting.half),
      atMost: 2.2,
    },
    { what: '40,000 / 20,000 files', value: median(real.full) / median(real.half), atMost: 2.2 },
  ],
});
