import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HINT } from '../../src/model/event-batch.ts';
import { delivered } from '../support/driven-target.ts';
import { makeRsyncMirror } from '../support/rsync-mirror.ts';
import type { MirrorOptions } from '../support/rsync-mirror.ts';
import { brokenReceiver } from '../support/broken-rsync.ts';
import { describeTree, shell } from '../support/tree.ts';
import { takesAnyBytes } from '../support/this-system.ts';

describe('deletions', () => {
  test.each([
    { deletes: 'yes', afterStartup: [], afterLive: [] },
    { deletes: 'no', afterStartup: ['extra'], afterLive: ['extra', 'gone'] },
    { deletes: 'startup', afterStartup: [], afterLive: ['gone'] },
    { deletes: 'running', afterStartup: ['extra'], afterLive: ['extra'] },
  ] as const)(
    '$deletes: the first compare leaves $afterStartup, a batch leaves $afterLive',
    async (expected) => {
      await using mirror = makeRsyncMirror({ deletes: expected.deletes });
      shell(mirror.directory.path, 'mkdir copy; touch copy/extra source/gone source/kept');
      await mirror.prepare();
      delivered(await mirror.compareAll());
      expect(readdirSync(mirror.copy)).toEqual([...expected.afterStartup, 'gone', 'kept']);
      shell(mirror.source, 'rm gone; echo 1 > new');
      delivered(await mirror.deliver({ entries: ['gone', 'new'] }));
      expect(readdirSync(mirror.copy)).toEqual([...expected.afterLive, 'kept', 'new']);
    },
  );

  test('switched off keep a directory that a file should replace, and name it', async () => {
    await using mirror = makeRsyncMirror({ deletes: 'no' });
    shell(mirror.source, 'mkdir x; touch x/f');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.source, 'rm -r x; touch x y');
    expect(delivered(await mirror.deliver({ entries: ['x', 'y'] })).problems).toEqual([
      'x: make way for regular file: Directory not empty',
    ]);
    expect(readdirSync(mirror.copy)).toEqual(['x', 'y']);
    expect(readdirSync(`${mirror.copy}/x`)).toEqual(['f']);
  });

  test('of what is gone on the target too run nothing', async () => {
    await using mirror = makeRsyncMirror();
    shell(mirror.source, 'mkdir d; touch -d @1700000000 d .');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    const runs = mirror.commands().length;
    delivered(await mirror.deliver({ entries: ['d/a', 'd/b', 'e/f'] }));
    expect(mirror.commands().length).toBe(runs);
  });
});

describe.each<{ receiver: string; options: () => MirrorOptions }>([
  { receiver: 'any receiver', options: () => ({}) },
  {
    receiver: 'a receiver without missing names in lists',
    options: () => ({ rsyncProgram: brokenReceiver() }),
  },
])('filter rules, with $receiver', ({ options }) => {
  test('keep what they exclude on the target, in compares and in batches', async () => {
    await using mirror = makeRsyncMirror({
      ...options(),
      filterArguments: ['--exclude=*.tmp', '--filter=- /cache/'],
    });
    shell(
      mirror.directory.path,
      'mkdir -p copy/d copy/cache; touch copy/d/mine.tmp copy/cache/x copy/extra source/a.tmp',
    );
    shell(mirror.source, 'mkdir -p d e cache; touch d/f e/f cache/y');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    expect(Object.keys(describeTree(mirror.copy)).sort()).toEqual([
      '.',
      'cache',
      'cache/x',
      'd',
      'd/f',
      'd/mine.tmp',
      'e',
      'e/f',
    ]);
    shell(mirror.source, 'rm -r d e');
    delivered(await mirror.deliver({ entries: ['d', 'e', 'a.tmp'] }));
    expect(Object.keys(describeTree(mirror.copy)).sort()).toEqual([
      '.',
      'cache',
      'cache/x',
      'd',
      'd/mine.tmp',
    ]);
  });
});

describe('attributes', () => {
  test('can be left out one by one', async () => {
    await using mirror = makeRsyncMirror({ attributes: { perms: false, links: false, times: false } });
    shell(mirror.source, 'echo 1 > f; chmod 600 f; touch -d @1000000000 f; ln -s f l');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    expect(readdirSync(mirror.copy)).toEqual(['f']);
    expect(lstatSync(`${mirror.copy}/f`).mtimeMs).not.toBe(1_000_000_000_000);
  });

  test('hard links stay hard links when asked for', async () => {
    await using mirror = makeRsyncMirror({ attributes: { hardLinks: true } });
    shell(mirror.source, 'echo 1 > a; ln a b');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.source, 'echo 22 > a; ln a c');
    delivered(await mirror.deliver({ entries: ['a', ['b', HINT.attrib], 'c'] }));
    const inodes = ['a', 'b', 'c'].map((name) => lstatSync(`${mirror.copy}/${name}`).ino);
    expect(new Set(inodes).size).toBe(1);
  });
});

describe('a local target', () => {
  test('that was removed comes back whole with the next batch', async () => {
    await using mirror = makeRsyncMirror();
    shell(mirror.source, 'mkdir d; echo 1 > d/f; echo 2 > g');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.directory.path, 'rm -r copy; echo 3 > source/h');
    delivered(await mirror.deliver({ entries: ['h'] }));
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test('below missing parents is made only with mkpath', async () => {
    await using without = makeRsyncMirror({ targetFor: (copy) => `${copy}/x/y`, mkpath: false });
    await expect(without.prepare()).rejects.toMatchObject({
      code: 'TARGET',
      remedy: 'Make the parent directory, or use --mkpath (mkpath in a configuration).',
    });
    await using mirror = makeRsyncMirror({ targetFor: (copy) => `${copy}/x/y`, mkpath: true });
    shell(mirror.source, 'echo 1 > f');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    expect(readdirSync(`${mirror.copy}/x/y`)).toEqual(['f']);
  });

  test.each([
    { place: 'source', why: 'is the source' },
    { place: 'source/below', why: 'lies inside' },
    { place: '.', why: 'holds the source' },
    { place: 'link/below', why: 'lies inside' },
    { place: 'file', why: 'is not a directory' },
  ])('at $place is refused before anything is touched', async ({ place, why }) => {
    await using mirror = makeRsyncMirror({ targetFor: (copy) => copy.replace(/copy$/, place) });
    shell(mirror.directory.path, 'ln -s source link; touch file');
    await expect(mirror.prepare()).rejects.toMatchObject({
      code: 'TARGET',
      message: expect.stringContaining(why) as string,
    });
    expect(readdirSync(mirror.source)).toEqual([]);
  });
});

describe('the first sync', () => {
  test.runIf(takesAnyBytes)('reports its progress and every name', async () => {
    await using mirror = makeRsyncMirror();
    shell(mirror.source, String.raw`for i in {1..50}; do echo $i > f$i; done; touch $'new\nline\xff'`);
    await mirror.prepare();
    delivered(await mirror.compareAll());
    expect(mirror.events.filter(({ kind }) => kind === 'progress').at(-1)).toMatchObject({
      entriesDone: 52,
      entriesTotal: 52,
    });
    expect(mirror.events).toContainEqual({
      kind: 'updated',
      path: 'new\nline\xff',
      change: '>f+++++++++',
      bytes: expect.any(Number) as number,
    });
    expect(mirror.events.filter(({ kind }) => kind === 'updated').length).toBe(52);
  });

  test('as a dry run says what it would do and does nothing', async () => {
    await using mirror = makeRsyncMirror({ dryRun: true });
    shell(mirror.source, 'echo 1 > f');
    await mirror.prepare();
    expect(await mirror.compareAll()).toMatchObject({ kind: 'delivered', counts: { updated: 2 } });
    expect(existsSync(mirror.copy)).toBe(false);
  });

  test('finds a change within the second that size does not show', async () => {
    await using mirror = makeRsyncMirror();
    shell(mirror.source, 'echo 1 > f; touch -d @1700000000.25 f');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.source, 'echo 2 > f; touch -d @1700000000.75 f');
    delivered(await mirror.compareAll());
    expect(readFileSync(`${mirror.copy}/f`, 'utf8')).toBe('2\n');
  });
});

test('several processes share a large batch and leave the same tree', async () => {
  await using mirror = makeRsyncMirror({ maxProcesses: 3 });
  shell(mirror.source, 'for d in {1..20}; do mkdir -p p/d$d/e; touch p/d$d/old; done; touch p/gone');
  await mirror.prepare();
  delivered(await mirror.compareAll());
  shell(
    mirror.source,
    'rm p/gone p/d*/old; for d in {1..20}; do for f in {1..100}; do echo $f > p/d$d/f$f; done; rmdir p/d$d/e; done',
  );
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  const entries = numbers(20).flatMap((d) => [
    `p/d${d}/old`,
    `p/d${d}/e`,
    ...numbers(100).map((f) => `p/d${d}/f${f}`),
  ]);
  const runs = mirror.commands().length;
  expect(await mirror.deliver({ entries: ['p/gone', ...entries] })).toMatchObject({
    kind: 'delivered',
    counts: { updated: 2000, deleted: 41 },
    problems: [],
  });
  // Some rsyncs of 2026 need one more for the deletions, by rules, and before the others.
  const words = mirror.commands().slice(runs);
  const lists = words.filter((run) => run.includes('--files-from=-'));
  const rules = words.filter((run) => run.includes('--include-from=-'));
  expect([lists.length, words.slice(0, -3)]).toEqual([3, rules.slice(0, 1)]);
  expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
});
