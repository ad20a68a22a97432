import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';

const inode = (mirror: LiveMirror, path: string): number => lstatSync(`${mirror.copy}/${path}`).ino;

/** Moves made and bytes of file data sent by the live batches so far. */
function sums(mirror: LiveMirror): { moved: number; bytes: number } {
  const lines = mirror.logged(/^batch \d+ delivered/).map(({ msg }) => msg);
  const add = (pattern: RegExp): number =>
    lines.reduce((sum, line) => sum + Number(pattern.exec(line)?.[1] ?? 0), 0);
  return { moved: add(/: (\d+) moved/), bytes: add(/deleted, (\d+) B/) };
}

describe.concurrent.each([
  ['by rsync', []],
  ['by --direct', ['--direct']],
])('on this machine what is moved is moved %s', (_way, options) => {
  test('a directory of many files keeps its files, and no data is sent', async () => {
    const before = 'mkdir -p many/deep a/new; for i in $(seq 2000); do echo $i > many/deep/$i; done';
    await using mirror = await LiveMirror.inSync({ options, before });
    const known = [1, 1000, 2000].map((name) => inode(mirror, `many/deep/${name}`));
    mirror.change('mv many a/new/moved');
    await mirror.untilEqual();
    expect([1, 1000, 2000].map((name) => inode(mirror, `a/new/moved/deep/${name}`))).toEqual(known);
    await mirror.until(() => sums(mirror).moved === 1, 'the last line of the log');
    expect(sums(mirror)).toEqual({ moved: 1, bytes: 0 });
    expect((await mirror.end()).code).toBe(143);
  });

  test('names that change places', async () => {
    await using mirror = await LiveMirror.inSync({
      // What is moved while it is delivered is sent again: all of it in one batch.
      options: [...options, '--delay', '1'],
      before: 'echo 1 > a; echo 2 > b; mkdir d e; touch d/f',
    });
    const known = [inode(mirror, 'a'), inode(mirror, 'b'), inode(mirror, 'd')];
    mirror.change('mv a t; mv b a; mv t b; mv d u; mv e d; mv u e');
    await mirror.untilEqual();
    expect([inode(mirror, 'b'), inode(mirror, 'a'), inode(mirror, 'e')]).toEqual(known);
    expect((await mirror.end()).code).toBe(143);
  });

  test('never through a symlink of the target', async () => {
    await using mirror = await LiveMirror.inSync({
      options,
      before: 'mkdir -p d/e to; echo 1 > d/e/f; echo 1 > to/x',
    });
    const outside = mirror.directory.at('outside');
    mkdirSync(outside);
    mirror.change('rm -r ../copy/to');
    symlinkSync(outside, `${mirror.copy}/to`);
    mirror.change('mv d/e to/e');
    await mirror.until(
      () => lstatSync(`${mirror.copy}/to`, { throwIfNoEntry: false })?.isDirectory() === true,
      'the directory to be made',
    );
    await mirror.until(() => existsSync(`${mirror.copy}/to/e/f`), 'what was moved');
    await mirror.until(() => mirror.logged(/^batch \d+ delivered/).length > 0, 'the delivery');
    expect(readdirSync(`${mirror.copy}/to/e`)).toEqual(['f']);
    expect(readdirSync(outside)).toEqual([]);
    expect((await mirror.end()).code).toBe(143);
  });
});
