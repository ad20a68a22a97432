import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../src/model/event-batch.ts';
import { HINT, encodeEventBatch } from '../../src/model/event-batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { baseName, isBelow, parentPath } from '../../src/model/path-bytes.ts';
import type { Flight } from '../../src/pipeline/flight.ts';
import { PendingTree } from '../../src/pipeline/pending-tree.ts';
import { plan } from '../../src/pipeline/plan.ts';

function flightOf(changed: readonly string[], rescans: readonly string[] = []): Flight | undefined {
  const tree = new PendingTree({ moves: true, maxPendingEntries: 1e6, writingQuietMs: 1, writingMaxMs: 1 });
  const events = changed.map((path): WatchEvent => {
    const [directory, name] = [parentPath(path as PathBytes), baseName(path as PathBytes)];
    return { kind: 'changed', directory, name, hints: HINT.attrib };
  });
  const doubts = rescans.map((path): WatchEvent => ({
    kind: 'rescan',
    directory: path as PathBytes,
    reason: 'overflow',
  }));
  tree.apply(encodeEventBatch([...events, ...doubts]), 0);
  return tree.take(0);
}

/** One line a chunk: its entries, then its subtrees with `/**`. */
function check(
  changed: readonly string[],
  rescans: readonly string[],
  maxEntries: number,
  expected: readonly string[],
): void {
  const flight = flightOf(changed, rescans);
  const chunks = flight === undefined ? [] : [...plan(flight, maxEntries)];
  const lines = chunks.map(({ entries, subtrees }) =>
    [...entries.map(({ path }) => path), ...subtrees.map((path) => `${path}/**`)].join(' '),
  );
  expect(lines).toEqual(expected);
}

describe('chunks', () => {
  test('hold at most so many entries', () => {
    check(['a', 'b', 'c', 'd', 'e'], [], 2, ['a b', 'c d', 'e']);
  });
  test('end at the border of a directory when they are nearly full', () => {
    check(['a/1', 'a/2', 'a/3', 'a/4', 'b/1', 'b/2'], [], 5, ['a/1 a/2 a/3 a/4', 'b/1 b/2']);
  });
  test('with subtrees come last, each with its entry beside it', () => {
    check(['b', 'd'], ['a', 'c'], 2, ['b d', 'a c a/** c/**']);
    check([], ['a', 'b', 'c'], 2, ['a b a/** b/**', 'c c/**']);
  });
  test('of the whole tree have no entry', () => {
    check(['a'], [''], 2, ['/**']);
  });
});

test('what is taken out of the flight after the first chunk does not appear in the next', () => {
  const flight = flightOf(['a', 'd/x', 'd/y', 'e']) ?? expect.unreachable();
  const chunks = plan(flight, 1);
  chunks.next();
  flight.surrender('d' as PathBytes);
  expect([...chunks].flatMap(({ entries }) => entries.map(({ path }) => path))).toEqual(['e']);
});

test('every dirty name is in one chunk, in byte order, none below a subtree', () => {
  const name = fc.constantFrom('a', 'a.', 'a0', 'b', '\u00ff', '-');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  fc.assert(
    fc.property(
      fc.array(path),
      fc.array(path, { maxLength: 2 }),
      fc.integer({ min: 1, max: 9 }),
      (changed, rescans, max) => {
        const flight = flightOf(changed, rescans);
        const chunks = flight === undefined ? [] : [...plan(flight, max)];
        const paths = chunks.flatMap(({ entries }) => entries.map((entry) => entry.path));
        const subtrees = chunks.flatMap((chunk) => chunk.subtrees);
        const covered = (at: string): boolean =>
          rescans.some((top) => isBelow(at as PathBytes, top as PathBytes));
        expect([...paths].sort()).toEqual(
          [...new Set([...changed, ...rescans])].filter((at) => !covered(at)).sort(),
        );
        expect(subtrees).toEqual([...new Set(rescans)].filter((at) => !covered(at)).sort());
        for (const { entries } of chunks) {
          expect(entries.length).toBeLessThanOrEqual(max);
          expect(entries).toEqual([...entries].sort((a, b) => (a.path < b.path ? -1 : 1)));
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
