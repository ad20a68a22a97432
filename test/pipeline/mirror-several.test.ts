import { Observable, Subject, VirtualAction, VirtualTimeScheduler, of } from 'rxjs';
import { expect, test } from 'vitest';
import type { Batch } from '../../src/model/batch.ts';
import type { EventBatch, WatchEvent } from '../../src/model/event-batch.ts';
import { HINT, encodeEventBatch } from '../../src/model/event-batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { MIRROR_DEFAULTS, mirror } from '../../src/pipeline/mirror.ts';

const write = (directory: string, name: string): WatchEvent => ({
  kind: 'changed',
  directory: directory as PathBytes,
  name: name as PathBytes,
  hints: HINT.modified | HINT.closed,
});
const counts = { updated: 0, deleted: 0, bytes: 0 };
const ok: Outcome = { kind: 'delivered', counts, problems: [], recheck: [] };
const down: Outcome = { kind: 'failed', scope: 'target', message: 'down' };
const wrong: Outcome = { kind: 'failed', scope: 'configuration', message: 'wrong' };

/** Mirrors of one stream of events, each with a target of its own; what each delivered, with the time. */
class Several {
  readonly scheduler = new VirtualTimeScheduler(VirtualAction, 100_000);
  readonly events$ = new Subject<EventBatch>();

  add(deliver: (nowMs: number) => Outcome, deliveryMs = 0, maxPendingEntries = 1_000): string[] {
    const lines: string[] = [];
    const { scheduler } = this;
    const ports = {
      barrier: () => of(undefined),
      deliver: (batch: Batch): Observable<Outcome> =>
        new Observable((subscriber) => {
          scheduler.schedule(() => {
            const outcome = deliver(scheduler.now());
            const names = [
              ...batch.entries.map(({ path }) => path),
              ...batch.subtrees.map((path) => `${path}/**`),
              ...batch.contentSubtrees.map((path) => `${path}/***`),
            ];
            if (outcome.kind === 'delivered') lines.push(`${scheduler.now()} ${names.join(' ')}`);
            subscriber.next(outcome);
            subscriber.complete();
          }, deliveryMs);
        }),
    };
    const options = { ...MIRROR_DEFAULTS, initial: false, quietMs: 100, maxPendingEntries, scheduler };
    this.events$.pipe(mirror(options, ports)).subscribe({
      complete: () => lines.push(`${scheduler.now()} complete`),
    });
    return lines;
  }

  run(events: Readonly<Record<number, readonly WatchEvent[]>>): void {
    for (const [atMs, batch] of Object.entries(events))
      this.scheduler.schedule(() => {
        this.events$.next(encodeEventBatch(batch));
      }, Number(atMs));
    this.scheduler.flush();
  }
}

test('a dead target and a slow one cost a third nothing; back again, the dead one gets all it missed', () => {
  const several = new Several();
  const dead = several.add((nowMs) => (nowMs < 5_000 ? down : ok));
  const slow = several.add(() => ok, 2_000);
  const well = several.add(() => ok);
  several.run({ 0: [write('', 'a')], 500: [write('d', 'b')], 1_000: [write('d', 'c')] });
  expect(well).toEqual(['100 a', '600 d/b', '1100 d/c']);
  expect(slow).toEqual(['2100 a', '4100 d/b d/c']);
  // Attempts at 100, 1100, 3100 and 7100.
  expect(dead).toEqual(['7100 a d/b d/c']);
});

test('the backlog of a dead target stays bounded: names become directories to compare', () => {
  const several = new Several();
  const dead = several.add((nowMs) => (nowMs < 5_000 ? down : ok), 0, 100);
  const well = several.add(() => ok, 0, 100);
  const many = (directory: string, from: number): WatchEvent[] =>
    Array.from({ length: 60 }, (_, index) => write(directory, String(from + index)));
  several.run({ 0: many('d', 0), 500: many('d', 100), 1_000: many('e', 0) });
  expect(dead).toEqual([expect.stringMatching(/^7100 .*d\/\*\*/)]);
  expect(dead[0]?.split(' ').length).toBeLessThan(100);
  expect(well.map((line) => line.split(' ').length)).toEqual([61, 61, 61]);
});

test('a wrong configuration stops one target, and the others go on', () => {
  const several = new Several();
  const stopped = several.add(() => wrong);
  const well = several.add(() => ok);
  several.run({ 0: [write('', 'a')], 500: [write('', 'b')] });
  expect(stopped).toEqual(['100 complete']);
  expect(well).toEqual(['100 a', '600 b']);
});
