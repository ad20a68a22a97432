import { firstValueFrom, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { TargetEvents } from '../../src/daemon/target-events.ts';
import { encodeEventBatch, HINT, type EventBatch, type WatchEvent } from '../../src/model/event-batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';

const { created, deleted, modified, closed, isDirectory } = HINT;
const changed = (name: string, hints: number): WatchEvent => ({
  kind: 'changed',
  directory: '' as PathBytes,
  name: name as PathBytes,
  hints,
});
const moved = (from: string, to: string): WatchEvent => ({
  kind: 'moved',
  fromDirectory: '' as PathBytes,
  fromName: from as PathBytes,
  toDirectory: '' as PathBytes,
  toName: to as PathBytes,
  isDirectory: true,
});
const gone: WatchEvent = { kind: 'root', state: 'gone', errno: 0 };

/** A watch whose events and barriers a test lets pass. */
class Watched {
  readonly batches$ = new Subject<EventBatch>();
  readonly #barriers: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  readonly barrier = () => this.#barrier$();

  tell(...events: readonly WatchEvent[]): void {
    this.batches$.next(encodeEventBatch(events));
  }

  async pass(count = Infinity): Promise<void> {
    for (const { resolve } of this.#barriers.splice(0, count)) resolve();
    await turn();
  }

  async close(): Promise<void> {
    for (const { reject } of this.#barriers.splice(0)) reject(new Error('closed'));
    await turn();
  }

  #barrier$(): Subject<unknown> {
    const passed = new Subject<unknown>();
    this.#barriers.push({
      resolve: () => {
        passed.next(undefined);
        passed.complete();
      },
      reject: (error) => {
        passed.error(error);
      },
    });
    return passed;
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function follow(events: TargetEvents): { readonly seen: WatchEvent[]; readonly end: () => void } {
  const seen: WatchEvent[] = [];
  const subscription = events.batches$.subscribe((batch) => seen.push(...batch.events()));
  return {
    seen,
    end: () => {
      subscription.unsubscribe();
    },
  };
}

test('another watch takes over after its first scan; what both may tell is a doubt the second time', async () => {
  const [old, next] = [new Watched(), new Watched()];
  const events = new TargetEvents(old);
  const { seen } = follow(events);
  const change = events.moveTo(next);
  old.tell(changed('a', created));
  next.tell(changed('a', created), gone);
  await next.pass();
  old.tell(moved('a', 'b'));
  next.tell(moved('a', 'b'), changed('c', created | closed), changed('d', deleted));
  await old.pass();
  old.tell(changed('late', modified));
  next.tell(changed('e', created));
  await next.pass();
  next.tell(changed('f', created));
  await change;
  const doubt = modified | closed;
  expect(seen).toEqual([
    changed('a', created),
    gone,
    moved('a', 'b'),
    changed('a', doubt | isDirectory),
    changed('b', doubt | isDirectory),
    changed('c', doubt),
    changed('d', doubt),
    changed('e', doubt),
    changed('f', created),
  ]);
});

test('a barrier asked of the watch that was left holds for the one that took over', async () => {
  for (const end of ['pass', 'close'] as const) {
    const [old, next] = [new Watched(), new Watched()];
    const events = new TargetEvents(old);
    follow(events);
    const change = events.moveTo(next);
    await next.pass();
    let isPassed = false;
    void firstValueFrom(events.barrier()).then(() => {
      isPassed = true;
    });
    await old.pass(1);
    await next.pass();
    await change;
    await old[end]();
    expect(isPassed).toBe(false);
    await next.pass();
    expect(isPassed).toBe(true);
  }
});

test('a target that ends lets both watches go', async () => {
  const [old, next] = [new Watched(), new Watched()];
  const events = new TargetEvents(old);
  const { end } = follow(events);
  const change = events.moveTo(next);
  end();
  await change;
  expect([old, next].map(({ batches$ }) => batches$.observed)).toEqual([false, false]);
});

test('other rules for the same watch count from one record to the next', () => {
  const [old, next] = [new Watched(), new Watched()];
  const events = new TargetEvents(old);
  const { seen } = follow(events);
  old.tell(changed('a', created));
  events.change(next);
  old.tell(changed('b', created));
  next.tell(changed('c', created));
  old.batches$.complete();
  next.tell(changed('d', created));
  expect(seen).toEqual([changed('a', created), changed('c', created), changed('d', created)]);
});
