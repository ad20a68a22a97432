import { expect, test } from 'vitest';
import { TopmostDeleted } from '../../src/daemon/topmost-deleted.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';

function deleted(maxKept: number, paths: readonly string[]): ReturnType<TopmostDeleted['take']> {
  const names = new TopmostDeleted(maxKept);
  for (const path of paths) names.add(path as PathBytes);
  return names.take();
}

test('a directory stands for all that was in it', () => {
  expect(deleted(10, ['a', 'd/x', 'd/y/z', 'd/y', 'd', 'dd'])).toEqual({
    paths: ['a', 'd', 'dd'],
    hidden: 0,
  });
});

test('names above the limit are counted, unless a directory stands for them in the end', () => {
  expect(deleted(2, ['a', 'b', 'c', 'd'])).toEqual({ paths: ['a', 'b'], hidden: 2 });
  expect(deleted(2, ['a', 'd/1', 'd/2', 'd/3', 'd/4', 'd', 'e'])).toEqual({ paths: ['a', 'd'], hidden: 1 });
});

test('what was taken is not told again', () => {
  const names = new TopmostDeleted(1);
  names.add('a' as PathBytes);
  names.add('b' as PathBytes);
  names.take();
  expect(names.take()).toEqual({ paths: [], hidden: 0 });
});
