import { mkdirSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { planWatches } from '../../src/watch/watch-plan.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';

/** A directory with a birth time that differs from the time of its last change: seen to be one. */
function makeAgedDir(): TempDir {
  const directory = makeTempDir();
  for (let isAged = false; !isAged;) {
    utimesSync(directory.path, 1, 1);
    const { birthtimeNs, ctimeNs } = statSync(directory.path, { bigint: true });
    isAged = birthtimeNs !== ctimeNs;
  }
  return directory;
}

/** Makes these directories and plans watches for those of `roots`. */
function plan(
  directories: readonly string[],
  roots: readonly string[],
  prepare: (at: (name: string) => string) => void = () => undefined,
): readonly { root: string; same: readonly string[]; nested: Readonly<Record<string, string>> }[] {
  using directory = makeAgedDir();
  for (const name of directories) mkdirSync(directory.at(name), { recursive: true });
  prepare((name) => directory.at(name));
  const watches = planWatches(roots.map((name) => ({ path: pathFromText(directory.at(name)), name })));
  return watches.map(({ root, same, nested }) => ({
    root: root.name,
    same: same.map(({ name }) => name),
    nested: Object.fromEntries(nested.map((one) => [one.root.name, one.tree.place])),
  }));
}

test('roots inside another share its watch, in any order; those beside each other do not', () => {
  expect(plan(['a/b/c', 'a/d', 'ab'], ['a/b/c', 'ab', 'a', 'a/d'])).toEqual([
    { root: 'a', same: [], nested: { 'a/d': 'd', 'a/b/c': 'b/c' } },
    { root: 'ab', same: [], nested: {} },
  ]);
});

test('one root given twice is watched once', () => {
  expect(plan(['a'], ['a', 'a', 'a'])).toEqual([{ root: 'a', same: ['a', 'a'], nested: {} }]);
});

test('a root that a symlink leads to is where it really is', () => {
  const link = (at: (name: string) => string): void => {
    symlinkSync(at('a/b'), at('link'));
    symlinkSync(at('a'), at('alias-of-a'));
    symlinkSync('/', at('a/to-root'));
  };
  expect(plan(['a/b', 'x'], ['a', 'link', 'alias-of-a'], link)).toEqual([
    { root: 'a', same: [], nested: { link: 'b', 'alias-of-a': '' } },
  ]);
  expect(plan(['a', 'x'], ['a', 'a/to-root'], link).map(({ root }) => root)).toEqual(['a/to-root']);
});

test('a directory whose birth time is not known is watched by itself', () => {
  const roots = ['/', '/proc/sys'].map((name) => ({ path: pathFromText(name) }));
  expect(planWatches(roots).map(({ root }) => root)).toEqual(roots);
});

test('the root of all holds every other', () => {
  using directory = makeAgedDir();
  const [watch] = planWatches([{ path: pathFromText('/') }, { path: pathFromText(directory.path) }]);
  expect(watch?.nested.map(({ tree }) => `/${tree.place}`)).toEqual([directory.path]);
});
