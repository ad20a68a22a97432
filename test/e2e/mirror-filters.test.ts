import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';

/** A mirror without `*.o` and `cache/`, but with `keep.o`, whose target has excluded files of its own. */
async function startFiltered(): Promise<LiveMirror & Disposable> {
  const directory = makeTempDir();
  mkdirSync(directory.at('copy'));
  shell(
    directory.at('copy'),
    'mkdir d; echo theirs > theirs.o; echo theirs > d/theirs.o; echo stale > stale',
  );
  const mirror = await LiveMirror.inSync({
    directory,
    before: 'mkdir d cache; echo 1 > d/a; echo 2 > d/a.o; echo 3 > keep.o; echo 4 > cache/x',
    options: ['--include', 'keep.o', '--exclude', '*.o', '--exclude', 'cache/'],
  });
  return Object.assign(mirror, {
    [Symbol.dispose]: () => {
      directory[Symbol.dispose]();
    },
  });
}

function present(mirror: LiveMirror, ...names: string[]): boolean[] {
  return names.map((name) => existsSync(`${mirror.copy}/${name}`));
}

/** Whatever was done before has been dealt with once the second of two deliveries, one behind the other, arrives. */
async function untilDealtWith(mirror: LiveMirror): Promise<void> {
  for (const mark of ['first', 'second'].map((name) => `${name}-${performance.now()}`)) {
    writeFileSync(`${mirror.source}/${mark}`, '');
    await mirror.until(() => existsSync(`${mirror.copy}/${mark}`), 'the mark');
  }
}

test('excluded names never arrive, and those on the target survive the first sync and later deletions', async () => {
  await using mirror = await startFiltered();
  using _directory = mirror.directory;
  expect(present(mirror, 'd/a', 'keep.o')).toEqual([true, true]);
  expect(present(mirror, 'd/a.o', 'cache', 'stale')).toEqual([false, false, false]);
  expect(present(mirror, 'theirs.o', 'd/theirs.o')).toEqual([true, true]);
  mirror.change('echo 5 > new.o; mkdir -p deep/cache; echo 6 > deep/cache/y; echo 7 > deep/z; rm -r d');
  await untilDealtWith(mirror);
  expect(present(mirror, 'new.o', 'deep/cache', 'd/a')).toEqual([false, false, false]);
  expect(present(mirror, 'deep/z', 'theirs.o', 'd/theirs.o')).toEqual([true, true, true]);
});

test('a rename across the border of a filter is a deletion one way and a creation the other', async () => {
  await using mirror = await startFiltered();
  using _directory = mirror.directory;
  mirror.change('mv d/a d/hidden.o; mv d/a.o d/shown; mv cache uncached');
  await untilDealtWith(mirror);
  expect(present(mirror, 'd/a', 'd/hidden.o', 'd/a.o', 'cache')).toEqual([false, false, false, false]);
  expect(present(mirror, 'd/shown', 'uncached/x')).toEqual([true, true]);
  mirror.change('mv d/hidden.o d/a; mv uncached cache; echo 8 > cache/x');
  await untilDealtWith(mirror);
  expect(present(mirror, 'd/a', 'uncached', 'cache')).toEqual([true, false, false]);
});

test('a file replaced by one with a hidden name arrives, whatever its size and time say', async () => {
  await using mirror = await startFiltered();
  using _directory = mirror.directory;
  mirror.change('echo a > file; touch -d @1000000000 file');
  await mirror.until(() => existsSync(`${mirror.copy}/file`), 'the file');
  mirror.change('echo b > file.o; touch -d @1000000000 file.o; mv file.o file');
  await mirror.until(() => readFileSync(`${mirror.copy}/file`, 'utf8') === 'b\n', 'the new content');
});

test('an excluded directory is not watched until it has a name that is not excluded', async () => {
  await using mirror = await startFiltered();
  using _directory = mirror.directory;
  renameSync(`${mirror.source}/cache`, `${mirror.source}/open`);
  await untilDealtWith(mirror);
  mirror.change('echo 9 > open/later');
  await mirror.until(() => existsSync(`${mirror.copy}/open/later`), 'a change below it');
});
