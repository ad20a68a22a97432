import { expect, test } from 'vitest';
import type { ProgressState } from '../../src/daemon/progress.ts';
import { shareProgress } from '../../src/daemon/shared-progress.ts';

const state = (done: number, total: number | undefined, startedMs = 0): ProgressState => ({
  label: 'first sync',
  startedMs,
  unit: 'entries',
  done,
  total,
  bytes: done * 10,
});

test('several targets show their sums under one label until the last has ended, then begin anew', () => {
  const shown: (string | ProgressState)[] = [];
  const next = shareProgress(
    {
      update: (sum) => shown.push(sum),
      end: () => shown.push('end'),
    },
    'targets',
  );
  const [one, other] = [next(), next()];
  one.update(state(1, 10, 5));
  other.update(state(2, undefined, 3));
  other.update(state(3, 20, 3));
  one.end();
  one.end();
  other.update(state(20, 20, 3));
  other.end();
  one.update(state(1, 2));
  const both = 'first sync of 2 targets';
  expect(shown).toEqual([
    { ...state(1, 10, 5) },
    { ...state(3, undefined, 3), label: both },
    { ...state(4, 30, 3), label: both },
    { ...state(21, 30, 3) },
    'end',
    { ...state(1, 2) },
  ]);
});
