import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEventBatch, HINT, type WatchEvent } from '../../src/model/event-batch.ts';
import { pathFromText, type PathBytes } from '../../src/model/path-bytes.ts';
import { rerootBatch } from '../../src/model/reroot-batch.ts';

const { attrib, closed, created, deleted, isDirectory, listed, modified } = HINT;

function changed(path: string, hints: number = modified): WatchEvent {
  const { directory, name } = split(path);
  return { kind: 'changed', directory, name, hints };
}

function moved(from: string, to: string, isDirectory = false): WatchEvent {
  const { directory: fromDirectory, name: fromName } = split(from);
  const { directory: toDirectory, name: toName } = split(to);
  return { kind: 'moved', fromDirectory, fromName, toDirectory, toName, isDirectory };
}

function rescan(directory: string, reason: 'overflow' | 'movedIn' | 'recovered' = 'recovered'): WatchEvent {
  return { kind: 'rescan', directory: pathFromText(directory), reason };
}

function coverage(directory: string): WatchEvent {
  const counts = { errno: 13, watched: 3, missing: 1 };
  return {
    kind: 'coverage',
    directory: pathFromText(directory),
    state: 'blind',
    reason: 'unreadable',
    ...counts,
  };
}

function split(path: string): { readonly directory: PathBytes; readonly name: PathBytes } {
  const slash = path.lastIndexOf('/');
  return {
    directory: pathFromText(path.slice(0, Math.max(0, slash))),
    name: pathFromText(path.slice(slash + 1)),
  };
}

function rerooted(root: string, events: readonly WatchEvent[]): readonly WatchEvent[] {
  const batch = rerootBatch(encodeEventBatch(events, 42), pathFromText(root));
  if (batch !== undefined) expect(batch.sequence).toBe(42);
  return batch === undefined ? [] : [...batch.events()];
}

const everything = rescan('');

test.each<[string, WatchEvent, WatchEvent[]]>([
  ['a change inside', changed('a/b/c', created), [changed('c', created)]],
  ['a change deep inside', changed('a/b/c/d/ä\n', closed), [changed('c/d/ä\n', closed)]],
  ['a change outside', changed('a/c/b'), []],
  ['a change of a name that begins alike', changed('a/bc/d'), []],
  ['a change above, beside the root', changed('a/c'), []],
  ['new attributes of the root', changed('a/b', attrib | isDirectory), [changed('', attrib | isDirectory)]],
  ['new attributes of what is above', changed('a', attrib | isDirectory), []],
  ['the root deleted', changed('a/b', deleted | isDirectory), [everything]],
  ['the root made anew', changed('a/b', modified | closed | isDirectory), [everything]],
  ['the root listed', changed('a/b', listed | isDirectory), [everything]],
  ['what holds the root deleted', changed('a', deleted | isDirectory), [everything]],
  ['a move inside', moved('a/b/x', 'a/b/c/y', true), [moved('x', 'c/y', true)]],
  ['a move outside', moved('a/x', 'x'), []],
  ['a file moved out', moved('a/b/c/x', 'a/x'), [changed('c/x', deleted)]],
  ['a directory moved out', moved('a/b/x', 'x', true), [changed('x', deleted | isDirectory)]],
  ['a file moved in', moved('a/x', 'a/b/c/y'), [changed('c/y', modified | closed)]],
  [
    'a directory moved in',
    moved('x', 'a/b/c/y', true),
    [changed('c/y', modified | closed | isDirectory), rescan('c/y', 'movedIn')],
  ],
  ['the root moved away', moved('a/b', 'x', true), [everything]],
  ['something moved to the root', moved('x', 'a/b', true), [everything]],
  ['what holds the root moved away', moved('a', 'x', true), [everything]],
  ['what holds the root moved back', moved('x', 'a', true), [everything]],
  ['something inside moved to the root', moved('a/b/c', 'a/b', true), [everything]],
  ['a rescan inside', rescan('a/b/c', 'movedIn'), [rescan('c', 'movedIn')]],
  ['a rescan of the root', rescan('a/b', 'overflow'), [rescan('', 'overflow')]],
  ['a rescan above', rescan('', 'overflow'), [rescan('', 'overflow')]],
  ['a rescan outside', rescan('a/c'), []],
  ['coverage inside', coverage('a/b/c'), [coverage('c')]],
  ['coverage of the root', coverage('a/b'), [coverage('')]],
  ['coverage above', coverage(''), []],
  ['what became of the outer root', { kind: 'root', state: 'gone', errno: 2 }, []],
  ['a barrier', { kind: 'barrier', token: 7 }, [{ kind: 'barrier', token: 7 }]],
])('%s', (_what, event, expected) => {
  expect(rerooted('a/b', [event])).toEqual(expected);
});

test('records keep their order, and what is about the outside alone leaves nothing', () => {
  const events = [
    changed('a/b/1'),
    changed('x'),
    moved('a/b/1', 'x'),
    coverage('x'),
    rescan('a/b/d', 'movedIn'),
    moved('x', 'a/b/d/2', true),
    changed('a/b/d/2/3'),
  ];
  expect(rerooted('a/b', events)).toEqual([
    changed('1'),
    changed('1', deleted),
    rescan('d', 'movedIn'),
    changed('d/2', modified | closed | isDirectory),
    rescan('d/2', 'movedIn'),
    changed('d/2/3'),
  ]);
  expect(rerootBatch(encodeEventBatch([changed('x'), coverage('x')]), pathFromText('a/b'))).toBeUndefined();
});

test('the part that is the whole tree gets every record but those of the root itself', () => {
  const events = [changed('a/b'), moved('a', 'b/c', true), rescan('', 'overflow'), coverage('d')];
  expect(rerooted('', [...events, { kind: 'root', state: 'back', errno: 0 }])).toEqual(events);
});

test('re-rooting twice is re-rooting once, whatever the records', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));
  const anyEvent = fc.oneof(
    fc.tuple(path, fc.nat(0x7f)).map(([at, hints]) => changed(at, hints)),
    fc.tuple(path, path, fc.boolean()).map(([from, to, directory]) => moved(from, to, directory)),
    path.map((at) => rescan(at, 'overflow')),
    path.map(coverage),
  );
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
      const inA = rerooted('a', events);
      // A move of what holds the root is a rescan in the first step already, and of the inner root too.
      expect(distinct(rerooted('b', inA))).toEqual(distinct(rerooted('a/b', events)));
    }),
  );
});

/** Reasons and repeated rescans of everything tell nothing. */
function distinct(events: readonly WatchEvent[]): readonly WatchEvent[] {
  const same = events.map((event) => (isRescanOfAll(event) ? everything : event));
  return same.filter((event, index) => !(isRescanOfAll(event) && same[index - 1] === event));
}

function isRescanOfAll(event: WatchEvent): boolean {
  return event.kind === 'rescan' && event.directory === '';
}
