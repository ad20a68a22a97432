import { BehaviorSubject, map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, test } from 'vitest';
import type { Backlog } from '../../src/pipeline/settle.ts';
import { settle } from '../../src/pipeline/settle.ts';

const backlogs: Record<string, Backlog> = {
  a: { ripe: 1, fresh: true },
  b: { ripe: 2, fresh: true },
  f: { ripe: 9, fresh: true },
  w: { ripe: 1, fresh: false },
  n: { ripe: 0, fresh: true },
  d: { ripe: 0, fresh: false, dueMs: 6 },
};
const FREE = 'f';
const phases: Record<string, boolean> = { f: false, b: true };

/** Every close is shown as `x`; `busy` is the target's: `b` busy, `f` free. */
function check(quietMs: number, maxMs: number, source: string, expected: string, busy = FREE): void {
  new TestScheduler((actual, wanted) => {
    expect(actual).toEqual(wanted);
  }).run(({ hot, expectObservable }) => {
    const busy$ = new BehaviorSubject(false);
    hot(busy, phases).subscribe((now) => {
      busy$.next(now);
    });
    const close$ = hot(source, backlogs).pipe(settle({ quietMs, maxMs, maxEntries: 9 }, busy$));
    expectObservable(close$.pipe(map(() => 'x'))).toBe(expected);
  });
}

test('a window closes quietMs after its last event', () => {
  check(3, 99, 'ab-------a', '----x-------x');
});
test('a steady stream closes maxMs after its first event', () => {
  check(3, 5, 'a-b-a-b--', '-----x---x');
});
test('what is not fresh does not extend a window', () => {
  check(3, 99, 'a-w------', '---x-----');
});
test('enough ripe names close it at once', () => {
  check(3, 99, 'a-f------', '--x------');
});
test('a quiet time of 0 closes it at once', () => {
  check(0, 99, 'a--b-----', 'x--x-----');
});
test('nothing ripe closes it without delivery', () => {
  check(3, 99, 'a-n------', '---------');
});
test('a due time closes it even if nothing is ripe', () => {
  check(3, 99, 'd--------', '------x--');
});
test('while the target is busy nothing closes, and right after if it is due', () => {
  check(3, 99, 'a--------', '-------x-', 'fb-----f-');
});
test('not due when the target becomes free, it closes when it is', () => {
  check(6, 99, 'a--------', '------x--', 'fb-f-----');
});
test('completion and errors pass at once', () => {
  check(3, 99, 'a-|', '--|');
  check(3, 99, 'a-#', '--#');
});
