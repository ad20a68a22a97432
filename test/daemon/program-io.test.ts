import { expect, test } from 'vitest';
import { concatMap, EMPTY, from, of, toArray } from 'rxjs';
import { type EndSignal, signalExitStatus, withoutEchoes } from '../../src/daemon/program-io.ts';

function check(seen: readonly (readonly [EndSignal, number])[], expected: readonly EndSignal[]): void {
  let nowMs = 0;
  const signal$ = from(seen).pipe(
    concatMap(([signal, atMs]) => {
      nowMs = atMs;
      return of(signal);
    }),
  );
  let got: EndSignal[] = [];
  withoutEchoes(signal$, () => nowMs)
    .pipe(toArray())
    .subscribe((all) => (got = all));
  expect(got).toEqual(expected);
}

test('a signal that comes twice at once is one', () => {
  check(
    [
      ['SIGINT', 1000],
      ['SIGINT', 1003],
    ],
    ['SIGINT'],
  );
});

test('a second signal later, or another one, counts', () => {
  check(
    [
      ['SIGINT', 1000],
      ['SIGINT', 1600],
    ],
    ['SIGINT', 'SIGINT'],
  );
  check(
    [
      ['SIGINT', 1000],
      ['SIGTERM', 1003],
    ],
    ['SIGINT', 'SIGTERM'],
  );
});

test('nothing comes of nothing', () => {
  withoutEchoes(EMPTY).subscribe(() => {
    throw new Error('a signal from nowhere');
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGPIPE', 141],
] as const)('%s ends with %i', (signal, status) => {
  expect(signalExitStatus(signal)).toBe(status);
});
