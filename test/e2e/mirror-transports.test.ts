import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { brokenReceiver } from '../support/broken-rsync.ts';
import type { LiveMirrorOptions } from '../support/live-mirror.ts';
import { LiveMirror } from '../support/live-mirror.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { startSshd } from '../support/sshd.ts';
import { freePort } from '../support/tcp-port.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const before = 'mkdir -p d/e gone; echo 1 > d/e/f; echo 2 > gone/g; echo 3 > h; ln -s h link';

/** Changes, deletions and directory moves, one after the other, each until the trees are equal. */
async function checkLive(options: LiveMirrorOptions): Promise<void> {
  await using mirror = await LiveMirror.inSync({ before, ...options });
  for (const change of [
    'echo changed > d/e/f; chmod 600 h',
    'rm -r gone; rm link; ln -s d link',
    'mv d moved; echo below > moved/e/new; mkdir d; echo again > d/f',
    'rm h; mkdir h; echo in > h/in',
  ]) {
    mirror.change(change);
    await mirror.untilEqual();
  }
  expect((await mirror.end()).code).toBe(143);
  expect(mirror.process.family()).toEqual([]);
  expect(mirror.logged(/failed|quarantined/)).toEqual([]);
}

describe.concurrent('every kind of change arrives', () => {
  test('on an rsync daemon', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('copy'));
    await using daemon = await startRsyncDaemon(directory.at('copy'));
    await checkLive({ directory, targetFor: () => daemon.url() });
  });

  test('on a host reached by ssh', async () => {
    await using sshd = await startSshd();
    await checkLive({
      options: ['-e', sshd.remoteShell],
      targetFor: (copy) => `${sshd.host}:${copy}`,
    });
  });

  test('on a host whose rsync cannot take missing names in a list', async () => {
    await using sshd = await startSshd();
    await checkLive({
      options: ['-e', sshd.remoteShell, '--rsync-path', brokenReceiver()],
      targetFor: (copy) => `${sshd.host}:${copy}`,
    });
  });
});

test.each([
  ['that sorts behind the old one', 'z'],
  ['that sorts before the old one', 'a'],
])('with --fuzzy a file renamed on a daemon to a name %s is not sent again', async (_order, name) => {
  using directory = makeTempDir();
  mkdirSync(directory.at('copy'));
  await using daemon = await startRsyncDaemon(directory.at('copy'));
  await using mirror = await LiveMirror.inSync({
    directory,
    before: 'mkdir d; head -c 1000000 /dev/urandom > d/m',
    options: ['--fuzzy', '--delay', '1'],
    targetFor: () => daemon.url(),
  });
  mirror.change(`mv d/m d/${name}; echo 1 > f`);
  await mirror.untilEqual();
  const { msg } = await mirror.untilLogged(/^batch \d+ delivered/);
  expect(msg).toMatch(/: 2 updated, 1 deleted, \d+(?:\.\d)? kB in/);
  expect(Number(/deleted, ([\d.]+) kB/.exec(msg)?.[1])).toBeLessThan(20);
  expect((await mirror.end()).code).toBe(143);
  expect(mirror.logged(/failed|quarantined/)).toEqual([]);
});

describe.concurrent('a daemon that goes down', () => {
  test('is told of, waited for, and gets all that was missed', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('copy'));
    const port = await freePort();
    await using mirror = await (async () => {
      await using _daemon = await startRsyncDaemon(directory.at('copy'), [], port);
      return await LiveMirror.inSync({
        directory,
        before,
        targetFor: () => `rsync://127.0.0.1:${port}/mirror`,
      });
    })();
    mirror.change('echo changed > h; rm -r gone');
    const line = await mirror.untilLogged(/^batch \d+ failed: .*next attempt in/);
    expect(line.level).toBe('error');
    expect(line.msg).toMatch(/Connection refused/);
    mirror.change('mv d moved; echo new > moved/new');
    await using _again = await startRsyncDaemon(directory.at('copy'), [], port);
    await mirror.untilEqual();
    mirror.change('echo last > last');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });

  test('is waited for at the start too', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('copy'));
    const port = await freePort();
    await using mirror = new LiveMirror({
      directory,
      before,
      targetFor: () => `rsync://127.0.0.1:${port}/mirror`,
    });
    await mirror.untilLogged(/^batch 1 failed: .*next attempt in/);
    await using _daemon = await startRsyncDaemon(directory.at('copy'), [], port);
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });
});

test('an rsync killed by KILL again and again is tried until the trees are equal', async () => {
  using directory = makeTempDir();
  const script = directory.at('mortal-rsync');
  // The first three transfers die in the middle; `ulimit -f` could not do it by KILL.
  const lines = [
    '#!/bin/bash',
    'case " $* " in *" --version "*) exec rsync "$@" ;; esac',
    `count=$(( $(cat ${directory.at('count')} 2>/dev/null || echo 0) + 1 )); echo $count > ${directory.at('count')}`,
    `if [ -e ${directory.at('armed')} ] && [ $count -le 3 ]; then`,
    `  rsync --bwlimit=64 "$@" <&0 & child=$!`,
    `  until ls -A ${directory.at('copy')} | grep -q '^\\.big\\.' || ! kill -0 $child 2>/dev/null; do read -t 0.02 < <(:) ; done`,
    '  kill -KILL $child; kill -KILL $$',
    'fi',
    'exec rsync "$@"',
  ];
  writeFileSync(script, `${lines.join('\n')}\n`);
  chmodSync(script, 0o755);
  await using mirror = await LiveMirror.inSync({ directory, before, options: ['--rsync-program', script] });
  writeFileSync(directory.at('count'), '0');
  writeFileSync(directory.at('armed'), '');
  mirror.change('head -c 1000000 /dev/urandom > big; rm -r gone; mv d moved');
  const line = await mirror.untilLogged(/^batch \d+ failed: .*killed by SIGKILL/);
  expect(line.msg).toMatch(/next attempt in/);
  await mirror.untilEqual();
  expect(mirror.logged(/killed by SIGKILL/).length).toBeGreaterThanOrEqual(2);
  expect((await mirror.end()).code).toBe(143);
  expect(mirror.process.family()).toEqual([]);
});
