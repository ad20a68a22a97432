import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from '../support/compare-trees.ts';
import { LiveMirror } from '../support/live-mirror.ts';
import { until } from '../support/processes.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { startSshd } from '../support/sshd.ts';
import { freePort } from '../support/tcp-port.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';
import { describeTree, shell } from '../support/tree.ts';
import { hasInotify } from '../support/this-system.ts';

const before = 'mkdir -p in/d in/cache out; echo 1 > in/d/f; echo 2 > in/cache/c; echo 3 > g';

/** Further mirrors beside that of `source` to `copy`: each a source and a target below the directory, and options. */
function and(directory: TempDir, ...mirrors: readonly (readonly string[])[]): readonly string[] {
  return mirrors.flatMap(([source = '', target = '', ...options]) => [
    ...[directory.at(source), directory.at(target), '--delay', '0.2', ...options, '--and'],
  ]);
}

function inotifyInstances(pid: number): number {
  const fds = readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
  return fds.filter((path) => linkOf(path).includes('inotify')).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function differences(directory: TempDir, source: string, target: string): readonly string[] {
  return compareTrees(pathFromText(directory.at(source)), pathFromText(directory.at(target)));
}

async function untilBothEqual(mirror: LiveMirror, source: string, target: string): Promise<void> {
  await mirror.untilEqual();
  await mirror.until(() => differences(mirror.directory, source, target).length === 0, `equal ${target}`);
}

describe.concurrent('several sources in one process', () => {
  test('one inside the other share a watch, and both targets follow moves across the border', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('source/in'), { recursive: true });
    await using mirror = new LiveMirror({
      directory,
      before,
      options: and(directory, ['source/in', 'inner-copy']),
    });
    await untilBothEqual(mirror, 'source/in', 'inner-copy');
    if (hasInotify) expect(inotifyInstances(mirror.process.pid)).toBe(1);
    await mirror.untilLogged(/^watching the tree/);
    expect(mirror.logged(/^watching the tree/)).toHaveLength(1);
    for (const script of [
      'echo changed > in/d/f; chmod 700 in; echo new > in/new; echo beside > out/new',
      'mv in/d out/d; mv g in/g',
      'mv out/d in/back; echo late > in/back/late; rm -r in/cache',
      'mv in/back/f in/back/late in/; rmdir in/back; ln -s / in/link',
      'mkdir in/e out/e; for i in {1..100}; do echo $i > out/e/$i; done; mv -T out/e in/e',
    ]) {
      mirror.change(script);
      await untilBothEqual(mirror, 'source/in', 'inner-copy');
    }
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
  });

  test('a shared watch leaves out only what all leave out, and each target only what its own filter says', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('source/in'), { recursive: true });
    const filters = ['--exclude', 'cache', '--exclude', '/in'];
    await using mirror = new LiveMirror({
      directory,
      before,
      options: [...and(directory, ['source/in', 'inner-copy', '--exclude', '/d']), ...filters],
    });
    const has = (path: string): boolean => existsSync(directory.at(path));
    await mirror.until(() => has('inner-copy/cache/c') && has('copy/g'), 'both copies');
    mirror.change('echo 1 > in/cache/new; mkdir in/d/deep out/cache; echo 1 > out/seen; echo 1 > in/seen');
    await mirror.until(() => has('inner-copy/cache/new') && has('inner-copy/seen'), 'the inner copy');
    await mirror.until(() => has('copy/out/seen'), 'the outer copy');
    expect(readdirSync(directory.at('inner-copy')).sort()).toEqual(['cache', 'seen']);
    expect(readdirSync(directory.at('copy')).sort()).toEqual(['g', 'out']);
    expect(readdirSync(directory.at('copy/out'))).toEqual(['seen']);
    if (hasInotify) expect(inotifyInstances(mirror.process.pid)).toBe(1);
  });

  test('the same source twice shares a watch; each mirror has options of its own', async () => {
    using directory = makeTempDir();
    await using mirror = new LiveMirror({
      directory,
      before,
      options: and(directory, ['source', 'archive', '--delete', 'no']),
    });
    await untilBothEqual(mirror, 'source', 'archive');
    mirror.change('rm g; echo 1 > new');
    await mirror.untilEqual();
    await mirror.until(() => existsSync(directory.at('archive/new')), 'the archive');
    expect(existsSync(directory.at('archive/g'))).toBe(true);
    if (hasInotify) expect(inotifyInstances(mirror.process.pid)).toBe(1);
  });

  test('sources beside each other have watches of their own; one that is gone stops no other', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('second'));
    shell(directory.at('second'), 'mkdir a; echo 1 > a/f');
    await using mirror = new LiveMirror({
      directory,
      before,
      options: and(directory, ['second', 'second-copy'], ['missing', 'third-copy']),
    });
    await untilBothEqual(mirror, 'second', 'second-copy');
    if (hasInotify) expect(inotifyInstances(mirror.process.pid)).toBe(2);
    await mirror.untilLogged(/^stopped: .*missing: no such directory/);
    expect(mirror.logged(/^stopped: /)).toHaveLength(1);
    const kept = describeTree(directory.at('second-copy'));
    renameSync(directory.at('second'), directory.at('away'));
    const held = await mirror.untilLogged(/^held: /);
    expect(held).toMatchObject({ source: directory.at('second'), target: directory.at('second-copy') });
    mirror.change('echo 1 > while-the-other-is-held');
    await mirror.untilEqual();
    expect(describeTree(directory.at('second-copy'))).toEqual(kept);
    writeFileSync(directory.at('away/a/f'), 'written while it was away');
    renameSync(directory.at('away'), directory.at('second'));
    await untilBothEqual(mirror, 'second', 'second-copy');
    expect((await mirror.end()).code).toBe(143);
  });

  test('a nested source that is deleted empties no target, and the outer one goes on', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('source/in'), { recursive: true });
    await using mirror = new LiveMirror({
      directory,
      before,
      options: and(directory, ['source/in', 'inner-copy', '--delay', '3']),
    });
    await untilBothEqual(mirror, 'source/in', 'inner-copy');
    const kept = describeTree(directory.at('inner-copy'));
    rmSync(directory.at('source/in'), { recursive: true });
    expect((await mirror.untilLogged(/^held: /)).source).toBe(directory.at('source/in'));
    await mirror.untilEqual();
    mirror.change('mkdir in; echo stranger > in/stranger');
    await mirror.untilEqual();
    await mirror.untilLogged(/^source root replaced/);
    expect((await mirror.end()).code).toBe(143);
    expect(describeTree(directory.at('inner-copy'))).toEqual(kept);
  });

  test('--once ends with 0 when all were delivered, and with 1 when one source was not there', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('second'));
    for (const [second, status] of [
      ['second', 0],
      ['missing', 1],
    ] as const) {
      await using mirror = new LiveMirror({
        directory,
        before,
        options: ['--once', ...and(directory, [second, 'second-copy']), '--once'],
      });
      await until(() => !mirror.process.running, 'its end');
      expect(await mirror.end()).toEqual({ code: status, signal: null });
      expect(mirror.differences()).toEqual([]);
    }
  });

  test('one target for two sources is refused before anything is touched, unless neither deletes', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('second'));
    writeFileSync(directory.at('second/of-second'), '');
    const both = (...options: string[]) =>
      new LiveMirror({
        directory,
        before,
        options: ['--once', ...and(directory, ['second', 'copy', ...options]), '--once', ...options],
      });
    await using refused = both();
    await until(() => !refused.process.running, 'its end');
    expect((await refused.end()).code).toBe(1);
    expect(refused.process.output).toMatch(/given twice/);
    expect(existsSync(refused.copy)).toBe(false);
    await using merged = both('--delete', 'no');
    await until(() => !merged.process.running, 'its end');
    expect((await merged.end()).code).toBe(0);
    expect(readdirSync(merged.copy).sort()).toEqual(['g', 'in', 'of-second', 'out']);
  });
});

describe('--max-total-processes', () => {
  test('is never exceeded, and a target that hangs holds the others up for --timeout at most', async () => {
    using directory = makeTempDir();
    const port = await freePort();
    mkdirSync(directory.at('remote'));
    await using daemon = await startRsyncDaemon(directory.at('remote'), [], port);
    // Each rsync of ours notes the others that run when it begins.
    const noting = directory.at('rsync');
    writeFileSync(
      noting,
      `#!/bin/bash
case " $* " in *' --version '*) exec rsync "$@" ;; esac
lock='${directory.path}/running-'$$
: > "$lock"
trap 'rm -f "$lock"' EXIT
count=0
# One that was killed has left its file.
for other in '${directory.path}'/running-*; do kill -0 "\${other##*-}" 2> /dev/null && count=$((count + 1)); done
echo $count >> '${directory.at('counts')}'
case " $* " in *127.0.0.1*) [ -e '${directory.at('hang')}' ] && { kill -STOP $$; } ;; esac
rsync "$@"
`,
      { mode: 0o755 },
    );
    const copies = Array.from({ length: 4 }, (_, index) => directory.at(`copy-${index}`));
    await using mirror = new LiveMirror({
      directory,
      before: `${before}; for i in {1..2000}; do echo $i > d$((i % 40))-$i; done`,
      options: [
        ...[
          '--rsync-program',
          noting,
          '--max-total-processes',
          '2',
          '--max-processes',
          '4',
          '--timeout',
          '4',
        ],
        ...[daemon.url(), ...copies].flatMap((target) => ['--target', target]),
      ],
    });
    for (const copy of [mirror.copy, ...copies, directory.at('remote')]) await mirror.untilEqual(copy);
    writeFileSync(directory.at('hang'), '');
    mirror.change('echo 1 > new; rm d1-1');
    for (const copy of [mirror.copy, ...copies]) await mirror.untilEqual(copy);
    await mirror.until(
      () => mirror.logged(/^batch \d+ failed/).some(({ target }) => target === daemon.url()),
      'the failure of the hung target',
    );
    rmSync(directory.at('hang'));
    await mirror.untilEqual(directory.at('remote'));
    const counts = numbersIn(directory.at('counts'));
    expect(Math.max(...counts)).toBe(2);
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
  });
});

test('--max-total-processes counts the programs of commands too', async () => {
  using directory = makeTempDir();
  const counts = directory.at('counts');
  const noting = `mkdir '${directory.path}/running-'$$; ls '${directory.path}' | grep -c ^running- >> '${counts}'; cp -a "$2" "$3"; rmdir '${directory.path}/running-'$$`;
  const commands = ['--shell', '--on-startup', ':', '--on-event', noting];
  mkdirSync(directory.at('other'));
  await using mirror = await LiveMirror.inSync({
    directory,
    options: [
      ...['--max-total-processes', '2', '--max-processes', '4', ...commands],
      ...[directory.at('other'), directory.at('other-copy')],
      ...['--and', '--delay', '0.2', '--max-processes', '4', ...commands],
    ],
  });
  for (const copy of [mirror.copy, directory.at('other-copy')]) mkdirSync(copy);
  mirror.change('for i in {1..20}; do echo $i > $i; done; for i in {1..20}; do echo $i > ../other/$i; done');
  for (const copy of [mirror.copy, directory.at('other-copy')])
    await mirror.until(() => readdirSync(copy).length === 20, `all in ${copy}`);
  expect(Math.max(...numbersIn(counts))).toBe(2);
  expect((await mirror.end()).code).toBe(143);
});

function numbersIn(file: string): readonly number[] {
  return readFileSync(file, 'utf8').trim().split('\n').map(Number);
}

test('mirrors to one host by rsync and moves share an ssh connection', async () => {
  await using sshd = await startSshd();
  using directory = makeTempDir();
  mkdirSync(directory.at('other'), { recursive: true });
  writeFileSync(directory.at('other/f'), 'x');
  const other = [directory.at('other'), sshd.host, directory.at('other-copy')];
  await using mirror = new LiveMirror({
    directory,
    before: 'mkdir d; echo 1 > d/f',
    host: sshd.host,
    options: [...sshd.mirrorOptions, ...other, '--and', '--delay', '0.2', ...sshd.mirrorOptions],
  });
  await untilBothEqual(mirror, 'other', 'other-copy');
  mirror.change('mv d e');
  renameSync(directory.at('other/f'), directory.at('other/g'));
  await untilBothEqual(mirror, 'other', 'other-copy');
  expect(sshd.connections()).toBe(1);
  expect((await mirror.end()).code).toBe(143);
  expect(mirror.process.family()).toEqual([]);
});
