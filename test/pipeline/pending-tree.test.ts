import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../src/model/event-batch.ts';
import { HINT, encodeEventBatch } from '../../src/model/event-batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { baseName, parentPath } from '../../src/model/path-bytes.ts';
import { PendingTree } from '../../src/pipeline/pending-tree.ts';
import { plan } from '../../src/pipeline/plan.ts';

const OPTIONS = { moves: true, maxPendingEntries: 1_000, writingQuietMs: 100, writingMaxMs: 300 };
const { created, modified, closed, attrib, deleted, isDirectory, listed } = HINT;
const wholeFile = created | modified | closed;

function changed(path: string, hints: number): WatchEvent {
  return {
    kind: 'changed',
    directory: parentPath(path as PathBytes),
    name: baseName(path as PathBytes),
    hints,
  };
}

function moved(from: string, to: string, kind: 'file' | 'directory' = 'file'): WatchEvent {
  return {
    kind: 'moved',
    fromDirectory: parentPath(from as PathBytes),
    fromName: baseName(from as PathBytes),
    toDirectory: parentPath(to as PathBytes),
    toName: baseName(to as PathBytes),
    isDirectory: kind === 'directory',
  };
}

const rescan = (directory: string): WatchEvent => ({
  kind: 'rescan',
  directory: directory as PathBytes,
  reason: 'overflow',
});

const movedIn = (directory: string): WatchEvent => ({
  kind: 'rescan',
  directory: directory as PathBytes,
  reason: 'movedIn',
});

function apply(tree: PendingTree, events: readonly WatchEvent[], nowMs = 0): boolean {
  return tree.apply(encodeEventBatch(events), nowMs);
}

/** What a flight holds, in short: `path` for an entry, `path/**` for a subtree, `path/***` for one by content, `from -> to` for a move. */
function taken(tree: PendingTree, nowMs = 0): string[] {
  const flight = tree.take(nowMs);
  if (flight === undefined) return [];
  const shown = [...plan(flight, 1_000)].flatMap(({ moves, entries, subtrees, contentSubtrees }) => [
    ...moves.map(({ from, to }) => `${from} -> ${to}`),
    ...entries.map(({ path }) => path),
    ...subtrees.map((path) => `${path}/**`),
    ...contentSubtrees.map((path) => `${path}/***`),
  ]);
  tree.land();
  return shown;
}

function check(events: readonly WatchEvent[], expected: readonly string[], options = OPTIONS): void {
  const together = new PendingTree(options);
  apply(together, events);
  const apart = new PendingTree(options);
  for (const event of events) apply(apart, [event]);
  expect(together.size).toBe(apart.size);
  expect(taken(together)).toEqual(expected);
  expect(taken(apart)).toEqual(expected);
}

describe('names', () => {
  test('a name is dirty once, however often it changes', () => {
    check([changed('f', attrib), changed('f', attrib), changed('f', modified | closed)], ['f']);
  });
  test('entries come in byte order of their paths, not in the order of the tree', () => {
    check(
      [changed('a/x', wholeFile), changed('a.b', wholeFile), changed('a', attrib | isDirectory)],
      ['a', 'a.b', 'a/x'],
    );
  });
  test('created and then deleted is nothing but a new time of its directory', () => {
    check([changed('d/f', created), changed('d/f', deleted)], ['d']);
    check([changed('f', created | deleted)], ['']);
  });
  test('a directory created and deleted takes everything below it along', () => {
    check(
      [changed('d', created | isDirectory), changed('d/f', wholeFile), changed('d', deleted | isDirectory)],
      [''],
    );
  });
  test('what is born in one directory and moved to another leaves a new time of the first', () => {
    check([changed('d/f', wholeFile), moved('d/f', 'e/f', 'file')], ['d', 'e/f']);
  });
  test('deleted, created and deleted again is a deletion', () => {
    check([changed('f', deleted), changed('f', created), changed('f', deleted)], ['f']);
  });
  test('created, deleted and created again is one entry', () => {
    check([changed('f', created), changed('f', deleted), changed('f', created)], ['', 'f']);
  });
  test('found by listing and then deleted is a deletion: it may have existed before', () => {
    check([changed('f', listed), changed('f', deleted)], ['f']);
  });
  test('a deleted directory absorbs what is below it, and is compared in case it is there again', () => {
    check(
      [changed('d/a', deleted), changed('d/b', attrib), changed('d', deleted | isDirectory)],
      ['d', 'd/**'],
    );
  });
  test('a directory made anew is compared: what was in it before may still be on the target', () => {
    check([changed('d', deleted | isDirectory), changed('d', created | isDirectory)], ['d', 'd/***']);
  });
  test('a file deleted and made anew has new content', () => {
    const tree = new PendingTree(OPTIONS);
    apply(tree, [changed('f', deleted), changed('f', created)]);
    const [chunk] = [...plan(tree.take(0) ?? expect.unreachable(), 10)];
    expect(chunk?.entries).toEqual([{ path: 'f', hints: modified | closed }]);
  });
});

describe('moves', () => {
  test('a moved file keeps both names dirty and takes its hints along', () => {
    const tree = new PendingTree(OPTIONS);
    apply(tree, [changed('a', attrib), moved('a', 'b')]);
    const [chunk] = [...plan(tree.take(0) ?? expect.unreachable(), 10)];
    expect(chunk?.moves).toEqual([{ from: 'a', to: 'b', isDirectory: false }]);
    expect(chunk?.entries).toEqual([
      { path: 'a', hints: deleted | HINT.modified },
      { path: 'b', hints: attrib },
    ]);
  });
  test('a file born in this window and moved leaves nothing behind and needs no move', () => {
    check([changed('tmp', wholeFile), moved('tmp', 'f')], ['f']);
  });
  test('a moved directory takes what is pending below it along', () => {
    check([changed('d/x/f', wholeFile), moved('d', 'e', 'directory')], ['d -> e', 'd', 'e', 'e/x/f', 'd/**']);
  });
  test('without moves a moved directory is the old name and a subtree of the new one', () => {
    check([changed('d/f', wholeFile), moved('d', 'e', 'directory')], ['d', 'e', 'd/**', 'e/**'], {
      ...OPTIONS,
      moves: false,
    });
  });
  test('a directory born in this window and moved is what is known below it, nothing else', () => {
    check(
      [changed('n', created | isDirectory), changed('n/f', wholeFile), moved('n', 'm', 'directory')],
      ['m', 'm/f'],
      { ...OPTIONS, moves: false },
    );
  });
  test('a directory that is born, is moved into and is gone is still deleted: the move may leave something there', () => {
    check(
      [changed('n', created | isDirectory), moved('f', 'n/f'), changed('n', deleted | isDirectory)],
      ['f -> n/f', 'f', 'n', 'n/**'],
    );
  });
  test('moves are kept in order with the paths of their moment', () => {
    check(
      [moved('d/f', 'd/g'), moved('d', 'e', 'directory'), moved('e/g', 'h')],
      ['d/f -> d/g', 'd -> e', 'e/g -> h', 'd', 'e', 'e/f', 'e/g', 'h', 'd/**'],
    );
  });
  test('a directory moved onto a name with pending changes below is compared', () => {
    check(
      [changed('to/old', deleted), changed('from/f', wholeFile), moved('from', 'to', 'directory')],
      ['from -> to', 'from', 'to', 'from/**', 'to/***'],
    );
  });
  test('two directories exchanged are both compared', () => {
    check(
      [moved('a', 'b', 'directory'), moved('b', 'a', 'directory')],
      ['a -> b', 'b -> a', 'a', 'b', 'a/***', 'b/***'],
    );
  });
  test('a file exchanged with a directory that is to be compared does not settle that doubt', () => {
    check(
      [rescan('d'), changed('f', wholeFile), moved('f', 'd'), moved('d', 'f', 'directory')],
      ['d -> f', 'd', 'f', 'f/**', 'd/***'],
    );
  });
  test('a move out of what is to be compared makes the new name doubtful, one into it only the old one', () => {
    check([rescan('r'), moved('r/d', 'd', 'directory')], ['d', 'r', 'd/**', 'r/**']);
    check([rescan('r'), moved('f', 'r/f')], ['f -> r/f', 'f', 'r', 'r/f', 'r/**']);
    check([rescan('r'), moved('r/f', 'r/g')], ['r', 'r/g', 'r/**']);
  });
});

describe('rescans', () => {
  test('a rescan absorbs what size and time tell of below it, before and after', () => {
    const seen = [changed('d/a/b', attrib), changed('d/g', deleted), rescan('d/h')];
    const later = [changed('d/c', closed), changed('d/x', deleted), rescan('d/e')];
    check([...seen, rescan('d'), ...later], ['d', 'd/**']);
  });
  test('new content below a rescan, before and after, is sent beside it: size and time may not tell of it', () => {
    check(
      [changed('d/a/b', modified | closed), rescan('d'), changed('d/c', wholeFile)],
      ['d', 'd/a/b', 'd/c', 'd/**'],
    );
    check([rescan('d'), changed('d/c', wholeFile), changed('d/c', deleted)], ['d', 'd/**']);
  });
  test('a directory made or moved in below a rescan is compared by content', () => {
    check(
      [rescan('d'), changed('d/e', created | isDirectory), changed('d/e/f', listed)],
      ['d', 'd/e', 'd/**', 'd/e/***'],
    );
    check([rescan('d'), movedIn('d/e'), changed('d/e/f', wholeFile)], ['d', 'd/e', 'd/**', 'd/e/***']);
  });
  test('a directory moved in where another was is compared by content, a new one as it is', () => {
    check([changed('d', deleted | isDirectory), movedIn('d')], ['d', 'd/***']);
    check([movedIn('d')], ['d', 'd/**']);
  });
  test('moves hold beside a rescan of the root', () => {
    check([moved('a', 'b'), changed('c', attrib), rescan('')], ['a -> b', 'b', '/**']);
  });
  test('a directory to be compared that is moved is compared where it is now', () => {
    check([rescan('d'), moved('d', 'e', 'directory')], ['d -> e', 'd', 'e', 'd/**', 'e/**']);
  });
});

describe('files still being written', () => {
  function checkTaken(events: readonly WatchEvent[], nowMs: number, expected: readonly string[]): void {
    const tree = new PendingTree(OPTIONS);
    apply(tree, events, 0);
    expect(taken(tree, nowMs)).toEqual(expected);
  }
  test('a write that is not closed is held back for the quiet time', () => {
    checkTaken([changed('f', modified)], 99, []);
    checkTaken([changed('f', modified)], 100, ['f']);
  });
  test('the close makes it ripe', () => {
    checkTaken([changed('f', modified), changed('f', closed)], 0, ['f']);
  });
  test('held names do not hold back others', () => {
    checkTaken([changed('d/f', modified), changed('d/g', attrib)], 0, ['d/g']);
  });
  test('every write extends the pause, up to the longest', () => {
    const tree = new PendingTree(OPTIONS);
    for (let nowMs = 0; nowMs <= 290; nowMs += 10) apply(tree, [changed('f', modified)], nowMs);
    expect(tree.writingDueMs()).toBe(300);
    expect(taken(tree, 299)).toEqual([]);
    expect(taken(tree, 300)).toEqual(['f']);
  });
  test('a write alone is not fresh, anything else is', () => {
    const tree = new PendingTree(OPTIONS);
    expect(apply(tree, [changed('f', modified)])).toBe(false);
    expect(apply(tree, [changed('f', attrib)])).toBe(false);
    expect(apply(tree, [changed('f', closed)])).toBe(true);
  });
  test('a file that is moved while it is written stays held back under its new name', () => {
    const tree = new PendingTree(OPTIONS);
    apply(tree, [changed('f', modified), moved('f', 'g')]);
    expect(taken(tree, 0)).toEqual(['f -> g', 'f']);
    expect(taken(tree, 100)).toEqual(['g']);
  });
});

describe('names deleted before their directory', () => {
  const NAMES = { ...OPTIONS, deletedNames: true };
  const directory = (path: string): WatchEvent => changed(path, deleted | isDirectory);
  const rmdir = [
    ...[changed('d/e/f', deleted), changed('d/e/born', created), changed('d/e/born', deleted)],
    ...[directory('d/e'), changed('d/g', deleted), changed('d/h', attrib), directory('d')],
  ];

  /** The names that a target is told of, a directory with `/` behind it. */
  function deletedNames(tree: PendingTree): string[] {
    const flight = tree.take(0);
    if (flight === undefined) return [];
    const names = [...plan(flight, 1_000)].flatMap((chunk) => chunk.deletedNames ?? []);
    tree.land();
    return names.map((name) => `${name.path}${name.isDirectory ? '/' : ''}`).sort();
  }

  test.each<[what: string, events: readonly WatchEvent[], names: readonly string[]]>([
    ['are kept with it', rmdir, ['d/e/', 'd/e/f', 'd/g']],
    [
      'are kept when it is there again, and when that is deleted too',
      [...rmdir, changed('d', created | isDirectory), changed('d/g', created), directory('d')],
      ['d/e/', 'd/e/f', 'd/g'],
    ],
    [
      'are kept when another directory takes its place',
      [...rmdir, moved('c', 'd', 'directory')],
      ['d/e/', 'd/e/f', 'd/g'],
    ],
    [
      'stay with the old name of their directory',
      [changed('d/e/f', deleted), moved('d', 'c', 'directory')],
      ['d/e/f'],
    ],
    ['are kept when their directory is to be compared', [changed('d/e/f', deleted), rescan('d')], ['d/e/f']],
  ])('%s', (_what, events, names) => {
    const tree = new PendingTree({ ...NAMES, moves: false });
    apply(tree, events);
    expect(deletedNames(tree)).toEqual(names);
    expect(deletedNames(tree)).toEqual([]);
  });

  test('are not kept for a target that has not asked', () => {
    const tree = new PendingTree(OPTIONS);
    apply(tree, rmdir);
    expect(deletedNames(tree)).toEqual([]);
  });

  test('come back with a delivery that failed, whatever has become of the directory', () => {
    for (const meanwhile of [
      [],
      [changed('d', created | isDirectory)],
      [changed('d', created | isDirectory), changed('d/e', created | isDirectory), directory('d')],
    ]) {
      const tree = new PendingTree(NAMES);
      apply(tree, rmdir);
      tree.take(0);
      apply(tree, meanwhile);
      tree.giveBack();
      expect(deletedNames(tree)).toEqual(['d/e/', 'd/e/f', 'd/g']);
    }
  });

  test('come back with a delivery that failed when their directory was deleted meanwhile', () => {
    const tree = new PendingTree(NAMES);
    apply(tree, [changed('d/e/f', deleted), changed('d/g', deleted)]);
    tree.take(0);
    apply(tree, [directory('d/e'), directory('d')]);
    tree.giveBack();
    expect(deletedNames(tree)).toEqual(['d/e/', 'd/e/f', 'd/g']);
  });

  test('are at most as many as may be pending', () => {
    const tree = new PendingTree({ ...NAMES, maxPendingEntries: 10 });
    for (let round = 0; round < 5; round++) {
      for (let at = 0; at < 4; at++) apply(tree, [changed(`d${round}/${at}`, deleted)]);
      apply(tree, [directory(`d${round}`)]);
    }
    expect(deletedNames(tree)).toHaveLength(10);
  });
});

describe('flights', () => {
  /** Takes `first`, applies `meanwhile` while it is in flight, then lands it or gives it back. */
  function checkFlight(
    first: readonly WatchEvent[],
    meanwhile: readonly WatchEvent[],
    end: 'land' | 'giveBack',
    expected: readonly string[],
  ): void {
    const tree = new PendingTree(OPTIONS);
    apply(tree, first);
    expect(tree.take(0)).toBeDefined();
    apply(tree, meanwhile);
    tree[end]();
    expect(taken(tree)).toEqual(expected);
  }
  const bornAndGone = [changed('d/f', created), changed('d/f', deleted)];
  test('what has landed is forgotten', () => {
    checkFlight([changed('f', attrib)], [], 'land', []);
  });
  test('what is given back is pending again', () => {
    checkFlight([changed('f', attrib)], [], 'giveBack', ['f']);
  });
  test('born and gone is a deletion while the name or a subtree above it is in flight', () => {
    checkFlight([changed('d/f', deleted)], bornAndGone, 'land', ['d/f']);
    checkFlight([rescan('d')], bornAndGone, 'land', ['d/f']);
    checkFlight([changed('e', attrib)], bornAndGone, 'land', ['d']);
  });
  test('given back, born and gone is a deletion too', () => {
    checkFlight([changed('f', created)], [changed('f', deleted)], 'giveBack', ['f']);
  });
  test('a directory moved while something below it is in flight is compared at its new place', () => {
    const meanwhile = [moved('d', 'e', 'directory')];
    checkFlight([changed('d/f', attrib)], meanwhile, 'land', ['d -> e', 'd', 'e', 'd/***', 'e/***']);
    checkFlight([changed('d/f', attrib)], meanwhile, 'giveBack', ['d -> e', 'd', 'e', 'd/***', 'e/***']);
  });
  test('moves are not made twice: after a failure the moved directory is compared', () => {
    checkFlight([moved('a', 'b', 'directory')], [], 'giveBack', ['a', 'b', 'a/**', 'b/**']);
  });
  test('what is given back lies below what has come since', () => {
    checkFlight([changed('d/f', attrib)], [rescan('d')], 'giveBack', ['d', 'd/**']);
    checkFlight([changed('d/f', modified | closed)], [rescan('d')], 'giveBack', ['d', 'd/f', 'd/**']);
    checkFlight([rescan('d')], [changed('d/f', attrib)], 'giveBack', ['d', 'd/**']);
    checkFlight([rescan('d')], [changed('d/f', modified | closed)], 'giveBack', ['d', 'd/f', 'd/**']);
    checkFlight([changed('d/f', attrib)], [changed('d', deleted | isDirectory)], 'giveBack', ['d', 'd/**']);
  });
  test('a directory deleted in flight and made anew meanwhile is compared', () => {
    checkFlight([changed('d', deleted | isDirectory)], [changed('d', created | isDirectory)], 'land', [
      'd',
      'd/***',
    ]);
  });
  test('only one flight at a time', () => {
    const tree = new PendingTree(OPTIONS);
    apply(tree, [changed('f', attrib)]);
    tree.take(0);
    expect(() => tree.take(0)).toThrow('has not ended');
  });
});

describe('the cap', () => {
  test('the directory with the most dirty entries degrades to a rescan first', () => {
    const fat = Array.from({ length: 8 }, (_, index) => changed(`fat/${index}`, wholeFile));
    check([...fat, changed('thin/f', wholeFile)], ['fat', 'thin/f', 'fat/**'], {
      ...OPTIONS,
      maxPendingEntries: 8,
    });
  });
  test('names with new content degrade to a rescan by content, new names and attributes to one by size and time', () => {
    const options = { ...OPTIONS, maxPendingEntries: 8 };
    const nine = (hints: number): WatchEvent[] =>
      Array.from({ length: 9 }, (_, index) => changed(`d/${index}`, hints));
    check(nine(modified | closed), ['d', 'd/***'], options);
    check(nine(attrib), ['d', 'd/**'], options);
    check(nine(wholeFile), ['d', 'd/**'], options);
  });
  test('where single directories do not help their parents follow, at last the root', () => {
    const spread = Array.from({ length: 9 }, (_, index) => changed(`d/${index}/f`, wholeFile));
    const tree = new PendingTree({ ...OPTIONS, maxPendingEntries: 8 });
    apply(tree, spread);
    expect(taken(tree)).toEqual(['d', 'd/**']);
    const atRoot = Array.from({ length: 9 }, (_, index) => changed(`${index}`, wholeFile));
    apply(tree, atRoot);
    expect(taken(tree)).toEqual(['/**']);
  });
  test('too many moves are given up for rescans', () => {
    const tree = new PendingTree({ ...OPTIONS, maxPendingEntries: 1_000_000 });
    const moves = Array.from({ length: 10_001 }, (_, index) => moved(`a${index}`, `b${index}`, 'directory'));
    apply(tree, moves);
    expect(taken(tree).filter((line) => line.includes('->'))).toEqual([]);
    apply(tree, moves.slice(0, 3));
    expect(taken(tree).filter((line) => line.includes('->'))).toHaveLength(3);
  });
  test('a file whose move is given up is sent anew', () => {
    const tree = new PendingTree({ ...OPTIONS, maxPendingEntries: 1_000_000 });
    apply(
      tree,
      Array.from({ length: 10_001 }, (_, index) => moved(`a${index}`, `b${index}`)),
    );
    const [chunk] = [...plan(tree.take(0) ?? expect.unreachable(), 1_000_000)];
    expect(chunk?.moves).toEqual([]);
    const anew = chunk?.entries.filter(({ path, hints }) => path.startsWith('b') && (hints & modified) !== 0);
    expect(anew).toHaveLength(10_001);
  });
});

test('a batch whose directory table names one path twice across a move is read in order', () => {
  check(
    [
      changed('d/f', wholeFile),
      moved('d', 'e', 'directory'),
      changed('d', created | isDirectory),
      changed('d/g', wholeFile),
    ],
    ['d -> e', 'd', 'e', 'e/f', 'd/***'],
  );
});

describe('a directory whose move is in flight, which a target compares where it cannot make the move', () => {
  function inFlight(): PendingTree {
    const tree = new PendingTree(OPTIONS);
    apply(tree, [moved('d', 'e', 'directory')]);
    expect(tree.take(0)).toBeDefined();
    return tree;
  }
  test('may have passed on a file made in it meanwhile, which is then deleted', () => {
    const tree = inFlight();
    apply(tree, [changed('e/f', wholeFile)]);
    tree.land();
    apply(tree, [changed('e/f', deleted)]);
    expect(taken(tree)).toContain('e/f');
  });
  test('may have passed on a directory made in it meanwhile, which is then moved away', () => {
    const tree = inFlight();
    apply(tree, [changed('e/x', created | isDirectory)]);
    tree.land();
    apply(tree, [moved('e/x', 'y', 'directory')]);
    expect(taken(tree)).toContain('e/x');
  });
  test('may have passed on a file made and deleted in it meanwhile', () => {
    const tree = inFlight();
    apply(tree, [changed('e/f', wholeFile), changed('e/f', deleted)]);
    tree.land();
    expect(taken(tree)).toContain('e/f');
  });
});

describe('what has taken the place of something in flight', () => {
  test('is sent, not moved, when it leaves a directory made anew in the same batch of events', () => {
    const tree = new PendingTree(OPTIONS);
    apply(tree, [changed('d', created | isDirectory), changed('d/f', listed)]);
    expect(tree.take(0)).toBeDefined();
    apply(tree, [
      changed('d/f', deleted | wholeFile),
      changed('d', deleted | isDirectory),
      changed('d', created | isDirectory),
      moved('d/f', 'g'),
    ]);
    tree.land();
    expect(taken(tree)).toEqual(['d', 'g', 'd/***']);
  });
});

test('a file that is still written to is passed on by a comparison above it, and may be deleted later', () => {
  const tree = new PendingTree(OPTIONS);
  apply(tree, [changed('d/f', created | modified), rescan('d')]);
  expect(tree.take(0)).toBeDefined();
  tree.land();
  apply(tree, [changed('d/f', deleted)]);
  expect(taken(tree, 1_000)).toContain('d/f');
});
