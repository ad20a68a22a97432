import { existsSync, lstatSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { serveByDaemon } from '../support/served-target.ts';
import { startSshd } from '../support/sshd.ts';
import { makeTempDir } from '../support/temp-dir.ts';

// 3 MiB at 1 MiB a second: seconds, in which the small files come and go.
const slowly = ['--batch-size-limit', '256K', '--bwlimit', '1M'];
const big = 'head -c 3M /dev/urandom';

test.concurrent('a large file does not delay small ones, and arrives', async () => {
  await using mirror = await LiveMirror.inSync({ options: slowly, before: 'echo 1 > first' });
  mirror.change('head -c 8M /dev/urandom > big');
  await mirror.until(() => mirror.temporary().length > 0, 'the large file to be under way');
  // The directory of the large file has another time and mode now than its delivery has seen.
  mirror.change('mkdir d; echo 1 > d/small; chmod 711 .');
  await mirror.until(() => existsSync(`${mirror.copy}/d/small`), 'the small file');
  expect(existsSync(`${mirror.copy}/big`)).toBe(false);
  await mirror.untilEqual();
  expect(lstatSync(`${mirror.copy}/big`).size).toBe(8 * 2 ** 20);
  expect((await mirror.end()).code).toBe(143);
});

test.concurrent(
  'a large file moved, deleted with its directory or written again while it is under way leaves nothing behind',
  async () => {
    await using mirror = await LiveMirror.inSync({
      options: slowly,
      before: 'mkdir -p d/e; echo 1 > d/small',
    });
    const underWay = (directory: string): Promise<void> =>
      mirror.until(() => mirror.temporary(directory).length > 0, `a large file under way in ${directory}`);
    mirror.change(`${big} > d/e/big`);
    await underWay('d/e');
    mirror.change('mv d f');
    await mirror.until(() => existsSync(`${mirror.copy}/f/e/big`), 'the file in the moved directory');
    mirror.change(`${big} > f/one`);
    await underWay('f');
    mirror.change('mv f/one f/two');
    await mirror.until(() => existsSync(`${mirror.copy}/f/two`), 'the moved file');
    mirror.change(`mkdir gone; ${big} > gone/with-it`);
    await underWay('gone');
    mirror.change(`rm -r gone; ${big} > twice`);
    await underWay('');
    mirror.change(`${big} > twice`);
    await mirror.untilEqual();
    expect(mirror.logged(/quarantined/)).toEqual([]);
    expect((await mirror.end()).code).toBe(143);
  },
);

test.concurrent(
  'what is under way at the end is delivered with the rest, as far as the time for it goes',
  async () => {
    await using mirror = await LiveMirror.inSync({
      options: [...slowly.slice(0, 2), '--bwlimit', '2M'],
      before: 'echo 1 > first',
    });
    mirror.change(`${big} > big`);
    await mirror.until(() => mirror.temporary().length > 0, 'the large file to be under way');
    expect((await mirror.end()).code).toBe(143);
    await mirror.untilEqual();
  },
);

describe.concurrent('a directory that became a large file is replaced', () => {
  const change = 'rm -r d; head -c 300K /dev/urandom > d';
  const before = 'mkdir -p d/e; echo 1 > d/e/f';
  const options = ['--batch-size-limit', '256K'];

  test('on this machine, at once', async () => {
    await using mirror = await LiveMirror.inSync({ options, before });
    mirror.change(change);
    await mirror.untilEqual();
    expect(mirror.logged(/quarantined/)).toEqual([]);
  });

  test('on a host, at the second attempt', async () => {
    await using sshd = await startSshd();
    await using mirror = await LiveMirror.inSync({
      options: [...options, ...sshd.mirrorOptions],
      host: sshd.host,
      before,
    });
    mirror.change(change);
    await mirror.untilEqual();
  });
});

test('a large file whose receiver is killed is sent again, and no half a file stays', async () => {
  using directory = makeTempDir();
  await using server = await serveByDaemon(directory);
  const { way } = server;
  await using mirror = await LiveMirror.inSync({
    ...way,
    options: [...way.options, '--batch-size-limit', '256K', '--bwlimit', '1M'],
    before: 'mkdir d; echo 1 > d/first',
  });
  mirror.change(`${big} > d/big`);
  await mirror.until(() => mirror.temporary('d').length > 0, 'the large file to be under way');
  await server.kill();
  await mirror.untilLogged(/quarantined/);
  expect(mirror.temporary('d')).toHaveLength(1);
  await server.restart();
  await mirror.untilEqual();
  expect((await mirror.end()).code).toBe(143);
});
