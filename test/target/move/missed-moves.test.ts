import { expect, test } from 'vitest';
import type { Batch, Move } from '../../../src/model/batch.ts';
import { HINT } from '../../../src/model/event-batch.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { withMissedMoves } from '../../../src/target/move/missed-moves.ts';

/** `a > b`: a file, `a/ > b/`: a directory, `!` behind it: could not be made. Gives the names to look at, subtrees with `/`. */
function left(
  moves: readonly string[],
  entries: readonly string[] = [],
  subtrees: readonly string[] = [],
): string[] {
  const missed: Move[] = [];
  const parsed = moves.map((text): Move => {
    const [from = '', to = ''] = text.replace('!', '').split(' > ');
    const path = (name: string): PathBytes => name.replace(/\/$/, '') as PathBytes;
    const move = { from: path(from), to: path(to), isDirectory: from.endsWith('/') };
    if (text.endsWith('!')) missed.push(move);
    return move;
  });
  const batch: Batch = {
    number: 1,
    reason: 'live',
    moves: parsed,
    entries: entries.map((path) => ({ path: path as PathBytes, hints: HINT.attrib })),
    subtrees: subtrees as PathBytes[],
    contentSubtrees: [],
  };
  const result = withMissedMoves(batch, missed);
  const isRewritten = (hints: number): string => ((hints & HINT.modified) === 0 ? '' : ' anew');
  return [
    ...result.entries.map(({ path, hints }) => `${path}${isRewritten(hints)}`),
    ...[...result.subtrees, ...result.contentSubtrees].map((path) => `${path}/`),
  ];
}

test('a batch whose moves were made stays as it is', () => {
  expect(left(['a > b', 'c/ > d/'], ['a', 'b'], ['x'])).toEqual(['a', 'b', 'x/']);
});

test('a file that was not moved is sent anew, a directory is compared', () => {
  expect(left(['a > b!', 'c/ > d/!'], ['a', 'b', 'c', 'd'])).toEqual(['a', 'b anew', 'c', 'd', 'd/']);
});

test('what was not moved is looked for where later moves have carried it too', () => {
  expect(left(['a/ > b/!', 'b/ > c/!'])).toEqual(['b', 'c', 'b/', 'c/']);
  expect(left(['a > d/f!', 'd/ > e/'])).toEqual(['e/f anew']);
  expect(left(['a > d/f!', 'd/ > e/', 'e/f > g'])).toEqual(['e/f anew', 'g anew']);
});

test('subtrees by content stay apart from each other, and lie inside those by size and time', () => {
  expect(left(['a/ > s/b/!', 'c/ > s/b/c/!', 'd/ > s.x/!'], [], ['s'])).toEqual([
    's.x',
    's/b',
    's/b/c',
    's/',
    's.x/',
    's/b/',
  ]);
  expect(left(['a/ > b/!'], [], ['b'])).toEqual(['b', 'b/']);
});
