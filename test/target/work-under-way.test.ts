import { setTimeout as timer } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { DeliveryContext } from '../../src/target/target.ts';
import { WorkUnderWay } from '../../src/target/work-under-way.ts';

const context = (signal = new AbortController().signal): DeliveryContext => ({
  signal,
  report: () => undefined,
});

/** Goes on until it is told to end, then fails or gives this. */
const untilEnded =
  (end: () => unknown) =>
  async ({ signal }: DeliveryContext): Promise<unknown> => {
    await timer(60_000, undefined, { signal }).catch(() => undefined);
    await Promise.resolve();
    return end();
  };

test('work ends by its own signal, and with the target, which waits for it', async () => {
  const work = new WorkUnderWay();
  const own = new AbortController();
  const ended: string[] = [];
  const alone = work.run(
    context(own.signal),
    untilEnded(() => ended.push('alone')),
  );
  const failing = work.run(
    context(),
    untilEnded(() => {
      ended.push('failing');
      throw new Error('it failed');
    }),
  );
  const failure = expect(failing).rejects.toThrow('it failed');
  own.abort();
  await alone;
  expect(ended).toEqual(['alone']);
  await work.close();
  expect(ended).toEqual(['alone', 'failing']);
  await failure;
  await work.close();
});

test('what is begun while the target ends is waited for too', async () => {
  const work = new WorkUnderWay();
  let isDone = false;
  void work.run(
    context(),
    untilEnded(() => {
      void work.run(
        context(),
        untilEnded(() => {
          isDone = true;
        }),
      );
    }),
  );
  await work.close();
  expect(isDone).toBe(true);
});

test('nothing is kept of what is done', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const work = new WorkUnderWay();
  const outcomes: WeakRef<object>[] = [];
  for (let count = 0; count < 3; count++) {
    await work.run(context(), () => {
      const outcome = { count };
      outcomes.push(new WeakRef(outcome));
      return Promise.resolve(outcome);
    });
  }
  await expect
    .poll(
      () => {
        collectGarbage();
        return outcomes.slice(0, -1).map((outcome) => outcome.deref() === undefined);
      },
      { timeout: 60_000 },
    )
    .toEqual([true, true]);
});
