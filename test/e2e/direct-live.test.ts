import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { describeTree } from '../support/tree.ts';
import { unprivileged } from '../support/unprivileged.ts';

const options = ['--direct'];

test('a live direct mirror follows changes, renames without copying, and starts no process', async () => {
  await using mirror = await LiveMirror.inSync({
    options: [...options, '--log-level', 'debug'],
    before: 'mkdir -p a/b; echo 1 > a/b/f; echo 2 > old',
  });
  const inode = lstatSync(`${mirror.copy}/a/b/f`).ino;
  mirror.change('echo 3 > new; rm old; mv a c; chmod 600 c/b/f; ln -s c/b/f link');
  await mirror.untilEqual();
  expect(lstatSync(`${mirror.copy}/c/b/f`).ino).toBe(inode);
  await mirror.until(() => mirror.deliveries > 0, 'the last line of the log');
  expect(mirror.logged(/moved c$/)).toHaveLength(1);
  expect(mirror.logged(/^run$/)).toEqual([]);
  expect(await mirror.end()).toEqual({ code: 143, signal: null });
  expect(mirror.process.family()).toEqual([]);
});

test('--direct --once ends with 0 and equal trees', async () => {
  await using mirror = new LiveMirror({
    before: 'mkdir d; echo 1 > a; echo 2 > d/b',
    options: [...options, '--once'],
  });
  await mirror.until(() => !mirror.process.running, 'its end');
  expect(await mirror.end()).toEqual({ code: 0, signal: null });
  expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
});

test('--direct links on the target what is linked and delivered together', async () => {
  await using mirror = await LiveMirror.inSync({
    options: [...options, '--hard-links', '--delay', '1'],
    before: 'mkdir d; echo 1 > a; ln a b; ln a d/c; echo 1 > alone',
  });
  const inodes = (...names: string[]): number =>
    new Set(names.map((name) => lstatSync(`${mirror.copy}/${name}`).ino)).size;
  expect(inodes('a', 'b', 'd/c')).toBe(1);
  expect(inodes('a', 'alone')).toBe(2);
  mirror.change('echo 2 > n; ln n m; ln n d/o');
  await mirror.untilEqual();
  expect(inodes('m', 'n', 'd/o')).toBe(1);
  await mirror.end();
});

test('what was killed in the middle of a copy is finished by the next mirror, and nothing is left over', async () => {
  await using first = new LiveMirror({
    options,
    before: 'for i in {1..60}; do head -c 4000000 /dev/zero > f$i; done',
  });
  await first.until(() => existsSync(first.copy) && readdirSync(first.copy).length > 2, 'the copy to begin');
  await first.end('SIGKILL');
  await using second = await LiveMirror.inSync({ options, directory: first.directory });
  expect(second.differences()).toEqual([]);
  await second.end();
});

test('what an unprivileged user may not read is told, and what the target has of it is kept', async () => {
  await using mirror = new LiveMirror({
    options: [...options, '--once'],
    runWith: unprivileged,
    before:
      'chmod 755 ..; mkdir ../copy closed; echo 1 > secret; echo 2 > open; mkdir ../copy/closed; echo 3 > ../copy/closed/kept; ' +
      'if [ $(id -u) = 0 ]; then chown -R 65534:65534 . ../copy; fi; chmod 0 closed secret',
  });
  await mirror.until(() => !mirror.process.running, 'its end');
  expect(await mirror.end()).toEqual({ code: 1, signal: null });
  expect(mirror.logged(/^(closed: opendir|secret: open): Permission denied$/)).toHaveLength(2);
  expect(readFileSync(`${mirror.copy}/open`, 'utf8')).toBe('2\n');
  expect(existsSync(`${mirror.copy}/secret`)).toBe(false);
  mirror.change('chmod 755 closed ../copy/closed');
  expect(readdirSync(`${mirror.copy}/closed`)).toEqual(['kept']);
});
