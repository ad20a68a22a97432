import fc from 'fast-check';
import { Observable, Subject, VirtualAction, VirtualTimeScheduler } from 'rxjs';
import { expect, test } from 'vitest';
import type { EventBatch } from '../../src/model/event-batch.ts';
import { encodeEventBatch } from '../../src/model/event-batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { MirrorReport } from '../../src/pipeline/mirror-report.ts';

import { MIRROR_DEFAULTS, mirror } from '../../src/pipeline/mirror.ts';
import type { OperationName } from './model/model-source.ts';
import { ModelSource, OPERATIONS, mergeRecords } from './model/model-source.ts';
import { ModelTarget } from './model/model-target.ts';
import { copyTree, directory, listTree } from './model/model-tree.ts';

const seed = Number(process.env.SYNCLINE_SEED ?? Date.now() % 0x7fffffff);
const numRuns = Number(process.env.SYNCLINE_RUNS ?? 3_000);

interface Step {
  readonly operation: OperationName;
  /** Which of the paths that the operation can act on. */
  readonly path: number;
  readonly other: number;
  readonly detail: number;
  /** Pause before it, and how long its records take to arrive. */
  readonly gapMs: number;
  readonly latencyMs: number;
}

interface Case {
  readonly before: readonly Step[];
  readonly steps: readonly Step[];
  readonly choices: readonly number[];
  readonly moves: boolean;
  readonly initial: boolean;
  readonly quietMs: number;
  /** How long the target takes for a name. */
  readonly nameMs: number;
  readonly maxEntriesPerBatch: number;
  readonly maxPendingEntries: number;
  readonly maxQuarantined: number;
}

const step = fc.record({
  operation: fc.constantFrom(...OPERATIONS),
  path: fc.nat(1_000),
  other: fc.nat(1_000),
  detail: fc.nat(63),
  gapMs: fc.oneof({ weight: 6, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(200) }),
  latencyMs: fc.oneof(fc.constant(0), fc.nat(40)),
});

const anyCase: fc.Arbitrary<Case> = fc.record({
  before: fc.array(step, { maxLength: 12 }),
  steps: fc.array(step, { maxLength: 40 }),
  choices: fc.array(fc.oneof(fc.nat(1_000), fc.constant(1), fc.constant(0), fc.constant(0)), {
    maxLength: 60,
  }),
  moves: fc.boolean(),
  initial: fc.boolean(),
  quietMs: fc.constantFrom(0, 5, 20),
  nameMs: fc.constantFrom(1, 5, 20),
  maxEntriesPerBatch: fc.constantFrom(1, 2, 5, 10_000),
  maxPendingEntries: fc.constantFrom(4, 10, 1_000_000),
  maxQuarantined: fc.constantFrom(1, 3, 1_000),
});

/** Runs a mirror against the models in virtual time until nothing happens any more. */
function run(given: Case) {
  const scheduler = new VirtualTimeScheduler(VirtualAction, Infinity);
  const source = new ModelSource();
  for (const { operation, path, other, detail } of given.before)
    source.operate(operation, path, other, detail);
  source.records.length = 0;
  const targetRoot = given.initial ? directory() : copyTree(source.root);
  const choicesLeft = [...given.choices];
  const choose = (count: number): number => (choicesLeft.shift() ?? 0) % count;
  const target = new ModelTarget(source.root, targetRoot, choose);
  const watch$ = new Subject<EventBatch>();
  const reports: MirrorReport[] = [];
  let deliveries = 0;
  let sequence = 0;

  const flush = (): void => {
    if (source.records.length === 0) return;
    watch$.next(encodeEventBatch(mergeRecords(source.records.splice(0)), ++sequence));
  };
  const deliver = (batch: Parameters<ModelTarget['apply']>[0]): Observable<Outcome> =>
    new Observable((subscriber) => {
      if (++deliveries > 5_000) throw new Error('delivers without end');
      const work = target.apply(batch);
      const advance = (): void => {
        const next = work.next();
        if (next.done === true) {
          subscriber.next(next.value);
          subscriber.complete();
        } else subscriber.add(scheduler.schedule(advance, given.nameMs));
      };
      advance();
    });
  const barrier = (): Observable<void> =>
    new Observable((subscriber) => {
      const pass = (): void => {
        flush();
        subscriber.complete();
      };
      subscriber.add(scheduler.schedule(pass, 2));
    });
  const options = {
    ...MIRROR_DEFAULTS,
    maxMs: 50,
    writingQuietMs: 30,
    writingMaxMs: 90,
    quietMs: given.quietMs,
    maxEntriesPerBatch: given.maxEntriesPerBatch,
    maxPendingEntries: given.maxPendingEntries,
    maxQuarantined: given.maxQuarantined,
    capabilities: { moves: given.moves },
    initial: given.initial,
    targetBackOff: { firstMs: 10, maxMs: 40 },
    quarantineBackOff: { firstMs: 30, maxMs: 100 },
    recheckBackOff: { firstMs: 5, maxMs: 20 },
    sourceRetryMs: 60,
    scheduler,
  };
  let failure: unknown;
  watch$.pipe(mirror(options, { deliver, barrier })).subscribe({
    next: (report) => reports.push(report),
    error: (error: unknown) => {
      failure = error;
    },
  });
  let atMs = 0;
  for (const { operation, path, other, detail, gapMs, latencyMs } of given.steps) {
    atMs += gapMs;
    scheduler.schedule(() => {
      source.operate(operation, path, other, detail);
      scheduler.schedule(flush, latencyMs);
    }, atMs);
  }
  scheduler.flush();
  if (failure !== undefined) throw failure as Error;
  return { source, targetRoot, reports };
}

test(`the target equals the source when activity has stopped (seed ${seed})`, { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(anyCase, (given) => {
      const { source, targetRoot, reports } = run(given);
      expect(listTree(targetRoot)).toEqual(listTree(source.root));
      expect(reports.findLast((report) => report.kind === 'state')).toMatchObject({
        state: 'idle',
        pending: 0,
      });
    }),
    { seed, numRuns },
  );
});
