import { setImmediate as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { runInOrder } from '../../../src/target/command/ordered-runs.ts';

/** Begins a run for each path; what begins and ends is noted, and a run ends when its path is let go. */
function runs(paths: readonly string[], maxRunning: number) {
  const noted: string[] = [];
  const waiting = new Map<string, (goesOn: boolean) => void>();
  const done = runInOrder(paths, {
    maxRunning,
    pathsOf: (path) => path.split('>') as PathBytes[],
    run: (path) => {
      noted.push(path);
      return new Promise<boolean>((resolve) => waiting.set(path, resolve));
    },
  });
  const end = async (path: string, goesOn = true): Promise<void> => {
    waiting.get(path)?.(goesOn);
    for (let turn = 0; turn < 5; turn++) await pause();
  };
  return { noted, end, done };
}

test('what is above, below or equal waits; what is beside does not', async () => {
  const { noted, end, done } = runs(['d', 'e', 'd.x', 'd/a', 'f', 'd/a'], 10);
  await end('none');
  expect(noted).toEqual(['d', 'e', 'd.x']);
  await end('d');
  expect(noted).toEqual(['d', 'e', 'd.x', 'd/a', 'f']);
  await end('d/a');
  expect(noted).toEqual(['d', 'e', 'd.x', 'd/a', 'f', 'd/a']);
  for (const path of ['e', 'd.x', 'f', 'd/a']) await end(path);
  await done;
});

test('both names of a move count', async () => {
  const { noted, end, done } = runs(['a>b', 'b/x', 'c'], 10);
  await end('none');
  expect(noted).toEqual(['a>b']);
  await end('a>b');
  expect(noted).toEqual(['a>b', 'b/x', 'c']);
  for (const path of ['b/x', 'c']) await end(path);
  await done;
});

test('no more than the limit run, and the end of any lets the next one begin', async () => {
  const { noted, end, done } = runs(['a', 'b', 'c', 'd'], 2);
  await end('none');
  expect(noted).toEqual(['a', 'b']);
  await end('b');
  expect(noted).toEqual(['a', 'b', 'c']);
  await end('a');
  for (const path of ['c', 'd']) await end(path);
  await done;
});

test('nothing begins after a run that says so, and those under way are waited for', async () => {
  const { noted, end, done } = runs(['a', 'b', 'c', 'd'], 2);
  await end('none');
  let isDone = false;
  void done.then(() => (isDone = true));
  await end('a', false);
  expect([noted, isDone]).toEqual([['a', 'b'], false]);
  await end('b');
  await done;
  expect(noted).toEqual(['a', 'b']);
});

test('a run that rejects ends all, and its error is passed on behind the others', async () => {
  await expect(
    runInOrder(['a', 'b'], {
      maxRunning: 1,
      pathsOf: (path) => [path as PathBytes],
      run: (path) => Promise.reject(new Error(`no ${path}`)),
    }),
  ).rejects.toThrow('no a');
});
