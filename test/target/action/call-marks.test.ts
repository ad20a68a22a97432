import { expect, test } from 'vitest';
import { CallMarks } from '../../../src/target/action/call-marks.ts';

test('a function is noted from its call until it has returned, thrown or settled its promise', async () => {
  const memory = CallMarks.memory();
  const marks = new CallMarks(memory);
  const now = (): number => CallMarks.underWay(memory);
  expect(marks.marked(now, 3)()).toBe(3);
  expect(now()).toBe(0);
  const wrong = marks.marked(() => {
    throw new Error(String(now()));
  }, 4);
  expect(wrong).toThrow('4');
  expect(now()).toBe(0);
  let end = (): void => undefined;
  const open = marks.marked(() => new Promise<void>((resolve) => (end = resolve)), 5)();
  expect(now()).toBe(5);
  end();
  await open;
  await marks.settled();
  expect(now()).toBe(0);
});

test('one that is waited for no longer does not count beside the next, and is waited for at the end', async () => {
  const memory = CallMarks.memory();
  const marks = new CallMarks(memory);
  let end = (): void => undefined;
  const given = marks.marked(
    (...values) =>
      new Promise(
        (_resolve, reject) =>
          (end = () => {
            reject(new Error(String(values)));
          }),
      ),
    1,
  );
  const left = given('a', 'b') as Promise<never>;
  const next = marks.marked(() => Promise.resolve(), 2)() as Promise<void>;
  let isSettled = false;
  const settled = marks.settled().then(() => (isSettled = true));
  await next;
  expect(isSettled).toBe(false);
  end();
  await expect(left).rejects.toThrow('a,b');
  await settled;
  expect(CallMarks.underWay(memory)).toBe(0);
});
