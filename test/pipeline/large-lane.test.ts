import { Subscription } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../src/model/batch.ts';
import { HINT } from '../../src/model/event-batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { LargeLane } from '../../src/pipeline/large-lane.ts';

const { modified, deleted } = HINT;
const any = (): boolean => true;

/** A lane with these files, the first of them under way. */
function laneWith(...paths: readonly string[]) {
  const lane = new LargeLane();
  for (const path of paths) lane.add({ path: path as PathBytes, hints: modified });
  const entry = lane.begin(any) ?? expect.unreachable();
  const delivery = new Subscription();
  lane.runs(delivery);
  return { lane, entry, isEnded: () => delivery.closed };
}

const batchOf = (batch: Partial<Record<keyof Batch, unknown>>): Batch =>
  ({
    number: 1,
    reason: 'live',
    moves: [],
    entries: [],
    subtrees: [],
    contentSubtrees: [],
    ...batch,
  }) as Batch;

/** What is left, the delivery under way ended. */
const left = (lane: LargeLane): string[] => lane.empty().map(({ path }) => path);

describe('large files', () => {
  test('go one at a time, each as soon as it may', () => {
    const { lane, entry } = laneWith('a', 'b', 'c');
    expect([entry.path, lane.begin(any), lane.size]).toEqual(['a', undefined, 3]);
    expect(lane.ended(entry)).toEqual({ isWanted: true, stale: undefined });
    expect(lane.begin((path) => path === 'c')?.path).toBe('c');
    expect(lane.size).toBe(2);
  });
  test('written to while they are under way go again afterwards, and not with the batch', () => {
    const { lane, entry, isEnded } = laneWith('a');
    const other = { path: 'b', hints: modified };
    const batch = lane.makeWay(batchOf({ entries: [{ path: 'a', hints: modified }, other] }));
    expect([batch.entries, isEnded(), lane.size]).toEqual([[other], false, 1]);
    lane.ended(entry);
    expect(left(lane)).toEqual(['a']);
  });
  test('deleted or compared by content with a batch are that batch’s business', () => {
    for (const batch of [
      { entries: [{ path: 'd/a', hints: deleted }] },
      { entries: [{ path: 'd', hints: deleted }] },
      { contentSubtrees: ['d'] },
      { contentSubtrees: [''] },
    ]) {
      const { lane, isEnded } = laneWith('d/a', 'd/b', 'e');
      lane.makeWay(batchOf(batch));
      expect(isEnded()).toBe(true);
      expect(left(lane)).not.toContain('d/a');
      expect(lane.isInUse).toBe(false);
    }
  });
  test('in what a batch moves, or compares by size and time, go again after it', () => {
    const d = { from: 'd', to: 'e', isDirectory: true };
    for (const batch of [{ moves: [d] }, { moves: [{ ...d, from: 'x', to: 'd/a' }] }, { subtrees: ['d'] }]) {
      const { lane, entry, isEnded } = laneWith('d/a');
      expect(lane.makeWay(batchOf(batch)).entries).toEqual([]);
      expect([isEnded(), lane.ended(entry)]).toEqual([true, undefined]);
      expect(left(lane)).toEqual(['d/a']);
    }
  });
  test('are not disturbed by what happens beside them or to attributes above them', () => {
    const { lane, entry, isEnded } = laneWith('d/a');
    const batch = batchOf({
      entries: [
        { path: 'd', hints: HINT.attrib | HINT.isDirectory },
        { path: 'd/ab', hints: deleted },
      ],
      moves: [{ from: 'd/x', to: 'd/y', isDirectory: false }],
      subtrees: ['dd'],
    });
    expect(lane.makeWay(batch)).toBe(batch);
    expect(isEnded()).toBe(false);
    // What the batch says of `d`, the slower delivery takes back with what it saw at its start.
    expect(lane.ended(entry)).toEqual({ isWanted: true, stale: 'd' });
  });
  test('that are moved go under their new name, and what was under way for the old one does not count', () => {
    const { lane, entry } = laneWith('d/a', 'd/b', 'dd');
    lane.follow('d' as PathBytes, 'e' as PathBytes);
    expect([lane.size, lane.has('d/a' as PathBytes)]).toEqual([3, true]);
    expect(lane.ended(entry)).toEqual({ isWanted: false, stale: undefined });
    expect(left(lane).sort()).toEqual(['dd', 'e/a', 'e/b']);
  });
  test('made again under the old name while the delivery of the moved one is under way follow by themselves', () => {
    const { lane } = laneWith('a');
    lane.follow('a' as PathBytes, 'b' as PathBytes);
    lane.add({ path: 'a' as PathBytes, hints: modified });
    lane.follow('a' as PathBytes, 'c' as PathBytes);
    expect(left(lane).sort()).toEqual(['b', 'c']);
  });
  test('left at the end are given back with the one under way', () => {
    const { lane, isEnded } = laneWith('a', 'b');
    expect(left(lane).sort()).toEqual(['a', 'b']);
    expect([isEnded(), lane.isInUse]).toEqual([true, false]);
  });
});
