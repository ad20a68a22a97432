import { Observable, Subject, VirtualAction, VirtualTimeScheduler, of } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../src/model/batch.ts';
import type { EventBatch, RootStateName, WatchEvent } from '../../src/model/event-batch.ts';
import { HINT, encodeEventBatch } from '../../src/model/event-batch.ts';
import type { Failed, Outcome } from '../../src/model/outcome.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { baseName, parentPath } from '../../src/model/path-bytes.ts';
import type { MirrorReport } from '../../src/pipeline/mirror-report.ts';
import type { MirrorOptions } from '../../src/pipeline/mirror.ts';

import { MIRROR_DEFAULTS, mirror } from '../../src/pipeline/mirror.ts';

const write = (path: string): WatchEvent => ({
  kind: 'changed',
  directory: parentPath(path as PathBytes),
  name: baseName(path as PathBytes),
  hints: HINT.modified | HINT.closed,
});
const openWrite = (path: string): WatchEvent => ({ ...write(path), hints: HINT.modified }) as WatchEvent;
const moveDirectory = (from: string, to: string): WatchEvent => ({
  kind: 'moved',
  fromDirectory: parentPath(from as PathBytes),
  fromName: baseName(from as PathBytes),
  toDirectory: parentPath(to as PathBytes),
  toName: baseName(to as PathBytes),
  isDirectory: true,
});
const root = (state: RootStateName): WatchEvent => ({ kind: 'root', state, errno: 0 });

const ok: Outcome = {
  kind: 'delivered',
  counts: { updated: 0, deleted: 0, bytes: 0 },
  problems: [],
  recheck: [],
};
const failed = (scope: Failed['scope']): Outcome => ({ kind: 'failed', scope, message: `${scope} broken` });
const problem = (...paths: string[]): Outcome => ({
  ...ok,
  kind: 'delivered',
  problems: paths.map((path) => ({ path: path as PathBytes, message: 'denied' })),
});
const recheck = (...paths: string[]): Outcome => ({
  ...ok,
  kind: 'delivered',
  recheck: paths as PathBytes[],
});

const held = (...paths: string[]): Outcome => ({
  ...ok,
  kind: 'delivered',
  held: { count: 9, message: 'too many', remedy: 'allow', isBrief: false, paths: paths as PathBytes[] },
});
const brieflyHeld = (...paths: string[]): Outcome => ({
  ...ok,
  kind: 'delivered',
  held: { count: 9, message: 'empty', remedy: 'allow', isBrief: true, paths: paths as PathBytes[] },
});

interface Scenario {
  readonly options?: Partial<MirrorOptions>;
  /** What comes at which time, in ms. */
  readonly events?: Readonly<Record<number, readonly WatchEvent[]>>;
  /** Outcomes in order; `ok` from then on. */
  readonly outcomes?: readonly Outcome[];
  readonly deliveryMs?: number;
  readonly barrierMs?: number;
  readonly finishMs?: number;
  readonly untilMs?: number;
}

/** One line a report, with its time: `100 deliver live f g/**`. */
function check(scenario: Scenario, expected: readonly string[]): void {
  const scheduler = new VirtualTimeScheduler(VirtualAction, scenario.untilMs ?? 5_000);
  const outcomes = [...(scenario.outcomes ?? [])];
  const lines: string[] = [];
  const log = (line: string): unknown => lines.push(`${scheduler.now()} ${line}`);
  const watch$ = new Subject<EventBatch>();
  const finish$ = new Subject<void>();
  const after = (ms: number, then: () => void): void => {
    if (ms === 0) then();
    else scheduler.schedule(then, ms);
  };
  const deliver = (batch: Batch): Observable<Outcome> => {
    const names = [
      ...batch.moves.map(({ from, to }) => `${from}->${to}`),
      ...batch.entries.map(({ path }) => path),
      ...batch.subtrees.map((path) => `${path}/**`),
      ...batch.contentSubtrees.map((path) => `${path}/***`),
    ];
    log(`deliver ${batch.reason} ${names.join(' ')}`);
    return new Observable((subscriber) => {
      after(scenario.deliveryMs ?? 0, () => {
        subscriber.next(outcomes.shift() ?? ok);
        subscriber.complete();
      });
    });
  };
  const barrier = (): Observable<unknown> =>
    scenario.barrierMs === undefined
      ? of(undefined)
      : new Observable((subscriber) => {
          scheduler.schedule(() => {
            subscriber.next(undefined);
          }, scenario.barrierMs ?? 0);
        });
  const options = {
    ...MIRROR_DEFAULTS,
    initial: false,
    quietMs: 100,
    maxMs: 300,
    scheduler,
    ...scenario.options,
  };
  watch$.pipe(mirror(options, { deliver, barrier, finish$ })).subscribe({
    next: (report) => log(lineOf(report)),
    complete: () => log('complete'),
  });
  for (const [atMs, events] of Object.entries(scenario.events ?? {}))
    scheduler.schedule(() => {
      watch$.next(encodeEventBatch(events));
    }, Number(atMs));
  if (scenario.finishMs !== undefined)
    scheduler.schedule(() => {
      finish$.next();
    }, scenario.finishMs);
  scheduler.flush();
  expect(lines.filter((line) => !/ delivered$| deliver(ing)?$/.test(line))).toEqual(expected);
}

function lineOf(report: MirrorReport): string {
  switch (report.kind) {
    case 'state':
      return [report.state, ...(report.retryAtMs === undefined ? [] : [`until ${report.retryAtMs}`])]
        .join(' ')
        .replace('delivering', 'deliver');
    case 'delivered':
      return 'delivered';
    case 'failed':
      return `failed ${report.outcome.scope} ${report.retryInMs ?? 'for good'}`;
    case 'quarantined':
      return `quarantined ${report.path} ${report.attempts} ${report.retryInMs}`;
    case 'released':
      return `released ${report.path}`;
    case 'finished':
      return `finished ${report.remaining}`;
  }
}

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
  test('is still the first compare when it is retried', () => {
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
