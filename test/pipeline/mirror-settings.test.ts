import { describe, test } from 'vitest';
import type { WatchEvent } from '../../src/model/event-batch.ts';
import { check, failed, moveDirectory, remove, root, write } from './model/mirror-scenario.ts';

describe('settings that change while it runs', () => {
  test('a shorter delay closes the window that is open, a longer one keeps it open', () => {
    check(
      {
        events: { 0: [write('f')], 1_000: [write('g')] },
        settings: { 50: { quietMs: 60 }, 1_010: { quietMs: 200 } },
      },
      [
        '0 idle',
        '0 collecting',
        '60 deliver live f',
        '60 idle',
        '1000 collecting',
        '1200 deliver live g',
        '1200 idle',
      ],
    );
  });
  test('a smaller limit of names closes the window at once', () => {
    check({ events: { 0: [write('f'), write('g')] }, settings: { 50: { maxEntries: 2 } } }, [
      '0 idle',
      '0 collecting',
      '50 deliver live f g',
      '50 idle',
    ]);
  });
  test('they end no delivery under way, and no pause after a failure', () => {
    check(
      {
        events: { 0: [write('f')] },
        deliveryMs: 100,
        outcomes: [failed('target')],
        settings: { 150: { quietMs: 0 }, 300: { quietMs: 10 } },
      },
      [
        '0 idle',
        '0 collecting',
        '100 deliver live f',
        '200 failed target 1000',
        '200 waiting until 1200',
        '1200 collecting',
        '1200 deliver live f',
        '1300 idle',
      ],
    );
  });
  test('moves that wait for a target which can make none any more are told as names', () => {
    check(
      {
        options: { capabilities: { moves: true } },
        events: { 0: [moveDirectory('d', 'e')] },
        settings: { 50: { capabilities: { moves: false } } },
      },
      ['0 idle', '0 collecting', '100 deliver live d e d/** e/**', '100 idle'],
    );
  });
  test('what is deleted in a directory before it is told to a target that wants it, from the change of settings on', () => {
    const removed = (path: string): WatchEvent[] => [remove(`${path}/f`), remove(path, 'directory')];
    check(
      {
        events: { 0: removed('a'), 300: removed('b'), 600: removed('c') },
        settings: {
          200: { capabilities: { moves: false, deletedNames: true } },
          500: { capabilities: { moves: false } },
        },
      },
      [
        ...['0 idle', '0 collecting', '100 deliver live a a/**', '100 idle'],
        ...['300 collecting', '400 deliver live b b/** -b/f', '400 idle'],
        ...['600 collecting', '700 deliver live c c/**', '700 idle'],
      ],
    );
  });
});

describe('a compare that is asked for', () => {
  test('goes at once, by size and time, with what is pending and known to be new', () => {
    check({ events: { 0: [write('d/f')] }, compareMs: [50, 400] }, [
      '0 idle',
      '0 collecting',
      '50 deliver live d/f /**',
      '50 idle',
      '400 collecting',
      '400 deliver live /**',
      '400 idle',
    ]);
  });
  test('while one is under way is one more, however often', () => {
    check({ deliveryMs: 100, compareMs: [10, 20, 30, 90], events: { 40: [write('f')] } }, [
      '0 idle',
      '10 collecting',
      '10 deliver live /**',
      '110 collecting',
      '110 deliver live f /**',
      '210 idle',
    ]);
  });
  test('does not go to a target that is down before its pause is over, and then once', () => {
    check({ events: { 0: [write('f')] }, outcomes: [failed('target')], compareMs: [200, 300, 400] }, [
      '0 idle',
      '0 collecting',
      '100 deliver live f',
      '100 failed target 1000',
      '100 waiting until 1100',
      '1100 collecting',
      '1100 deliver live f /**',
      '1100 idle',
    ]);
  });
  test('waits for the root to be back, and is a part of the first compare', () => {
    check({ events: { 0: [root('gone')], 500: [root('back')] }, compareMs: [100] }, [
      '0 idle',
      '0 held',
      '500 collecting',
      '500 deliver live /**',
      '500 idle',
    ]);
    check({ options: { initial: true }, barrierMs: 50, deliveryMs: 20, compareMs: [10] }, [
      '0 collecting',
      '50 deliver startup /**',
      '120 idle',
    ]);
  });
  test('is not begun when the end has been asked for', () => {
    check({ finishMs: 50, compareMs: [60], deliveryMs: 100, events: { 10: [write('f')] } }, [
      '0 idle',
      '10 collecting',
      '50 deliver live f',
      '150 finished 0',
      '150 complete',
    ]);
  });
});
