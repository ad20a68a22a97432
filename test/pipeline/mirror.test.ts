import { describe, test } from 'vitest';
import { HINT } from '../../src/model/event-batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { write, openWrite, root, ok, failed, check } from './model/mirror-scenario.ts';

describe('the window', () => {
  test('a change is delivered when it has been quiet', () => {
    check({ events: { 10: [write('f')], 60: [write('g')] } }, [
      '0 idle',
      '10 collecting',
      '160 deliver live f g',
      '160 idle',
    ]);
  });
  test('a delay of 0 delivers at once', () => {
    check({ options: { quietMs: 0 }, events: { 10: [write('f')] } }, [
      '0 idle',
      '10 collecting',
      '10 deliver live f',
      '10 idle',
    ]);
  });
  test('changes during a delivery wait for it and for their own window', () => {
    check({ events: { 0: [write('f')], 110: [write('g')] }, deliveryMs: 300 }, [
      '0 idle',
      '0 collecting',
      '100 deliver live f',
      '400 collecting',
      '400 deliver live g',
      '700 idle',
    ]);
  });
  test('a file kept open is delivered after its own pause, another change does not wait for it', () => {
    check({ options: { writingQuietMs: 500 }, events: { 0: [openWrite('log')], 10: [write('f')] } }, [
      '0 idle',
      '0 collecting',
      '110 deliver live f',
      '110 collecting',
      '500 deliver live log',
      '500 idle',
    ]);
  });
  test('a large flight goes out in chunks', () => {
    check({ options: { maxEntriesPerBatch: 2 }, events: { 0: [write('a'), write('b'), write('c')] } }, [
      '0 idle',
      '0 collecting',
      '100 deliver live a b',
      '100 deliver live c',
      '100 idle',
    ]);
  });
});

describe('a large file', () => {
  const deferred: Outcome = { ...ok, deferred: [{ path: 'f' as PathBytes, hints: HINT.modified }] };
  const problem: Outcome = { ...ok, problems: [{ path: 'f' as PathBytes, message: 'no' }] };

  test('that fails is tried with the batches at once if it was written to meanwhile', () => {
    check(
      {
        events: { 0: [write('f')], 150: [write('f')] },
        deliveryMs: 100,
        options: { quietMs: 10 },
        outcomes: [deferred, problem],
      },
      [
        '0 idle',
        '0 collecting',
        '10 deliver live f',
        '110 deliver large f',
        '150 collecting',
        '210 quarantined f 1 5000',
        '210 collecting',
        '220 deliver live  f',
        '320 released f',
        '320 idle',
      ],
    );
  });
});

describe('the first compare', () => {
  test('waits for the barrier, then events collect behind it', () => {
    check({ options: { initial: true }, barrierMs: 50, deliveryMs: 200, events: { 80: [write('f')] } }, [
      '0 collecting',
      '50 deliver startup /**',
      '300 collecting',
      '300 deliver live f',
      '550 idle',
    ]);
  });
  test('has beside it what was written since a target that was there has failed to do it', () => {
    check({ options: { initial: true }, outcomes: [failed('batch')], events: { 500: [write('f')] } }, [
      '0 collecting',
      '0 deliver startup /**',
      '0 failed batch 1000',
      '0 waiting until 1000',
      '1000 collecting',
      '1000 deliver startup f /**',
      '1000 idle',
    ]);
  });
  test('is still the first compare when it is retried, and takes in what came before the target was reached', () => {
    check({ options: { initial: true }, outcomes: [failed('target')], events: { 500: [write('f')] } }, [
      '0 collecting',
      '0 deliver startup /**',
      '0 failed target 1000',
      '0 waiting until 1000',
      '1000 collecting',
      '1000 deliver startup /**',
      '1000 idle',
    ]);
  });
});

describe('the end', () => {
  test('delivers what is pending at once, open files included', () => {
    check({ events: { 0: [openWrite('log'), write('f')] }, finishMs: 10 }, [
      '0 idle',
      '0 collecting',
      '10 deliver live f log',
      '10 finished 0',
      '10 complete',
    ]);
  });
  test('what was done before the end, and is seen only after it, belongs to the last delivery', () => {
    check({ events: { 30: [write('f')] }, barrierMs: 40, finishMs: 10 }, [
      '0 idle',
      '30 collecting',
      '50 deliver live f',
      '50 finished 0',
      '50 complete',
    ]);
  });
  test('waits for the delivery under way, then delivers the rest', () => {
    check({ events: { 0: [write('f')], 110: [write('g')] }, deliveryMs: 300, finishMs: 120 }, [
      '0 idle',
      '0 collecting',
      '100 deliver live f',
      '400 deliver live g',
      '700 finished 0',
      '700 complete',
    ]);
  });
  test('tells what is left when the last delivery fails', () => {
    check({ events: { 0: [write('f')] }, outcomes: [failed('target')], finishMs: 10 }, [
      '0 idle',
      '0 collecting',
      '10 deliver live f',
      '10 failed target 1000',

      '10 finished 1',
      '10 complete',
    ]);
  });
  test('does not wait for a pause, nor deliver without its source', () => {
    check({ events: { 0: [write('f')] }, outcomes: [failed('target')], finishMs: 500 }, [
      '0 idle',
      '0 collecting',
      '100 deliver live f',
      '100 failed target 1000',
      '100 waiting until 1100',
      '500 deliver live f',
      '500 finished 0',
      '500 complete',
    ]);
    check({ events: { 0: [write('f')], 10: [root('gone')] }, finishMs: 500 }, [
      '0 idle',
      '0 collecting',
      '10 held',
      '500 finished 1',
      '500 complete',
    ]);
  });
  test('does not begin the first compare', () => {
    check({ options: { initial: true }, barrierMs: 50, finishMs: 10 }, [
      '0 collecting',
      '10 finished 1',
      '10 complete',
    ]);
  });
});
