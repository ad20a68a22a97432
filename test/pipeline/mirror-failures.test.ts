import { describe, test } from 'vitest';
import {
  write,
  moveDirectory,
  root,
  ok,
  failed,
  problem,
  recheck,
  held,
  brieflyHeld,
  check,
} from './model/mirror-scenario.ts';

describe('failures', () => {
  test('a target that is down is tried again with growing pauses, and nothing is lost', () => {
    check({ events: { 0: [write('f')], 500: [write('g')] }, outcomes: [failed('target'), failed('batch')] }, [
      '0 idle',
      '0 collecting',
      '100 deliver live f',
      '100 failed target 1000',
      '100 waiting until 1100',
      '1100 collecting',
      '1100 deliver live f g',
      '1100 failed batch 2000',
      '1100 waiting until 3100',
      '3100 collecting',
      '3100 deliver live f g',
      '3100 idle',
    ]);
  });
  test('a failure in a later chunk keeps what was delivered before it', () => {
    check(
      {
        options: { maxEntriesPerBatch: 1 },
        events: { 0: [write('a'), write('b'), write('c')] },
        outcomes: [ok, failed('batch')],
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live a',
        '100 deliver live b',
        '100 failed batch 1000',
        '100 waiting until 1100',
        '1100 collecting',
        '1100 deliver live b',
        '1100 deliver live c',
        '1100 idle',
      ],
    );
  });
  test('a wrong source holds until it is back, which compares everything', () => {
    check(
      {
        events: { 0: [write('f')], 500: [root('gone')], 700: [write('g')], 900: [root('back')] },
        outcomes: [failed('source')],
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live f',
        '100 failed source 2000',
        '100 held until 2100',
        '500 held',
        '900 collecting',
        '900 deliver live f g /**',
        '900 idle',
      ],
    );
  });
  test('a wrong source the watch knows nothing about is tried again slowly', () => {
    check({ options: { sourceRetryMs: 2_000 }, events: { 0: [write('f')] }, outcomes: [failed('source')] }, [
      '0 idle',
      '0 collecting',
      '100 deliver live f',
      '100 failed source 2000',
      '100 held until 2100',
      '2100 collecting',
      '2100 deliver live f',
      '2100 idle',
    ]);
  });
  test('a root that is gone holds at once, also between chunks', () => {
    check(
      {
        options: { maxEntriesPerBatch: 1 },
        deliveryMs: 50,
        events: { 0: [write('a'), write('b')], 120: [root('replaced')], 900: [root('back')] },
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live a',
        '150 held',
        '900 collecting',
        '900 deliver live b',
        '950 deliver live /**',
        '1000 idle',
      ],
    );
  });
  test('a wrong configuration stops the mirror with what is left', () => {
    check({ events: { 0: [write('f')], 20: [write('g')] }, outcomes: [failed('configuration')] }, [
      '0 idle',
      '0 collecting',
      '120 deliver live f g',
      '120 failed configuration for good',
      '120 stopped',
      '120 finished 2',
      '120 complete',
    ]);
  });
});

describe('single paths', () => {
  test('a path that fails is quarantined, retried with growing pauses and released', () => {
    check(
      {
        options: { quarantineBackOff: { firstMs: 500, maxMs: 9_000 } },
        events: { 0: [write('f'), write('g')] },
        outcomes: [problem('f'), problem('f')],
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live f g',
        '100 quarantined f 1 500',
        '100 waiting until 600',
        '600 deliver live f',
        '600 quarantined f 2 1000',
        '600 waiting until 1600',
        '1600 deliver live f',
        '1600 released f',
        '1600 idle',
      ],
    );
  });
  test('a new change of it is tried in its normal window', () => {
    check({ events: { 0: [write('f')], 1_000: [write('f')] }, outcomes: [problem('f')] }, [
      '0 idle',
      '0 collecting',
      '100 deliver live f',
      '100 quarantined f 1 5000',
      '100 waiting until 5100',
      '1000 collecting',
      '1100 deliver live f',
      '1100 released f',
      '1100 idle',
    ]);
  });
  test('it follows its directory when that is moved', () => {
    check(
      {
        options: { quarantineBackOff: { firstMs: 500, maxMs: 9_000 }, capabilities: { moves: true } },
        events: { 0: [write('d/f')], 150: [moveDirectory('d', 'e')] },
        outcomes: [problem('d/f')],
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live d/f',
        '100 quarantined d/f 1 500',
        '100 waiting until 600',
        '150 released d/f',
        '150 quarantined e/f 1 450',
        '150 collecting',
        '250 deliver live d->e d e d/**',
        '250 waiting until 600',
        '600 deliver live e/f',
        '600 released e/f',
        '600 idle',
      ],
    );
  });
  test('too many of them become their directory', () => {
    check(
      {
        options: { quarantineBackOff: { firstMs: 500, maxMs: 9_000 }, maxQuarantined: 2 },
        events: { 0: [write('d/f'), write('d/g'), write('d/h')] },
        outcomes: [problem('d/f', 'd/g', 'd/h')],
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live d/f d/g d/h',
        '100 quarantined d/f 1 500',
        '100 quarantined d/g 1 500',
        '100 released d/f',
        '100 released d/g',
        '100 quarantined d 1 500',
        '100 waiting until 600',
        '600 deliver live d d/***',
        '600 released d',
        '600 idle',
      ],
    );
  });
  test('what fails inside a subtree is retried as a subtree', () => {
    check(
      {
        options: { initial: true, quarantineBackOff: { firstMs: 500, maxMs: 9_000 } },
        outcomes: [problem('d')],
      },
      [
        '0 collecting',
        '0 deliver startup /**',
        '0 quarantined d 1 500',
        '0 waiting until 500',
        '500 deliver live d d/**',
        '500 released d',
        '500 idle',
      ],
    );
  });
  test('what changed while it was read is looked at again soon, then less often', () => {
    check({ events: { 0: [write('f')] }, outcomes: [recheck('f'), recheck('f')] }, [
      '0 idle',
      '0 collecting',
      '100 deliver live f',
      '100 collecting',
      '200 deliver live f',
      '200 collecting',
      '400 deliver live f',
      '400 idle',
    ]);
  });
});

describe('held deletions', () => {
  test('are tried again with growing pauses, while all else is delivered as ever', () => {
    check(
      {
        events: { 0: [write('a'), write('b')], 500: [write('c')] },
        outcomes: [held('a'), ok, held('a')],
        untilMs: 35_000,
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live a b',
        '100 held until 10100',
        '500 collecting',
        '600 deliver live c',
        '600 held until 10100',
        '10100 deliver live a',
        '10100 held until 30100',
        '30100 deliver live a',
        '30100 idle',
      ],
    );
  });
  test('are tried right after the next delivery without a hold, if that ends their reason', () => {
    check(
      { events: { 0: [write('a')], 500: [write('b')] }, outcomes: [brieflyHeld('a'), ok], untilMs: 9_000 },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live a',
        '100 held until 10100',
        '500 collecting',
        '600 deliver live b',
        '600 held until 600',
        '600 deliver live a',
        '600 idle',
      ],
    );
  });
  test('are over when their name has been delivered for another reason', () => {
    check({ events: { 0: [write('a')], 500: [write('a')] }, outcomes: [held('a')] }, [
      '0 idle',
      '0 collecting',
      '100 deliver live a',
      '100 held until 10100',
      '500 collecting',
      '600 deliver live a',
      '600 idle',
    ]);
  });
  test('of the first compare are a first compare again, and what comes between is live', () => {
    check(
      {
        options: { initial: true },
        events: { 500: [write('f')] },
        outcomes: [held('')],
        untilMs: 20_000,
      },
      [
        '0 collecting',
        '0 deliver startup /**',
        '0 held until 10000',
        '500 collecting',
        '600 deliver live f',
        '600 held until 10000',
        '10000 deliver startup /**',
        '10000 idle',
      ],
    );
  });
  test('follow a directory that is moved, and are left at the end', () => {
    check(
      {
        options: { capabilities: { moves: true } },
        events: { 0: [write('d/a')], 500: [moveDirectory('d', 'e')] },
        outcomes: [held('d/a'), ok, held('e/a')],
        finishMs: 10_500,
        untilMs: 20_000,
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live d/a',
        '100 held until 10100',
        '500 collecting',
        '600 deliver live d->e d e d/**',
        '600 held until 10100',
        '10100 deliver live e/a',
        '10100 held until 30100',
        '10500 finished 1',
        '10500 complete',
      ],
    );
  });
});
