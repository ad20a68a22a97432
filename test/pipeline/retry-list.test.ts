import { expect, test } from 'vitest';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { REACH, type Reach } from '../../src/pipeline/batch-scope.ts';
import { RetryList } from '../../src/pipeline/retry-list.ts';

const path = (text: string): PathBytes => text as PathBytes;

function listed(maxPaths: number, ...failures: readonly (readonly [string, Reach])[]): readonly unknown[] {
  const list = new RetryList({ firstMs: 10, maxMs: 100 }, maxPaths);
  for (const [name, reach] of failures) list.add(path(name), 'no', reach, 0);
  return [...list.all()].map((retry) => [retry.path, retry.reach, retry.attempts]);
}

test.each([
  ['entry', 'entry', 'entry'],
  ['subtree', 'subtree', 'subtree'],
  // The content of a file was in doubt, and its size and time may be those of another content.
  ['entry', 'subtree', 'content'],
  ['subtree', 'entry', 'content'],
  ['content', 'subtree', 'content'],
  ['entry', 'content', 'content'],
] as const)('what failed as %s and then as %s is in doubt as %s', (first, second, both) => {
  expect(listed(9, ['a', REACH[first]], ['a', REACH[second]])).toEqual([['a', REACH[both], 2]]);
});

test('too many of one directory become that directory, by content where one of them was an entry', () => {
  expect(listed(1, ['d/a', REACH.subtree], ['d/b', REACH.subtree])).toEqual([['d', REACH.subtree, 1]]);
  expect(listed(1, ['d/a', REACH.subtree], ['d/b', REACH.entry])).toEqual([['d', REACH.content, 1]]);
});
