import { expect, test } from 'vitest';
import type { Batch } from '../../src/model/batch.ts';
import { HINT } from '../../src/model/event-batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { BatchScope, REACH } from '../../src/pipeline/batch-scope.ts';

const path = (text: string): PathBytes => text as PathBytes;

function scopeOf(
  entries: readonly (readonly [string, number])[],
  subtrees: readonly string[],
  contentSubtrees: readonly string[] = [],
): BatchScope {
  const batch: Batch = {
    number: 1,
    reason: 'live',
    moves: [],
    entries: entries.map(([name, hints]) => ({ path: path(name), hints })),
    subtrees: subtrees.map(path),
    contentSubtrees: contentSubtrees.map(path),
  };
  return new BatchScope(batch);
}

test.each([
  ['an entry', scopeOf([['a', HINT.modified]], []), 'entry'],
  ['compared', scopeOf([['a', 0]], ['a']), 'subtree'],
  ['compared with the directory that holds it', scopeOf([], ['']), 'subtree'],
  ['compared by content', scopeOf([], [], ['']), 'content'],
  ['an entry beside the comparison of its directory', scopeOf([['a', HINT.attrib]], ['']), 'content'],
  // A comparison alone would take a file of the same size and time for the same.
  ['written to and compared', scopeOf([['a', HINT.modified | HINT.closed]], ['a']), 'content'],
] as const)('what has failed and was %s is to be made good', (_what, scope, reach) => {
  expect(scope.reachOf(path('a'))).toBe(REACH[reach]);
});
