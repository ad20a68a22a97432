import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import type { ServeTarget } from '../support/served-target.ts';
import { serveByDaemon, serveByRsyncssh, serveNothing } from '../support/served-target.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { freePort } from '../support/tcp-port.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { isRoot, NOBODY, unprivileged } from '../support/unprivileged.ts';
import { maySetUpMounts } from '../support/this-system.ts';

const ways: readonly [string, ServeTarget][] = [
  ['a local directory', serveNothing],
  ['rsync over ssh with moves', serveByRsyncssh],
  ['an rsync daemon', serveByDaemon],
];

const before = 'mkdir -p d/e old; echo 1 > d/e/f; head -c 300000 /dev/urandom > old/a; echo 2 > g';

/** A mirror in sync to a target whose disk of 1 MB holds the directory `copy` and what the test puts beside it. */
async function onSmallDisk(
  serve: ServeTarget,
  check: (mirror: LiveMirror, disk: string) => Promise<void>,
): Promise<void> {
  using directory = makeTempDir();
  const disk = directory.at('disk');
  mkdirSync(disk);
  using mounted = mountSmallDisk(disk, 1024 * 1024);
  if (!mounted) throw new Error('root cannot mount');
  execFileSync('ln', ['-s', 'disk/copy', directory.at('copy')]);
  mkdirSync(`${disk}/copy`);
  await using server = await serve(directory);
  const targetFor = server.way.targetFor ?? ((copy: string) => copy);
  {
    await using mirror = await LiveMirror.inSync({
      ...server.way,
      before,
      targetFor: () => targetFor(`${disk}/copy`),
    });
    await check(mirror, disk);
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
  }
}

describe.runIf(maySetUpMounts).concurrent('a full disk of the target (needs root for a small one)', () => {
  test.each(ways)('is told of, and what was missed arrives when there is room: %s', async (_name, serve) => {
    await onSmallDisk(serve, async (mirror, disk) => {
      writeFileSync(`${disk}/ballast`, Buffer.alloc(500_000, 7));
      mirror.change('mv d moved; echo 3 > moved/e/f; head -c 400000 /dev/urandom > big; rm g');
      const line = await mirror.untilLogged(/^batch \d+ failed: .*the target is full.*next attempt in/);
      expect(line).toMatchObject({ level: 'error', remedy: 'Make room there; it goes on by itself.' });
      mirror.change('echo 4 > small; ln -s small link');
      rmSync(`${disk}/ballast`);
      await mirror.untilEqual(`${disk}/copy`);
    });
  });

  test('gets room by what is deleted on the source', async () => {
    await onSmallDisk(serveByDaemon, async (mirror, disk) => {
      mirror.change('head -c 800000 /dev/urandom > a-big');
      await mirror.untilLogged(/^batch \d+ failed: .*the target is full/);
      mirror.change('rm -r old');
      await mirror.untilEqual(`${disk}/copy`);
      expect(statSync(`${mirror.copy}/a-big`).size).toBe(800_000);
    });
  });
});

describe
  .runIf(maySetUpMounts)
  .concurrent('a file system of the target that turns read-only (needs root)', () => {
    test.each(ways)(
      'is told of, and what was missed arrives when it is writable: %s',
      async (_name, serve) => {
        await onSmallDisk(serve, async (mirror, disk) => {
          execFileSync('mount', ['-o', 'remount,ro', disk]);
          mirror.change('mv d moved; echo 3 > moved/e/f; echo 4 > new; rm g');
          const line = await mirror.untilLogged(
            /^batch \d+ failed: .*Read-only file system.*next attempt in/,
          );
          expect(line.level).toBe('error');
          mirror.change('echo 5 > small; ln -s small link');
          execFileSync('mount', ['-o', 'remount,rw', disk]);
          await mirror.untilEqual(`${disk}/copy`);
          expect(mirror.logged(/quarantined/)).toEqual([]);
        });
      },
    );
  });

describe.concurrent('a target that takes nothing for a while', () => {
  test.runIf(isRoot)(
    'because a directory of it belongs to somebody else: its names alone wait, and arrive (needs root)',
    async () => {
      using directory = makeTempDir();
      mkdirSync(directory.at('source'));
      for (const path of [directory.path, directory.at('source')]) chownSync(path, NOBODY, NOBODY);
      await using mirror = await LiveMirror.inSync({
        directory,
        runWith: unprivileged,
        before: `mkdir locked open; echo 1 > locked/f; chown -R ${NOBODY}:${NOBODY} .`,
      });
      // Of its own directories rsync makes one writable that is not.
      chownSync(`${mirror.copy}/locked`, 0, 0);
      mirror.change('echo 2 > locked/new; echo 3 > open/new');
      const line = await mirror.untilLogged(/^locked\/new: .*Permission denied \(quarantined/);
      expect(line.level).toBe('warn');
      await mirror.until(() => existsSync(`${mirror.copy}/open/new`), 'what is not in it');
      chownSync(`${mirror.copy}/locked`, NOBODY, NOBODY);
      await mirror.untilLogged(/^locked\/new: out of quarantine/);
      await mirror.untilEqual();
      expect((await mirror.end()).code).toBe(143);
    },
  );

  test('because the daemon was set to read only: it is tried again, and gets what it missed', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('copy'));
    const port = await freePort();
    const start = (...settings: readonly string[]) => startRsyncDaemon(directory.at('copy'), settings, port);
    let daemon = await start();
    try {
      await using mirror = await LiveMirror.inSync({ directory, before, targetFor: () => daemon.url() });
      await daemon[Symbol.asyncDispose]();
      daemon = await start('read only = yes');
      mirror.change('mv d moved; echo 3 > new');
      await mirror.untilLogged(/^batch \d+ failed: .*read.only.*next attempt in/);
      await daemon[Symbol.asyncDispose]();
      daemon = await start();
      await mirror.untilEqual();
      expect((await mirror.end()).code).toBe(143);
    } finally {
      await daemon[Symbol.asyncDispose]();
    }
  });
});
