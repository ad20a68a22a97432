import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { brokenReceiver } from '../support/broken-rsync.ts';
import type { LiveMirrorOptions } from '../support/live-mirror.ts';
import { LiveMirror } from '../support/live-mirror.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeTree, shell } from '../support/tree.ts';

const content = 'mkdir -p d/e; for i in {1..9}; do echo $i > d/e/$i; done; echo top > top';
const before = content;

/** A directory whose `copy` has content and whose `source` is empty. */
function makeEmptied(): TempDir {
  const directory = makeTempDir();
  for (const name of ['source', 'copy']) mkdirSync(directory.at(name));
  shell(directory.at('copy'), content);
  return directory;
}

/** Names and content, without the root, whose own time follows the source even while deletions are held. */
function contentOf(copy: string): Record<string, string> {
  const { '.': _root, ...rest } = describeTree(copy);
  return rest;
}

describe.concurrent('an empty source', () => {
  test.each<[string, (directory: TempDir) => Promise<Partial<LiveMirrorOptions> & AsyncDisposable>]>([
    ['a directory', () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() })],
    [
      'an rsync daemon',
      async (directory) => {
        const daemon = await startRsyncDaemon(directory.at('copy'));
        return {
          targetFor: () => daemon.url(),
          [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
        };
      },
    ],
  ])('at the start deletes nothing on %s, and says how to go on', async (_name, prepare) => {
    using directory = makeEmptied();
    await using target = await prepare(directory);
    const kept = contentOf(directory.at('copy'));
    await using mirror = new LiveMirror({ directory, ...target });
    const held = await mirror.untilLogged(/^held: The source is empty and would delete 12 names/);
    expect(held).toMatchObject({
      level: 'error',
      remedy: expect.stringContaining('--allow-empty-source') as string,
    });
    expect(contentOf(mirror.copy)).toEqual(kept);
    // The content comes back with one name less: what is there is delivered, and in the end the trees are equal.
    mirror.change(`${content}; rm d/e/9; echo new > new`);
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });

  test('at the start with --allow-empty-source empties the target', async () => {
    using directory = makeEmptied();
    await using mirror = await LiveMirror.inSync({ directory, options: ['--allow-empty-source'] });
    expect(readdirSync(mirror.copy)).toEqual([]);
  });

  test('and an empty or missing target are in sync', async () => {
    await using mirror = await LiveMirror.inSync({});
    mirror.change(content);
    await mirror.untilEqual();
    expect(mirror.logged(/^held/)).toEqual([]);
  });

  test('of which only excluded names are on the target is in sync', async () => {
    using directory = makeEmptied();
    await using mirror = await LiveMirror.inSync({ directory, options: ['--exclude', '*'] });
    expect(mirror.logged(/^held/)).toEqual([]);
    expect(readdirSync(mirror.copy)).toEqual(['d', 'top']);
  });

  test('once ends with 1 and deletes nothing', async () => {
    using directory = makeEmptied();
    const kept = contentOf(directory.at('copy'));
    await using mirror = new LiveMirror({ directory, options: ['--once'] });
    await mirror.until(() => mirror.logged(/^held: /).length > 0, 'the hold');
    expect((await mirror.end('SIGCONT')).code).toBe(1);
    expect(contentOf(mirror.copy)).toEqual(kept);
  });

  test.each([
    ['any rsync', []],
    ['a receiver without missing names in lists', ['--rsync-program', brokenReceiver()]],
  ])('emptied while it runs deletes nothing, with %s', async (_name, options) => {
    await using mirror = await LiveMirror.inSync({ before, options: ['--delay', '1', ...options] });
    const kept = contentOf(mirror.copy);
    mirror.change('rm -r *');
    await mirror.untilLogged(/^held: The source is empty and would delete 12 names/);
    expect(contentOf(mirror.copy)).toEqual(kept);
    mirror.change('mkdir -p d/e; echo again > d/e/1');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });

  test('emptied while it runs with --allow-empty-source empties the target', async () => {
    await using mirror = await LiveMirror.inSync({ before, options: ['--allow-empty-source'] });
    mirror.change('rm -r *');
    await mirror.untilEqual();
    expect(readdirSync(mirror.copy)).toEqual([]);
  });

  test('by moving its content away, and the root replaced by another one, deletes nothing', async () => {
    await using mirror = await LiveMirror.inSync({ before });
    const kept = describeTree(mirror.copy);
    renameSync(mirror.source, mirror.directory.at('away'));
    mkdirSync(mirror.source);
    await mirror.untilLogged(/^held: /);
    expect(describeTree(mirror.copy)).toEqual(kept);
    rmSync(mirror.source, { recursive: true });
    renameSync(mirror.directory.at('away'), mirror.source);
    await mirror.untilEqual();
  });

  test('behind a symlink that now leads elsewhere deletes nothing', async () => {
    using directory = makeTempDir();
    for (const name of ['first', 'second']) mkdirSync(directory.at(name));
    symlinkSync('first', directory.at('source'));
    await using mirror = await LiveMirror.inSync({ directory, before });
    const kept = describeTree(mirror.copy);
    unlinkSync(directory.at('source'));
    symlinkSync('second', directory.at('source'));
    shell(directory.at('first'), 'echo new > new');
    await mirror.untilLogged(/^held: /);
    expect(describeTree(mirror.copy)).toEqual(kept);
  });
});

describe.concurrent('--max-delete', () => {
  test('holds a batch that would delete more, delivers its changes, and lets later ones through', async () => {
    await using mirror = await LiveMirror.inSync({ before, options: ['--max-delete', '3', '--delay', '1'] });
    mirror.change('rm -r d/e; echo changed > top; echo new > new');
    const held = await mirror.untilLogged(/^held: 10 names would be deleted .* --max-delete allows \(3\)/);
    expect(held).toMatchObject({ level: 'error', remedy: expect.stringContaining('--max-delete') as string });
    expect(readdirSync(`${mirror.copy}/d/e`)).toHaveLength(9);
    expect(describeTree(mirror.copy)).toMatchObject({ new: expect.any(String) as string });
    mirror.change('rm new; echo more > more');
    await mirror.until(() => !readdirSync(mirror.copy).includes('new'), 'the small deletion');
    await mirror.until(() => readdirSync(mirror.copy).includes('more'), 'the new file');
    expect(readdirSync(`${mirror.copy}/d/e`)).toHaveLength(9);
    expect(mirror.logged(/^held: /)).toHaveLength(1);
    // Brought back but for two names, the rest is allowed.
    mirror.change('mkdir d/e; for i in {1..7}; do echo $i > d/e/$i; done');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });

  test('holds the first sync of a drifted target, and a directory replaced by a file', async () => {
    using directory = makeEmptied();
    await using mirror = new LiveMirror({
      directory,
      before: 'echo top > top; echo a-file-now > d',
      options: ['--max-delete', '50%'],
    });
    await mirror.untilLogged(/^held: 10 names would be deleted .*50% of 12 names, that is 6/);
    expect(readdirSync(`${mirror.copy}/d/e`)).toHaveLength(9);
  });

  test('of a percentage allows what is below it', async () => {
    await using mirror = await LiveMirror.inSync({
      before,
      options: ['--max-delete', '50%', '--delay', '1'],
    });
    mirror.change('rm d/e/{1..5}');
    await mirror.untilEqual();
    expect(mirror.logged(/^held/)).toEqual([]);
  });
});
