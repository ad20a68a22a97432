import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Failed, Outcome } from '../../src/model/outcome.ts';
import { freePort } from '../support/tcp-port.ts';
import { processesNaming, until } from '../support/processes.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { checkReplacedSource } from '../support/check-mirror.ts';
import { delivered } from '../support/driven-target.ts';
import { makeRsyncMirror } from '../support/rsync-mirror.ts';
import type { MirrorOptions, RsyncMirror } from '../support/rsync-mirror.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { startSshd } from '../support/sshd.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeTree, shell } from '../support/tree.ts';
import { takesAnyBytes } from '../support/this-system.ts';

const isRoot = process.getuid?.() === 0;

function failed(outcome: Outcome): Failed {
  if (outcome.kind !== 'failed') throw new Error(`delivered: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** A mirror of one small file, in step. */
async function startMirror(options: MirrorOptions = {}): Promise<RsyncMirror> {
  const mirror = makeRsyncMirror(options);
  shell(mirror.source, 'mkdir -p d; echo 1 > d/f');
  await mirror.prepare();
  return mirror;
}

/** A mirror with a delivery under way that takes minutes: 4 MB at 16 KB/s. */
async function startSlowDelivery(
  options: MirrorOptions & { signal?: AbortSignal } = {},
): Promise<AsyncDisposable & { mirror: RsyncMirror; outcome: Promise<Outcome>; children: number[] }> {
  const { signal, ...rest } = options;
  const mirror = await startMirror({ bandwidthLimit: '16', extraArguments: ['--no-whole-file'], ...rest });
  delivered(await mirror.compareAll());
  shell(mirror.source, 'head -c 4000000 /dev/urandom > big');
  const outcome = mirror.deliver({ entries: ['big'], ...(signal ? { signal } : {}) });
  await until(() => readdirSync(mirror.copy).some((name) => name.startsWith('.big.')), 'rsync is writing');
  return {
    mirror,
    outcome,
    children: processesNaming(mirror.directory.path),
    [Symbol.asyncDispose]: () => mirror[Symbol.asyncDispose](),
  };
}

async function expectNothingLeft(mirror: RsyncMirror): Promise<void> {
  await until(() => processesNaming(mirror.directory.path).length === 0, 'no child is left');
}

describe('a run that dies', () => {
  test('by KILL is a failure, and trying again heals', async () => {
    await using slow = await startSlowDelivery();
    const { mirror, outcome, children } = slow;
    process.kill(Math.min(...children), 'SIGKILL');
    expect(failed(await outcome)).toMatchObject({
      scope: 'batch',
      message: expect.stringContaining('SIGKILL') as string,
    });
    await expectNothingLeft(mirror);
    expect(readdirSync(mirror.copy)).toEqual(['d']);
    shell(mirror.source, 'echo small > big');
    delivered(await mirror.deliver({ entries: ['big'] }));
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test('on its receiving side is a failure, and the file it left goes with the next success', async () => {
    await using slow = await startSlowDelivery();
    const { mirror, outcome, children } = slow;
    process.kill(Math.max(...children), 'SIGKILL');
    expect(failed(await outcome).scope).toMatch(/batch|target/);
    await expectNothingLeft(mirror);
    expect(readdirSync(mirror.copy)).toEqual([expect.stringMatching(/^\.big\.\w{6}$/), 'd']);
    shell(mirror.source, 'rm big; echo 2 > .mine.abcdef');
    delivered(await mirror.deliver({ entries: ['big', '.mine.abcdef'] }));
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
    expect(mirror.events).toContainEqual({
      kind: 'notice',
      message: `Removed a temporary file that a broken run had left on ${mirror.copy}.`,
    });
  });

  test('leaves its file where no deletions are wanted', async () => {
    await using slow = await startSlowDelivery({ deletes: 'no' });
    const { mirror, outcome, children } = slow;
    process.kill(Math.max(...children), 'SIGKILL');
    failed(await outcome);
    shell(mirror.source, 'echo small > big');
    delivered(await mirror.deliver({ entries: ['big'] }));
    expect(readdirSync(mirror.copy)).toEqual([expect.stringMatching(/^\.big\.\w{6}$/), 'big', 'd']);
  });

  test('by TERM from outside is a failure', async () => {
    await using slow = await startSlowDelivery();
    const { mirror, outcome, children } = slow;
    process.kill(Math.min(...children), 'SIGTERM');
    expect(failed(await outcome)).toMatchObject({ scope: 'batch' });
    await expectNothingLeft(mirror);
  });

  test('by standing still is ended by the watchdog', async () => {
    await using slow = await startSlowDelivery({ timeoutSeconds: 2 });
    const { mirror, outcome, children } = slow;
    for (const child of children) process.kill(child, 'SIGSTOP');
    expect(failed(await outcome)).toMatchObject({
      scope: 'target',
      message: expect.stringContaining('did nothing') as string,
    });
    await expectNothingLeft(mirror);
  });

  test('is not taken for hung while it works without a word', async () => {
    await using slow = await startSlowDelivery({ timeoutSeconds: 4 });
    const { outcome, children } = slow;
    const settled = await Promise.race([
      outcome,
      new Promise((resolve) => setTimeout(resolve, 10_000, 'still running')),
    ]);
    expect(settled).toBe('still running');
    for (const child of children) process.kill(child, 'SIGKILL');
    await outcome;
  });

  test('because the caller ends it leaves nothing behind', async () => {
    const abort = new AbortController();
    await using slow = await startSlowDelivery({ signal: abort.signal });
    const { mirror, outcome } = slow;
    abort.abort();
    expect(failed(await outcome)).toMatchObject({ scope: 'batch' });
    await expectNothingLeft(mirror);
    expect(readdirSync(mirror.copy)).toEqual(['d']);
  });

  test('because the target is closed leaves nothing behind, stopped children included', async () => {
    await using slow = await startSlowDelivery();
    const { mirror, outcome, children } = slow;
    for (const child of children) process.kill(child, 'SIGSTOP');
    await mirror.target.close();
    expect(processesNaming(mirror.directory.path)).toEqual([]);
    expect(failed(await outcome)).toMatchObject({ scope: 'batch' });
    expect(failed(await mirror.compareAll())).toMatchObject({ scope: 'batch' });
  });
});

describe('a target that is down', () => {
  test('is waited for, and goes on when it comes up', async () => {
    const directory = makeTempDir();
    const port = await freePort();
    mkdirSync(directory.at('copy'));
    await using mirror = await startMirror({
      directory,
      targetFor: () => `rsync://127.0.0.1:${port}/mirror`,
    });
    expect(failed(await mirror.compareAll())).toMatchObject({
      scope: 'target',
      message: expect.stringContaining('Connection refused') as string,
    });
    await using daemon = await startRsyncDaemon(directory.at('copy'), [], port);
    expect(daemon.port).toBe(port);
    delivered(await mirror.compareAll());
    expect(readFileSync(`${mirror.copy}/d/f`, 'utf8')).toBe('1\n');
  });

  test('over ssh is waited for too', async () => {
    await using mirror = await startMirror({
      targetFor: (copy) => `127.0.0.1:${copy}`,
      extraArguments: ['-e', `ssh -F /dev/null -o BatchMode=yes -p ${await freePort()}`],
    });
    expect(failed(await mirror.compareAll())).toMatchObject({ scope: 'target' });
  });

  test('because its module is unknown says so', async () => {
    const directory = makeTempDir();
    await using daemon = await startRsyncDaemon(directory.path);
    await using mirror = await startMirror({
      directory,
      targetFor: () => `rsync://127.0.0.1:${daemon.port}/other`,
    });
    expect(failed(await mirror.compareAll())).toMatchObject({
      scope: 'target',
      message: expect.stringContaining("Unknown module 'other'") as string,
    });
  });

  test('because rsync is missing there says so', async () => {
    await using sshd = await startSshd();
    await using mirror = await startMirror({
      targetFor: (copy) => `${sshd.host}:${copy}`,
      extraArguments: ['-e', sshd.remoteShell, '--rsync-path=/nowhere/rsync'],
    });
    expect(failed(await mirror.compareAll())).toMatchObject({
      scope: 'target',
      remedy: 'Install rsync on the target host.',
    });
  });

  test('because it is full is a state, and goes on when there is room', async (context) => {
    await using mirror = makeRsyncMirror();
    mkdirSync(mirror.copy);
    using disk = mountSmallDisk(mirror.copy, 512 * 1024);
    if (!disk) return context.skip('mounting needs root');
    await mirror.prepare();
    shell(mirror.source, 'head -c 1000000 /dev/urandom > big');
    expect(failed(await mirror.compareAll())).toMatchObject({
      scope: 'target',
      message: expect.stringContaining('full') as string,
    });
    shell(mirror.source, 'echo small > big');
    delivered(await mirror.compareAll());
    expect(readFileSync(`${mirror.copy}/big`, 'utf8')).toBe('small\n');
    disk.unmount();
    expect(failed(await mirror.compareAll())).toMatchObject({
      scope: 'target',
      message: expect.stringContaining('file system') as string,
    });
    expect(readdirSync(mirror.copy)).toEqual([]);
  });
});

describe('a configuration that cannot work', () => {
  test('a remote shell that prints text is named', async () => {
    await using sshd = await startSshd();
    await using mirror = await startMirror({
      targetFor: (copy) => `${sshd.host}:${copy}`,
      extraArguments: ['-e', sshd.remoteShell, '--rsync-path=echo welcome to this host; rsync'],
    });
    expect(failed(await mirror.compareAll())).toMatchObject({
      scope: 'configuration',
      remedy: expect.stringContaining('remote shell') as string,
    });
  });

  test('a daemon that refuses deletions is named, and serves a mirror without deletions', async () => {
    const directory = makeTempDir();
    mkdirSync(directory.at('copy'));
    await using daemon = await startRsyncDaemon(directory.at('copy'), ['refuse options = delete']);
    await using mirror = await startMirror({ directory, targetFor: () => daemon.url() });
    expect(failed(await mirror.compareAll())).toMatchObject({
      scope: 'configuration',
      remedy: expect.stringContaining('refuse options') as string,
    });
    await using without = await startMirror({
      directory: makeTempDir(),
      targetFor: () => daemon.url(),
      deletes: 'no',
    });
    delivered(await without.compareAll());
    expect(existsSync(directory.at('copy', 'd', 'f'))).toBe(true);
  });

  test('an rsync that is not there is named before anything else', async () => {
    await using mirror = makeRsyncMirror({ rsyncProgram: '/nowhere/rsync' });
    await expect(mirror.prepare()).rejects.toMatchObject({ code: 'RSYNC_MISSING' });
  });
});

describe('a source', () => {
  test('that was replaced is not mirrored, and goes on when it is back', async () => {
    await using mirror = await startMirror();
    await checkReplacedSource(mirror);
  });

  test.runIf(takesAnyBytes)('with a name that is not UTF-8 is mirrored', async () => {
    const directory = makeTempDir();
    shell(directory.path, String.raw`mkdir -p $'source\xff/d' copy; echo 1 > $'source\xff/d/f'`);
    await using mirror = makeRsyncMirror({ directory, sourceName: Buffer.from('source\xff', 'latin1') });
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(directory.path, String.raw`echo 2 > $'source\xff/d/g'; rm $'source\xff/d/f'`);
    delivered(await mirror.deliver({ entries: ['d/f', 'd/g'] }));
    expect(readdirSync(`${mirror.copy}/d`)).toEqual(['g']);
  });
});

describe('names that cannot be read', () => {
  /** A mirror whose rsync runs without the rights of root. */
  async function startUnprivileged(): Promise<RsyncMirror> {
    const directory = makeTempDir();
    const program = directory.at('rsync-as-nobody');
    writeFileSync(
      program,
      '#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups rsync "$@"\n',
      { mode: 0o755 },
    );
    chmodSync(directory.path, 0o755);
    shell(directory.path, `mkdir copy source; ${isRoot ? 'chown 65534:65534 copy source' : ''}`);
    const mirror = makeRsyncMirror({ directory, ...(isRoot ? { rsyncProgram: program } : {}) });
    await mirror.prepare();
    return mirror;
  }
  const hand = isRoot ? 'chown -R 65534:65534 .' : 'true';

  test('are problems of their own in a batch; the rest arrives', async () => {
    await using mirror = await startUnprivileged();
    delivered(await mirror.compareAll());
    shell(mirror.source, `echo 1 > good; echo 2 > 'secret "file"'; ${hand}; chmod 0 secret*`);
    expect(delivered(await mirror.deliver({ entries: ['good', 'secret "file"'] }))).toEqual({
      problems: ['secret "file": open: Permission denied'],
      recheck: [],
    });
    expect(readdirSync(mirror.copy)).toEqual(['good']);
    shell(mirror.source, 'chmod 644 secret*');
    expect(delivered(await mirror.deliver({ entries: ['secret "file"'] })).problems).toEqual([]);
    expect(readdirSync(mirror.copy)).toEqual(['good', 'secret "file"']);
  });

  test('keep what the target has of them in a full compare, which still deletes elsewhere', async () => {
    await using mirror = await startUnprivileged();
    shell(
      mirror.source,
      `mkdir -p a 'clo[sed' z; echo 1 > a/f; echo 1 > 'clo[sed/kept'; echo 1 > z/f; ${hand}`,
    );
    delivered(await mirror.compareAll());
    shell(mirror.source, "rm a/f z/f; chmod 0 'clo[sed'");
    expect(delivered(await mirror.compareAll()).problems).toEqual(['clo[sed: opendir: Permission denied']);
    expect(existsSync(`${mirror.copy}/z/f`)).toBe(false);
    shell(mirror.source, "chmod 755 'clo[sed'");
    delivered(await mirror.compareAll());
    expect(readdirSync(`${mirror.copy}/clo[sed`)).toEqual(['kept']);
  });

  test.runIf(isRoot)('owners and groups that only root can set are left out without a problem', async () => {
    await using mirror = await startUnprivileged();
    shell(mirror.source, 'echo 1 > f; chown 1:1 f');
    expect(delivered(await mirror.compareAll())).toEqual({ problems: [], recheck: [] });
    shell(mirror.source, 'echo 22 > f; chgrp 2 f');
    expect(delivered(await mirror.deliver({ entries: ['f'] }))).toEqual({ problems: [], recheck: [] });
    expect(statSync(`${mirror.copy}/f`).gid).toBe(65534);
  });

  test.runIf(isRoot)(
    'a target directory that belongs to somebody else is said once and is no problem',
    async () => {
      await using mirror = await startUnprivileged();
      shell(mirror.directory.path, 'chown 0:0 copy; chmod 777 copy; echo 1 > source/f');
      expect(delivered(await mirror.compareAll())).toEqual({ problems: [], recheck: [] });
      expect(delivered(await mirror.deliver({ entries: ['f'] }))).toEqual({ problems: [], recheck: [] });
      expect(mirror.events.filter(({ kind }) => kind === 'notice').length).toBeGreaterThan(0);
    },
  );

  test('a path too long for rsync is a problem of its own', async () => {
    await using mirror = await startMirror();
    delivered(await mirror.compareAll());
    shell(
      mirror.source,
      'n=$(printf "x%.0s" {1..250}); for i in {1..17}; do mkdir $n; cd $n; done; echo 1 > f; echo 22 > "$OLDPWD"/ok || true',
    );
    const long = Array.from({ length: 17 }, () => 'x'.repeat(250)).join('/');
    expect(delivered(await mirror.deliver({ entries: [`${long}/f`, 'd/f'] })).problems).toEqual([
      expect.stringContaining('longer than rsync can handle'),
    ]);
    shell(mirror.source, 'rm -r x*');
  });
});
