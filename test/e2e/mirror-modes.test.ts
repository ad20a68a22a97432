import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { describeTree, shell } from '../support/tree.ts';

/** A directory with a target that has one file too much, `stale`, and an old `a`. */
function makeDrifted(): TempDir {
  const directory = makeTempDir();
  mkdirSync(directory.at('copy'));
  shell(directory.at('copy'), 'echo stale > stale; echo old-a > a');
  return directory;
}

const before = 'mkdir d; echo 1 > a; echo 2 > d/b';

describe('--delete', () => {
  test.concurrent.each([
    ['yes', false, false],
    ['no', true, true],
    ['startup', false, true],
    ['running', true, false],
  ])(
    '%s: stale names kept at the start %j, live deletions kept %j',
    async (policy, keepsStale, keepsLive) => {
      using directory = makeDrifted();
      await using mirror = await LiveMirror.inSync({ directory, before, options: ['--delete', policy] });
      expect(existsSync(`${mirror.copy}/stale`)).toBe(keepsStale);
      mirror.change('rm a; echo 3 > c');
      await mirror.until(() => existsSync(`${mirror.copy}/c`), 'the new file');
      await mirror.end();
      expect(existsSync(`${mirror.copy}/a`)).toBe(keepsLive);
      expect(existsSync(`${mirror.copy}/stale`)).toBe(keepsStale);
    },
  );
});

test('--once ends with 0 and equal trees', async () => {
  await using mirror = new LiveMirror({ before, options: ['--once'] });
  await mirror.until(() => !mirror.process.running, 'its end');
  expect(await mirror.end()).toEqual({ code: 0, signal: null });
  expect(mirror.differences()).toEqual([]);
  expect(mirror.process.family()).toEqual([]);
});

test('--dry-run names what it would do and leaves the target as it is', async () => {
  using directory = makeDrifted();
  const kept = describeTree(directory.at('copy'));
  await using mirror = new LiveMirror({ directory, before, options: ['--dry-run'] });
  await mirror.until(() => !mirror.process.running, 'its end');
  expect(await mirror.end()).toEqual({ code: 0, signal: null });
  expect(describeTree(directory.at('copy'))).toEqual(kept);
  for (const said of [/updated a/, /updated d\/b/, /deleted stale/, /would be delivered/])
    expect(mirror.logged(said)).toHaveLength(1);
});

test('--no-initial delivers what changes from now on and nothing else', async () => {
  using directory = makeDrifted();
  await using mirror = new LiveMirror({ directory, before, options: ['--no-initial'] });
  await mirror.untilLogged(/^watching the tree/);
  mirror.change('echo new > d/new');
  await mirror.until(() => existsSync(`${mirror.copy}/d/new`), 'the change');
  expect(readFileSync(`${mirror.copy}/a`, 'utf8')).toBe('old-a\n');
  expect(['stale', 'd/b'].map((name) => existsSync(`${mirror.copy}/${name}`))).toEqual([true, false]);
});

test('--max-processes 2 shares a large batch and ends with equal trees', async () => {
  await using mirror = await LiveMirror.inSync({
    before: 'mkdir d{1..20}',
    options: ['--max-processes', '2', '--log-level', 'debug', '--delay', '1'],
  });
  const runsBefore = mirror.logged(/^run$/).length;
  mirror.change(
    'for d in d*; do for i in {1..250}; do echo $d/$i > $d/$i; done; done; rmdir d1 2>/dev/null || rm -r d1',
  );
  await mirror.untilEqual();
  await mirror.end();
  expect(mirror.logged(/^run$/).length - runsBefore).toBeGreaterThanOrEqual(mirror.deliveries + 1);
});

test('--mkpath makes the missing parents of the target', async () => {
  await using mirror = await LiveMirror.inSync({
    before,
    options: ['--mkpath'],
    targetFor: (copy) => `${copy}/over/there`,
  });
  mirror.change('echo 3 > d/c; rm a');
  await mirror.untilEqual(`${mirror.copy}/over/there`);
});
