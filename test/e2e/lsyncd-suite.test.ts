import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { LSYNCD, LsyncdMirror } from '../support/lsyncd-mirror.ts';
import { projectRoot } from '../support/project-root.ts';
import { startSshd } from '../support/sshd.ts';
import { torture } from '../support/torture.ts';
import { type PathBytes, pathFromText } from '../../src/model/path-bytes.ts';
import { Activity } from '../support/activity/activity.ts';
import { compareTrees } from '../support/compare-trees.ts';

/*
 * What Lsyncd's own test suite covers: random activity over each kind of sync, rules, the log file. Each waits for equal
 * trees, and for the exit status that Lsyncd has after TERM.
 */

vi.setConfig({ testTimeout: 240_000, maxConcurrency: 2 });

/** Runs a seed of random activity against `lsyncd -nodaemon` with these arguments. */
async function churn(
  seed: number,
  args: (source: string, target: string) => readonly string[],
): Promise<void> {
  const report = await torture({
    seed,
    modes: false,
    // Lsyncd's rsync keeps no fifos.
    without: ['changeType'],
    deadlineMs: 90_000,
    mirror: (source, target) => [...LSYNCD, '-nodaemon', ...args(source, target)],
  });
  const told = `seed ${report.seed}; the last it said:\n${report.output.slice(-3000)}`;
  expect(report.differences, told).toEqual([]);
  expect(report.harm, told).toEqual([]);
  expect(report.endedEarly, told).toBe(false);
  expect(report.exit, told).toEqual({ code: 143, signal: null });
  expect(report.survivors, told).toEqual([]);
}

describe('random activity ends in equal trees', () => {
  test.concurrent.each([11, 12])('over -rsync, seed %i', async (seed) => {
    await churn(seed, (source, target) => ['-delay', '1', '-rsync', source, target]);
  });

  test.concurrent.each([11, 12])('over -direct, seed %i', async (seed) => {
    await churn(seed, (source, target) => ['-direct', source, target]);
  });

  test('over -rsyncssh with -sshopts, seed 11', async () => {
    await using sshd = await startSshd();
    const options = ['-p', String(sshd.port), '-i', sshd.identity, ...sshd.sshArguments].join(' ');
    await churn(11, (source, target) => [
      ...['-delay', '1', '-sshopts', options, '-rsyncssh', source, sshd.host, target],
      ...['-log', 'Delay'],
    ]);
  });
});

/** `lsyncd -log all` with a Lua configuration; `config` is the text of its sync but for source and target. */
function configured(config: (place: string) => string): LsyncdMirror {
  return new LsyncdMirror(({ directory, source, copy }) => {
    const place = `source = [[${source}]], target = [[${copy}]]`;
    writeFileSync(directory.at('lsyncd.conf.lua'), `settings{ nodaemon = true }\n${config(place)}`);
    return [directory.at('lsyncd.conf.lua'), '-log', 'all'];
  }, MAKE_FILES);
}

const MAKE_FILES =
  'mkdir -p d/bad; echo 1 > good; echo 1 > d/good; echo 1 > bad; echo 1 > d/bad/x; echo 1 > erf; echo 1 > erd';

describe.each<[string, (place: string) => string, readonly string[]]>([
  [
    'exclude',
    (place) => `sync{ default.rsync, ${place}, delay = 1, exclude = { 'erf', '/erd', 'bad' } }`,
    ['d', 'd/good', 'good'],
  ],
  [
    'filter',
    (place) =>
      `sync{ default.rsync, ${place}, delay = 1, filter = { '- /bad', '+ d/bad', '- bad', '- er*' } }`,
    ['d', 'd/bad', 'd/bad/x', 'd/good', 'good'],
  ],
])('the rules of %s count', (_name, config, kept) => {
  test('at the start, when all is removed, and when it is made anew', async () => {
    await using mirror = configured(config);
    // A directory may vanish while it is read, and a temporary name be there for a while.
    const hasNames = (wanted: readonly string[]) => (): boolean => {
      try {
        return isDeepStrictEqual(
          readdirSync(mirror.copy, { recursive: true, encoding: 'utf8' }).sort(),
          wanted,
        );
      } catch {
        return false;
      }
    };
    await mirror.untilLogged(/Normal: first sync delivered/);
    expect(readdirSync(mirror.copy, { recursive: true }).sort()).toEqual(kept);
    for (const name of readdirSync(mirror.source)) rmSync(`${mirror.source}/${name}`, { recursive: true });
    await mirror.until(hasNames([]), 'an empty copy');
    mirror.change(MAKE_FILES);
    await mirror.until(hasNames(kept), 'the names are back');
    expect(await mirror.process.end('SIGTERM', 30_000)).toEqual({ code: 143, signal: null });
    expect(readdirSync(mirror.copy, { recursive: true }).sort()).toEqual(kept);
  });
});

test('three syncs of command strings take turns at one process, and end equal after random activity', async () => {
  const places = ['copy', 'two', 'three'];
  await using mirror = new LsyncdMirror(({ directory, source }) => {
    for (const name of [...places, 'outside', 'decoy']) mkdirSync(directory.at(name));
    // A directory by itself: what is in it has events of its own.
    const copy = `if [ -d ^sourcePathname -a ! -L ^sourcePathname ]
      then [ -d ^targetPathname -a ! -L ^targetPathname ] || { rm -rf ^targetPathname; mkdir ^targetPathname; }
      elif [ -e ^sourcePathname -o -L ^sourcePathname ]
      then rm -rf ^targetPathname; cp -a ^sourcePathname ^targetPathname
      fi`;
    const syncs = places.map(
      (
        name,
      ) => `sync{ source = [[${source}]], target = [[${directory.at(name)}]], delay = 0, maxProcesses = 1,
        onCreate = [[${copy}]], onModify = [[${copy}]],
        onDelete = 'rm -rf ^targetPathname',
        onMove = 'rm -rf ^d.targetPathname && mv -T ^o.targetPathname ^d.targetPathname' }`,
    );
    writeFileSync(
      directory.at('c.lua'),
      `settings{ nodaemon = true, maxProcesses = 1 }\n${syncs.join('\n')}`,
    );
    return [directory.at('c.lua')];
  });
  await mirror.untilLogged(/watching/);
  const [source, outside, decoy] = ['source', 'outside', 'decoy'].map((name) =>
    pathFromText(mirror.directory.at(name)),
  ) as [PathBytes, PathBytes, PathBytes];
  const activity = new Activity({ seed: 14, source, outside, decoy, without: ['changeType'] });
  try {
    await activity.run(120);
  } finally {
    activity.close();
  }
  const isEqual = (name: string): boolean =>
    compareTrees(source, pathFromText(mirror.directory.at(name)), { modes: false }).every((line) =>
      /: mtime \d+, not \d+$/.test(line),
    );
  await mirror.until(() => places.every(isEqual), 'three equal trees', 120_000);
  expect(await mirror.process.end('SIGTERM', 30_000)).toEqual({ code: 143, signal: null });
});

test('an empty source at the start empties nothing', async () => {
  await using mirror = new LsyncdMirror(
    ({ source, copy }) => ['-delay', '0', '-rsync', source, copy],
    'mkdir ../copy; echo 1 > ../copy/kept',
  );
  await mirror.untilLogged(/Error: held: The source is empty/);
  expect(mirror.copied('kept')).toBe('1\n');
});

test('-logfile with -nodaemon: trees that are copied into the source arrive', async () => {
  await using mirror = new LsyncdMirror(({ directory, source, copy }) => [
    ...['-logfile', directory.at('log'), '-nodaemon', '-delay', '1', '-rsync', source, copy],
  ]);
  await mirror.untilLogged(/Normal: first sync delivered/);
  mkdirSync(`${mirror.source}/one`);
  for (const name of ['src', 'docs'])
    cpSync(`${projectRoot}/${name}`, `${mirror.source}/one/${name}`, { recursive: true });
  cpSync(`${projectRoot}/docs`, `${mirror.source}/two`, { recursive: true });
  const [source, copy] = [pathFromText(mirror.source), pathFromText(mirror.copy)];
  await mirror.until(() => compareTrees(source, copy, { modes: false }).length === 0, 'equal trees');
  expect(await mirror.process.end('SIGTERM', 30_000)).toEqual({ code: 143, signal: null });
  expect(readFileSync(mirror.directory.at('log'), 'utf8')).toMatch(/Normal: SIGTERM/);
});
