import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { until } from '../support/processes.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { freePort } from '../support/tcp-port.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeTree } from '../support/tree.ts';
import { hasInotify } from '../support/this-system.ts';

const before = 'mkdir -p d/e gone; echo 1 > d/e/f; echo 2 > gone/g; echo 3 > h';

function targetOptions(targets: readonly string[]): readonly string[] {
  return targets.flatMap((target) => ['--target', target]);
}

/** The lines about one target. */
function said(mirror: LiveMirror, target: string, message: RegExp): number {
  return mirror.logged(message).filter((line) => line.target === target).length;
}

function inotifyInstances(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => linkOf(`/proc/${pid}/fd/${fd}`).includes('inotify'))
    .length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

test('20 targets of one source, three of them dead: 17 are equal at every step, and one comes up and catches up', async () => {
  using directory = makeTempDir();
  for (const name of ['late', 'refused']) mkdirSync(directory.at(name));
  const port = await freePort();
  const late = `rsync://127.0.0.1:${port}/mirror`;
  const unknownHost = 'no-such-host.invalid:copy';
  await using readOnly = await startRsyncDaemon(directory.at('refused'), ['read only = yes']);
  const copies = Array.from({ length: 16 }, (_, index) => directory.at(`copy-${index}`));
  await using mirror = new LiveMirror({
    directory,
    before,
    options: targetOptions([late, unknownHost, readOnly.url(), ...copies]),
  });
  const living = [mirror.copy, ...copies];
  for (const change of [
    'echo changed > d/e/f; chmod 600 h',
    'rm -r gone; ln -s d link',
    'mv d moved; echo below > moved/e/new; mkdir d; for i in {1..200}; do echo $i > d/$i; done',
  ]) {
    mirror.change(change);
    for (const copy of living) await mirror.untilEqual(copy);
  }
  await mirror.until(() => said(mirror, late, /^batch \d+ failed: .*next attempt in/) > 0, 'the closed port');
  await mirror.until(() => said(mirror, unknownHost, /^batch \d+ failed: .*next attempt in/) > 0, 'the host');
  await mirror.until(() => said(mirror, readOnly.url(), /^stopped: .*read.only/) === 1, 'the stopped target');
  expect(readdirSync(directory.at('refused'))).toEqual([]);

  await using _daemon = await startRsyncDaemon(directory.at('late'), [], port);
  await mirror.untilEqual(directory.at('late'));
  mirror.change('echo last > last');
  for (const copy of [...living, directory.at('late')]) await mirror.untilEqual(copy);

  expect((await mirror.end()).code).toBe(143);
  for (const copy of living) expect(said(mirror, copy, /failed|stopped|quarantined|not delivered/)).toBe(0);
  // Node's own warnings (too many listeners) would be lines without braces.
  expect(mirror.process.output.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual(
    [],
  );
  expect(mirror.process.family()).toEqual([]);
});

describe.concurrent('several targets', () => {
  test('share one watch, and each line about one of them names it', async () => {
    using directory = makeTempDir();
    const second = directory.at('second');
    await using mirror = new LiveMirror({ directory, before, options: targetOptions([second]) });
    await mirror.untilEqual();
    await mirror.untilEqual(second);
    await mirror.untilLogged(/^watching the tree/);
    expect(mirror.logged(/^watching the tree/)).toHaveLength(1);
    if (hasInotify) expect(inotifyInstances(mirror.process.pid)).toBe(1);
    for (const target of [mirror.copy, second]) {
      expect(said(mirror, target, /^mirror .* to /)).toBe(1);
      await mirror.until(
        () => said(mirror, target, /^first sync delivered/) === 1,
        `the first sync of ${target}`,
      );
    }
  });

  test('of which one is slow: the other has its changes while the first sync of the slow one still runs', async () => {
    using directory = makeTempDir();
    const port = await freePort();
    mkdirSync(directory.at('slow'));
    await using daemon = await startRsyncDaemon(directory.at('slow'), [], port);
    // The limit slows the local copy too, but that one has the big file already.
    mkdirSync(directory.at('source'));
    writeFileSync(`${directory.at('source')}/big`, Buffer.alloc(4_000_000, 7));
    mkdirSync(directory.at('copy'));
    const once = new LiveMirror({ directory, options: ['--once'] });
    await once.until(() => !once.process.running, 'the copy of the big file');
    await using mirror = new LiveMirror({
      directory,
      options: ['--bwlimit', '16', '--rsync-opt=--no-whole-file', ...targetOptions([daemon.url()])],
    });
    await mirror.until(
      () => readdirSync(directory.at('slow')).some((name) => name.startsWith('.big.')),
      'the slow one',
    );
    mirror.change('echo new > new');
    await mirror.untilEqual();
    expect(readdirSync(directory.at('slow'))).not.toContain('big');
    expect(said(mirror, daemon.url(), /delivered/)).toBe(0);
    // The drain is bounded for all of them together.
    expect((await mirror.end()).code).toBe(143);
    expect(said(mirror, daemon.url(), /^not all could be delivered in 5 s/)).toBe(1);
    expect(said(mirror, mirror.copy, /not all could be delivered/)).toBe(0);
    expect(mirror.process.family()).toEqual([]);
  });

  test('of which one cannot work from the start: it is stopped with the reason, the other is mirrored', async () => {
    using directory = makeTempDir();
    const orphan = directory.at('missing/parent/copy');
    await using mirror = new LiveMirror({ directory, before, options: targetOptions([orphan]) });
    await mirror.untilEqual();
    expect(await mirror.untilLogged(/^stopped: /)).toMatchObject({
      level: 'error',
      target: orphan,
      remedy: 'Make the parent directory, or use --mkpath (mkpath in a configuration).',
    });
    mirror.change('echo new > new');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });

  test('all of which are stopped end with 1', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('refused'));
    await using daemon = await startRsyncDaemon(directory.at('refused'), ['read only = yes']);
    await using mirror = new LiveMirror({
      directory,
      before,
      options: targetOptions([daemon.url('b')]),
      targetFor: () => daemon.url('a'),
    });
    await until(() => !mirror.process.running, 'its end');
    expect(await mirror.end()).toEqual({ code: 1, signal: null });
    expect(mirror.logged(/^stopped: /)).toHaveLength(2);
  });

  test('and --once: 0 when all were delivered, 1 when one was not, and the others are equal', async () => {
    using directory = makeTempDir();
    const second = directory.at('second');
    for (const [targets, status] of [
      [[second], 0],
      [[second, directory.at('missing/parent')], 1],
    ] as const) {
      await using mirror = new LiveMirror({
        directory,
        before,
        options: ['--once', ...targetOptions(targets)],
      });
      await until(() => !mirror.process.running, 'its end');
      expect(await mirror.end()).toEqual({ code: status, signal: null });
      expect(describeTree(second)).toEqual(describeTree(mirror.source));
      expect(mirror.differences()).toEqual([]);
    }
  });

  test.each([
    ['the same twice', (at: (name: string) => string) => `${at('source')}/../copy/`, /given twice/],
    ['one inside another', (at: (name: string) => string) => `${at('copy')}/inside`, /lies inside target/],
  ])('%s are refused before anything is touched', async (_name, second, message) => {
    using directory = makeTempDir();
    await using mirror = new LiveMirror({
      directory,
      before,
      options: targetOptions([second((name) => directory.at(name))]),
    });
    await until(() => !mirror.process.running, 'its end');
    expect((await mirror.end()).code).toBe(1);
    expect(mirror.process.output).toMatch(message);
    expect(existsSync(mirror.copy)).toBe(false);
  });
});
