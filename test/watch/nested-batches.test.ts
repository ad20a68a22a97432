import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/addon/load-addon.ts';
import { encodeEventBatch, HINT, type EventBatch, type WatchEvent } from '../../src/model/event-batch.ts';
import { joinPath, pathFromText, type PathBytes } from '../../src/model/path-bytes.ts';
import { nestedBatches$ } from '../../src/watch/nested-batches.ts';
import { openWatch } from '../../src/watch/open-watch.ts';
import { rootIdentity } from '../../src/watch/root-identity.ts';
import { Subject } from 'rxjs';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';
import { takesAnyBytes } from '../support/this-system.ts';

/** The directory `tree/in` seen by a watch of its own, and by that of `tree`. */
class TwoViews implements Disposable {
  readonly directory: TempDir = makeTempDir();
  readonly own: WatchEvent[] = [];
  readonly nested: WatchEvent[] = [];
  readonly #watches;

  constructor(before: string) {
    mkdirSync(this.directory.at('tree/in'), { recursive: true });
    shell(this.directory.at('tree'), before);
    const path = this.directory.at('tree/in');
    const outer = openWatch(loadAddon(), { root: Buffer.from(this.directory.at('tree')) });
    const inner = openWatch(loadAddon(), { root: Buffer.from(path) });
    const identity = rootIdentity(pathFromText(path));
    if (identity === undefined) throw new Error('no directory');
    const tree = { path: pathFromText(path), place: pathFromText('in'), identity };
    inner.batches$.subscribe((batch) => this.own.push(...told(batch)));
    nestedBatches$(outer.batches$, tree).subscribe((batch) => this.nested.push(...told(batch)));
    this.#watches = [outer, inner];
  }

  /** Runs a script in `tree` and waits until both have seen all of it. */
  async change(script: string): Promise<void> {
    await this.seen();
    for (const events of [this.own, this.nested]) events.length = 0;
    shell(this.directory.at('tree'), script);
    await this.seen();
  }

  async seen(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.barrier()));
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch.close();
    this.directory[Symbol.dispose]();
  }
}

/** But for what a watch has found by listing: who reads a rescan looks there as well. */
function told(batch: EventBatch): readonly WatchEvent[] {
  return [...batch.events()].filter(
    (event) =>
      event.kind !== 'barrier' &&
      event.kind !== 'coverage' &&
      !(event.kind === 'changed' && (event.hints & HINT.listed) !== 0),
  );
}

/** One change a name between two moves or rescans, in whatever pieces its watch was read. */
function merged(events: readonly WatchEvent[]): readonly WatchEvent[] {
  const all: WatchEvent[] = [];
  let open = new Map<PathBytes, number>();
  for (const event of events) {
    if (event.kind !== 'changed') {
      open = new Map();
      all.push(event);
      continue;
    }
    const path = joinPath(event.directory, event.name);
    const index = open.get(path) ?? all.length;
    const before = all[index];
    open.set(path, index);
    all[index] = before?.kind === 'changed' ? { ...event, hints: before.hints | event.hints } : event;
  }
  return all;
}

function names(events: readonly WatchEvent[]): readonly PathBytes[] {
  return events.flatMap((event) => (event.kind === 'changed' ? [joinPath(event.directory, event.name)] : []));
}

describe('a nested tree is seen as by a watch of its own', () => {
  test.each([
    'echo 1 > in/new; echo 2 > beside; mkdir other; echo 3 > other/new',
    'echo 2 > in/d/file; chmod 600 in/d/file; rm in/gone',
    'mv in/d in/e; mv in/gone in/e/moved; echo 1 > in/e/late',
    'mv in/gone ../outside',
    'mv in/d moved-out',
    'mv ../outside in/d/file',
    'mv beside in/gone',
    'chmod 700 in; touch in',
    'mkdir in/d/deep; mv in/d/deep other; rmdir other',
    'ln -s / in/link; ln in/gone in/other-name; mkfifo in/fifo',
    ...(takesAnyBytes ? [String.raw`printf 1 > in/$'\xff\n'; mv in/$'\xff\n' in/d/`] : []),
  ])('%s', async (script) => {
    using views = new TwoViews(
      'mkdir in/d; echo > in/d/file; echo > in/gone; echo > beside; echo > ../outside',
    );
    await views.change(script);
    expect(merged(views.nested)).toEqual(merged(views.own));
    expect(views.nested).not.toEqual([]);
  });

  test('a directory moved in is compared as a whole, and what happens in it is seen', async () => {
    using views = new TwoViews('mkdir -p beside/deep');
    await views.change('mv beside in/arrived');
    const [arrived, rescan] = views.own;
    expect(views.nested).toEqual([arrived, rescan]);
    expect(rescan).toEqual({ kind: 'rescan', directory: 'arrived', reason: 'movedIn' });
    await views.change('echo 1 > in/arrived/deep/new');
    expect(names(views.nested)).toEqual(['arrived/deep/new']);
  });

  test('what happens beside it alone is not its business', async () => {
    using views = new TwoViews('mkdir inn');
    await views.change('echo 1 > inn/in; mkdir beside; mv inn beside/in');
    expect(views.nested).toEqual([]);
  });
});

describe('the root of a nested tree', () => {
  const roots = (events: readonly WatchEvent[]) =>
    events.flatMap((event) => (event.kind === 'root' ? [event.state] : []));

  test('moved away is gone; another in its place has replaced it; the first one back is looked through', async () => {
    using views = new TwoViews('echo > in/file');
    const at = (name: string): string => views.directory.at('tree', name);
    await views.seen();
    renameSync(at('in'), at('away'));
    await expect.poll(() => roots(views.nested)).toEqual(['gone']);
    mkdirSync(at('in'));
    await expect.poll(() => roots(views.nested)).toEqual(['gone', 'replaced']);
    writeFileSync(at('away/file'), 'changed while it was away');
    rmSync(at('in'), { recursive: true });
    renameSync(at('away'), at('in'));
    await expect.poll(() => roots(views.nested).at(-1)).toBe('back');
    const last = views.nested.findLastIndex((event) => event.kind === 'root');
    expect(views.nested[last + 1]).toEqual({ kind: 'rescan', directory: '', reason: 'recovered' });
    await views.change('echo 2 > in/file');
    expect(names(views.nested)).toEqual(['file']);
  });

  test('deleted and made again is another one, even with the old inode number', async () => {
    using views = new TwoViews('echo > in/file');
    await views.seen();
    rmSync(views.directory.at('tree/in'), { recursive: true });
    mkdirSync(views.directory.at('tree/in'));
    await expect.poll(() => roots(views.nested).at(-1)).toBe('replaced');
  });

  test('is not there while the tree around it is not, and back with it', async () => {
    using views = new TwoViews('echo > in/file');
    await views.seen();
    renameSync(views.directory.at('tree'), views.directory.at('away'));
    await expect.poll(() => roots(views.nested)).toEqual(['gone']);
    renameSync(views.directory.at('away'), views.directory.at('tree'));
    await expect.poll(() => roots(views.nested)).toEqual(['gone', 'back']);
  });

  test('counts as gone while a directory on the way to it cannot be watched', () => {
    using directory = makeTempDir();
    const identity = rootIdentity(pathFromText(directory.path));
    if (identity === undefined) throw new Error('no directory');
    const outer = new Subject<EventBatch>();
    const seen: WatchEvent[] = [];
    const tree = { path: pathFromText(directory.path), place: pathFromText('a/b'), identity };
    using _view = disposable(nestedBatches$(outer, tree).subscribe((batch) => seen.push(...batch.events())));
    const coverage = (place: string, state: 'blind' | 'watching', reason: 'unreadable' | 'watchLimit') => {
      const counts = { errno: 13, watched: 1, missing: 1 };
      const event = { kind: 'coverage', directory: pathFromText(place), state, reason, ...counts } as const;
      outer.next(encodeEventBatch([event]));
    };
    coverage('', 'blind', 'watchLimit');
    coverage('a/c', 'blind', 'unreadable');
    expect(seen).toEqual([]);
    coverage('a', 'blind', 'unreadable');
    expect(roots(seen)).toEqual(['gone']);
    coverage('a/b', 'blind', 'unreadable');
    coverage('a', 'watching', 'unreadable');
    expect(roots(seen)).toEqual(['gone']);
    coverage('a/b', 'watching', 'unreadable');
    expect(roots(seen)).toEqual(['gone', 'back']);
  });
});

function disposable(subscription: { unsubscribe(): void }): Disposable {
  return {
    [Symbol.dispose]: () => {
      subscription.unsubscribe();
    },
  };
}
