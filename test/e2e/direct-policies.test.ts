import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HINT } from '../../src/model/event-batch.ts';
import type { Failed, Outcome } from '../../src/model/outcome.ts';
import { makeDirectMirror } from '../support/direct-mirror.ts';
import { checkReplacedSource } from '../support/check-mirror.ts';
import { delivered } from '../support/driven-target.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { describeTree, shell } from '../support/tree.ts';
import { isRoot } from '../support/unprivileged.ts';
import { takesAnyBytes } from '../support/this-system.ts';

const CLEAN = { problems: [], recheck: [] };

function failed(outcome: Outcome): Failed {
  if (outcome.kind !== 'failed') throw new Error(`delivered: ${JSON.stringify(outcome)}`);
  return outcome;
}

const inodeOf = (path: string): number => lstatSync(path).ino;

describe('moves', () => {
  test('of a directory keep its files as they are, and what was pending below it is delivered', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'mkdir -p a/b; echo 1 > a/b/f; echo 2 > a/b/g; mkdir to');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    const inode = inodeOf(`${mirror.copy}/a/b/f`);
    shell(mirror.source, 'mv a to/c; echo 22 > to/c/b/g');
    const outcome = await mirror.deliver({
      moves: [['a', 'to/c', true]],
      entries: [['a', HINT.deleted | HINT.isDirectory], ['to/c', HINT.isDirectory], 'to/c/b/g'],
      subtrees: ['a'],
    });
    expect(outcome).toMatchObject({ ...CLEAN, counts: { bytes: 3 } });
    expect(inodeOf(`${mirror.copy}/to/c/b/f`)).toBe(inode);
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test('that swap two names through a third end right', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'mkdir a b; echo 1 > a/1; echo 2 > b/2');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.source, 'mv a t; mv b a; mv t b');
    const outcome = await mirror.deliver({
      moves: [
        ['a', 't', true],
        ['b', 'a', true],
        ['t', 'b', true],
      ],
      entries: [
        ['a', HINT.isDirectory],
        ['b', HINT.isDirectory],
        ['t', HINT.deleted],
      ],
    });
    expect(outcome).toMatchObject({ ...CLEAN, counts: { bytes: 0 } });
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test('whose origin the target never had are repaired: a directory is compared, a file is copied', async () => {
    await using mirror = makeDirectMirror();
    await mirror.prepare();
    // The target has another file of the same size and time in the place.
    shell(mirror.source, 'mkdir d; echo 1 > d/f; echo 2 > new; touch -d @1000000000 new');
    shell(mirror.directory.path, 'mkdir copy; echo x > copy/new; touch -d @1000000000 copy/new');
    const outcome = await mirror.deliver({
      moves: [
        ['x', 'd', true],
        ['old', 'new', false],
      ],
      entries: [
        ['d', HINT.isDirectory],
        ['new', 0],
      ],
    });
    expect(outcome).toMatchObject({ ...CLEAN, counts: { moved: 0 } });
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test('are left out where nothing may be deleted', async () => {
    await using mirror = makeDirectMirror({ deletes: 'no' });
    shell(mirror.source, 'mkdir a; echo 1 > a/f');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.source, 'mv a b');
    expect(mirror.target.capabilities.moves).toBe(false);
    delivered(await mirror.deliver({ moves: [['a', 'b', true]], entries: [['b', HINT.isDirectory]] }));
    expect(readdirSync(mirror.copy)).toEqual(['a', 'b']);
    expect(readdirSync(`${mirror.copy}/b`)).toEqual(['f']);
  });
});

describe('deletions', () => {
  test.each([
    ['yes', [], []],
    ['no', ['d', 'stale'], ['d', 'stale']],
    ['startup', [], ['d']],
    ['running', ['d', 'stale'], ['stale']],
  ] as const)(
    'with --delete %s leave %j after the first sync, and keep %j in the end',
    async (deletes, first, last) => {
      await using mirror = makeDirectMirror({ deletes });
      shell(mirror.directory.path, 'mkdir -p copy/d source/keep; touch copy/stale');
      await mirror.prepare();
      delivered(await mirror.compareAll());
      expect(readdirSync(mirror.copy)).toEqual([...first, 'keep'].sort());
      shell(mirror.directory.path, 'mkdir -p copy/d');
      delivered(await mirror.deliver({ entries: [['d', HINT.deleted]] }));
      expect(readdirSync(mirror.copy)).toEqual([...last, 'keep'].sort());
    },
  );

  test('that are off do not empty a directory to make way for a file', async () => {
    await using mirror = makeDirectMirror({ deletes: 'no' });
    shell(mirror.directory.path, 'mkdir -p copy/full copy/empty; touch copy/full/x source/full source/empty');
    await mirror.prepare();
    expect(delivered(await mirror.compareAll()).problems).toEqual([
      'full: make way for it: Directory not empty',
    ]);
    expect(lstatSync(`${mirror.copy}/empty`).isFile()).toBe(true);
    expect(existsSync(`${mirror.copy}/full/x`)).toBe(true);
    expect(readdirSync(mirror.copy)).toEqual(['empty', 'full']);
  });
});

describe('the delete guard', () => {
  const before = 'mkdir -p d/e; for i in {1..8}; do echo $i > d/e/$i; done; echo top > top';

  test('holds what an empty source would delete, names how many, and goes on when it is back', async () => {
    await using mirror = makeDirectMirror({ allowEmptySource: false });
    shell(mirror.source, before);
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.source, 'rm -r *');
    const kept = readdirSync(`${mirror.copy}/d/e`);
    expect(await mirror.deliver({ entries: [['d', HINT.deleted]] })).toMatchObject({
      kind: 'delivered',
      counts: { deleted: 0 },
      held: { count: 10, isBrief: true, paths: ['d'] },
    });
    expect(await mirror.compareAll()).toMatchObject({ held: { count: 11, paths: [''] } });
    expect(readdirSync(`${mirror.copy}/d/e`)).toEqual(kept);
    shell(mirror.source, 'echo new > new');
    expect(await mirror.compareAll()).toMatchObject({ counts: { deleted: 11, updated: 1 } });
    expect(readdirSync(mirror.copy)).toEqual(['new']);
  });

  test.each([
    ['names', { unit: 'names', max: 3 }, 3, 4],
    ['percent', { unit: 'percent', max: 30 }, 3, 6],
  ] as const)('holds a batch of too many deletions, counted in %s', async (_unit, maxDelete, few, many) => {
    await using mirror = makeDirectMirror({ maxDelete });
    shell(mirror.source, before);
    await mirror.prepare();
    delivered(await mirror.compareAll());
    const remove = (from: number, count: number): string[] => {
      const names = Array.from({ length: count }, (_, index) => `d/e/${from + index}`);
      shell(mirror.source, `rm ${names.join(' ')}; echo changed > top`);
      return names;
    };
    const entries = (names: string[]) => ['top', ...names.map((name) => [name, HINT.deleted] as const)];
    const first = await mirror.deliver({ entries: entries(remove(1, few)) });
    expect(first).toMatchObject({ counts: { deleted: few, updated: 1 } });
    expect(first).not.toHaveProperty('held');
    shell(mirror.source, `for i in {1..8}; do echo $i > d/e/$i; done`);
    delivered(await mirror.compareAll());
    const names = remove(1, many);
    expect(await mirror.deliver({ entries: entries(names) })).toMatchObject({
      counts: { deleted: 0, updated: 1 },
      held: { count: many, isBrief: false, paths: names },
    });
    expect(readFileSync(`${mirror.copy}/top`, 'utf8')).toBe('changed\n');
    expect(readdirSync(`${mirror.copy}/d/e`)).toHaveLength(8);
  });
});

test('a dry run names what would be done, and does not even make the target', async () => {
  await using mirror = makeDirectMirror({ dryRun: true });
  shell(mirror.source, 'mkdir d; echo 1 > d/f; ln -s f l');
  await mirror.prepare();
  expect(mirror.target.capabilities.moves).toBe(false);
  expect(await mirror.compareAll()).toMatchObject({ ...CLEAN, counts: { updated: 3, bytes: 2 } });
  expect(existsSync(mirror.copy)).toBe(false);
  expect(mirror.events).toContainEqual({ kind: 'updated', path: 'd/f', bytes: 2, change: '>f+++++++++' });
  shell(mirror.directory.path, 'mkdir copy; echo x > copy/extra');
  expect(await mirror.compareAll()).toMatchObject({ counts: { updated: 3, deleted: 1 } });
  expect(readdirSync(mirror.copy)).toEqual(['extra']);
});

test('a subtree to compare by content has what differs behind equal size and time copied, and nothing else', async () => {
  await using mirror = makeDirectMirror();
  shell(
    mirror.source,
    'mkdir -p a b; for n in a/f b/f b/g; do echo old > $n; done; touch -d @1000000000 */*',
  );
  await mirror.prepare();
  delivered(await mirror.compareAll());
  const inode = inodeOf(`${mirror.copy}/b/g`);
  shell(mirror.source, 'for n in a/f b/f; do echo new > $n; done; touch -d @1000000000 */f');
  expect(await mirror.deliver({ subtrees: ['a'], contentSubtrees: ['b'] })).toMatchObject({
    ...CLEAN,
    counts: { updated: 1, bytes: 4 },
  });
  expect(readFileSync(`${mirror.copy}/a/f`, 'utf8')).toBe('old\n');
  expect(readFileSync(`${mirror.copy}/b/f`, 'utf8')).toBe('new\n');
  expect(inodeOf(`${mirror.copy}/b/g`)).toBe(inode);
});

describe('filter rules', () => {
  test('keep what they exclude on the target, in compares and in batches', async () => {
    await using mirror = makeDirectMirror({ filters: ['- *.tmp', '- /cache/'] });
    shell(
      mirror.directory.path,
      'mkdir -p copy/d copy/cache; touch copy/d/mine.tmp copy/cache/x copy/extra source/a.tmp',
    );
    shell(mirror.source, 'mkdir -p d e cache; touch d/f e/f cache/y');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    const first = ['.', 'cache', 'cache/x', 'd', 'd/f', 'd/mine.tmp', 'e', 'e/f'];
    expect(Object.keys(describeTree(mirror.copy)).sort()).toEqual(first);
    shell(mirror.source, 'rm -r d e');
    delivered(await mirror.deliver({ entries: ['a.tmp', 'cache/y', 'd', 'e'] }));
    const last = ['.', 'cache', 'cache/x', 'd', 'd/mine.tmp'];
    expect(Object.keys(describeTree(mirror.copy)).sort()).toEqual(last);
  });

  test.each([
    ['- *.x', 'kept'],
    ['H *.x', 'deleted'],
    ['P *.x', 'kept'],
    ['-p *.x', 'deleted with its directory'],
  ])('%s: a name on the target alone is %s, as with rsync', async (rule) => {
    await using mirror = makeDirectMirror({ filters: [rule] });
    const script = 'mkdir -p copy/d copy/gone; touch copy/a.x copy/gone/b.x copy/c';
    shell(mirror.directory.path, `${script}; mkdir -p source/d; touch source/d/s.x; cp -a copy by-rsync`);
    await mirror.prepare();
    delivered(await mirror.compareAll());
    execFileSync(
      'rsync',
      ['-a', '--delete', `--filter=${rule}`, `${mirror.source}/`, `${mirror.directory.at('by-rsync')}/`],
      { stdio: 'ignore' },
    );
    const names = (root: string): string[] => Object.keys(describeTree(root)).sort();
    expect(names(mirror.copy)).toEqual(names(mirror.directory.at('by-rsync')));
  });

  test('that judge by path have a moved directory compared, so that nothing kept goes with it', async () => {
    await using mirror = makeDirectMirror({ filters: ['- /a/cache/'] });
    shell(mirror.source, 'mkdir a; echo 1 > a/f');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.directory.path, 'mkdir copy/a/cache; touch copy/a/cache/mine; mv source/a source/b');
    const outcome = await mirror.deliver({
      moves: [['a', 'b', true]],
      entries: [
        ['a', HINT.deleted],
        ['b', HINT.isDirectory],
      ],
    });
    expect(outcome).toMatchObject({ ...CLEAN, counts: { moved: 0 } });
    expect(existsSync(`${mirror.copy}/a/cache/mine`)).toBe(true);
    expect(existsSync(`${mirror.copy}/b/f`)).toBe(true);
  });
});

describe('attributes', () => {
  test('can be left out one by one', async () => {
    await using mirror = makeDirectMirror({ attributes: { perms: false, links: false, times: false } });
    shell(mirror.source, 'echo 1 > f; chmod 640 f; touch -d @1000000000 f; ln -s f l');
    shell(mirror.directory.path, 'mkdir copy; echo old > copy/f; chmod 604 copy/f');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    expect(readdirSync(mirror.copy)).toEqual(['f']);
    expect(readFileSync(`${mirror.copy}/f`, 'utf8')).toBe('1\n');
    expect(lstatSync(`${mirror.copy}/f`).mode & 0o777).toBe(0o604);
    expect(lstatSync(`${mirror.copy}/f`).mtimeMs).not.toBe(1_000_000_000_000);
  });

  test.runIf(isRoot)('devices and owners are kept by root', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'mknod null c 1 3; echo 1 > f; chown 5:6 f; chmod 4755 f');
    await mirror.prepare();
    expect(delivered(await mirror.compareAll())).toEqual(CLEAN);
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
    expect(lstatSync(`${mirror.copy}/null`).rdev).toBe(lstatSync(`${mirror.source}/null`).rdev);
  });

  test('of a file with a second name change without the other name being written', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'echo 1 > f');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    linkSync(`${mirror.copy}/f`, mirror.directory.at('second'));
    shell(mirror.source, 'echo 22 > f');
    delivered(await mirror.deliver({ entries: ['f'] }));
    expect(readFileSync(mirror.directory.at('second'), 'utf8')).toBe('1\n');
  });
});

describe('the roots', () => {
  test('a source that was replaced is not mirrored, and goes on when it is back', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'mkdir d; echo 1 > d/f');
    await mirror.prepare();
    await checkReplacedSource(mirror);
  });

  test('a target that was removed comes back whole with the next batch', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'mkdir d; echo 1 > d/f; echo 2 > g');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.directory.path, 'rm -r copy; echo 3 > source/h');
    delivered(await mirror.deliver({ entries: ['h'] }));
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test('a target that was emptied comes back whole with the next batch', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'mkdir d; echo 1 > d/f; echo 2 > g');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    shell(mirror.directory.path, 'rm -r copy/*; echo 3 > source/h');
    delivered(await mirror.deliver({ entries: ['h'] }));
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test('a target below missing parents is made only with mkpath', async () => {
    await using without = makeDirectMirror({ targetFor: (copy) => `${copy}/x/y` });
    await expect(without.prepare()).rejects.toMatchObject({ code: 'TARGET' });
    await using mirror = makeDirectMirror({ targetFor: (copy) => `${copy}/x/y`, mkpath: true });
    shell(mirror.source, 'echo 1 > f');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    expect(readdirSync(`${mirror.copy}/x/y`)).toEqual(['f']);
  });

  test('a full target is a state, and goes on when there is room', async (context) => {
    await using mirror = makeDirectMirror();
    mkdirSync(mirror.copy);
    using disk = mountSmallDisk(mirror.copy, 512 * 1024);
    if (!disk) return context.skip('mounting needs root');
    await mirror.prepare();
    shell(mirror.source, 'head -c 1000000 /dev/urandom > big');
    expect(failed(await mirror.compareAll())).toMatchObject({
      scope: 'target',
      message: expect.stringContaining('No space left') as string,
    });
    expect(readdirSync(mirror.copy)).toEqual([]);
    shell(mirror.source, 'echo small > big');
    delivered(await mirror.compareAll());
    execFileSync('mount', ['-o', 'remount,ro', mirror.copy]);
    shell(mirror.source, 'echo other > big');
    expect(failed(await mirror.deliver({ entries: ['big'] }))).toMatchObject({ scope: 'target' });
    disk.unmount();
    expect(failed(await mirror.compareAll())).toMatchObject({ scope: 'target' });
    expect(readdirSync(mirror.copy)).toEqual([]);
  });
});

describe('a delivery', () => {
  test('that is aborted is a failure of the batch, and leaves nothing half done', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'for i in {1..50}; do head -c 4000000 /dev/zero > f$i; done');
    await mirror.prepare();
    const abort = new AbortController();
    const outcome = mirror.deliver({ subtrees: [''], reason: 'startup', signal: abort.signal });
    abort.abort();
    expect(failed(await outcome)).toMatchObject({ scope: 'batch' });
    for (const name of readdirSync(mirror.copy))
      expect(lstatSync(`${mirror.copy}/${name}`).size).toBe(4_000_000);
    delivered(await mirror.compareAll());
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test('that is closed ends, and later ones are refused', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'for i in {1..50}; do head -c 4000000 /dev/zero > f$i; done');
    await mirror.prepare();
    const outcome = mirror.compareAll();
    await mirror.target.close();
    expect(failed(await outcome)).toMatchObject({ scope: 'batch' });
    expect(failed(await mirror.compareAll())).toMatchObject({ scope: 'batch' });
  });

  test('of a file that never stands still delivers it and names it', async () => {
    await using mirror = makeDirectMirror();
    writeFileSync(`${mirror.source}/log`, Buffer.alloc(8_000_000, 'x'));
    await mirror.prepare();
    const writing = setInterval(() => {
      writeFileSync(`${mirror.source}/log`, 'more\n', { flag: 'a' });
    }, 0);
    let named: readonly string[] = [];
    for (let tries = 0; named.length === 0 && tries < 200; tries++)
      named = delivered(await mirror.deliver({ entries: ['log'] })).recheck;
    clearInterval(writing);
    expect(named).toEqual(['log']);
    expect(existsSync(`${mirror.copy}/log`)).toBe(true);
    delivered(await mirror.deliver({ entries: ['log'] }));
    expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  });

  test.runIf(takesAnyBytes)('tells its progress, with every name', async () => {
    await using mirror = makeDirectMirror();
    shell(mirror.source, String.raw`for i in {1..50}; do echo $i > f$i; done; touch $'new\nline\xff'`);
    await mirror.prepare();
    delivered(await mirror.compareAll());
    expect(mirror.events.filter(({ kind }) => kind === 'progress').at(-1)).toMatchObject({
      entriesDone: 51,
      entriesTotal: 51,
    });
    expect(mirror.events).toContainEqual({ kind: 'updated', path: 'new\nline\xff', bytes: 0 });
  });

  test('over a path that rsync could not name reaches it', async () => {
    await using mirror = makeDirectMirror();
    await mirror.prepare();
    const deep = 'n=$(printf "x%.0s" {1..250}); for i in {1..17}; do mkdir $n; cd $n; done; echo 1 > f';
    shell(mirror.source, deep);
    expect(delivered(await mirror.compareAll())).toEqual(CLEAN);
    shell(mirror.copy, 'n=$(printf "x%.0s" {1..250}); for i in {1..17}; do cd $n; done; test -s f');
    shell(mirror.source, 'rm -r x*');
    expect(delivered(await mirror.compareAll())).toEqual(CLEAN);
    expect(readdirSync(mirror.copy)).toEqual([]);
  });

  test('is told what cannot be read, and keeps what the target has of it', async (context) => {
    if (isRoot) return context.skip('nothing is unreadable to root; see direct-live.test.ts');
    await using mirror = makeDirectMirror();
    shell(mirror.source, 'mkdir closed; echo 1 > closed/f; echo 2 > secret');
    await mirror.prepare();
    delivered(await mirror.compareAll());
    chmodSync(`${mirror.source}/closed`, 0);
    chmodSync(`${mirror.source}/secret`, 0);
    shell(mirror.source, 'touch secret');
    expect(delivered(await mirror.compareAll()).problems).toEqual([
      'closed: opendir: Permission denied',
      'secret: open: Permission denied',
    ]);
    expect(readdirSync(`${mirror.copy}/closed`)).toEqual(['f']);
  });
});
