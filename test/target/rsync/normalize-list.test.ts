import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HINT } from '../../../src/model/event-batch.ts';
import { pathFromText } from '../../../src/model/path-bytes.ts';
import { normalizeList } from '../../../src/target/rsync/normalize-list.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const tree = makeTempDir();
const root = pathFromText(tree.path);

beforeAll(() => {
  mkdirSync(tree.at('d/e'), { recursive: true });
  writeFileSync(tree.at('d/f'), 'x');
  writeFileSync(tree.at('d/e/g'), 'xyz');
  symlinkSync('d', tree.at('link'));
});
afterAll(() => {
  tree[Symbol.dispose]();
});

interface Case {
  readonly name: string;
  readonly entries?: readonly string[];
  readonly subtrees?: readonly string[];
  readonly list: readonly string[];
  readonly kept?: readonly string[];
}

describe('a list', () => {
  test.each<Case>([
    {
      name: 'keeps what is there',
      entries: ['d', 'd/e/g', 'd/f', 'link'],
      list: ['d directory', 'd/e/g file', 'd/f file', 'link other'],
    },
    {
      name: 'names the topmost missing component',
      entries: ['d/x', 'd/x/y', 'd/x/y/z', 'q/r'],
      list: ['d/x missing', 'q missing'],
    },
    {
      name: 'names a file in place of what was below it',
      entries: ['d/f/old', 'd/f/old/er'],
      list: ['d/f file'],
    },
    { name: 'does not lead through a symlink', entries: ['link/f', 'link/new'], list: ['link other'] },
    { name: 'holds no duplicates', entries: ['d/f', 'd/f', 'd/f/x'], list: ['d/f file'] },
    {
      name: 'keeps subtrees that are directories',
      subtrees: ['d/e', 'd/f', 'link', 'gone/x'],
      list: ['d/f file', 'link other', 'gone missing'],
      kept: ['d/e'],
    },
    { name: 'knows the root', entries: [''], list: [' directory'] },
    {
      name: 'takes names that only look special',
      entries: ['#', '*', '-x', ' '],
      list: ['# missing', '* missing', '-x missing', '  missing'],
    },
  ])('$name', async ({ entries = [], subtrees = [], list, kept = [] }) => {
    const normalized = await normalizeList(
      root,
      entries.map((path) => ({ path: pathFromText(path), hints: 0 })),
      subtrees.map(pathFromText),
    );
    expect(normalized.entries.map(({ path, kind }) => `${path} ${kind}`)).toEqual(list);
    expect(normalized.subtrees).toEqual(kept);
    expect(normalized.problems).toEqual([]);
  });

  test('tells new content from new attributes, by the name itself', async () => {
    const entry = (
      path: string,
      hints: number,
    ): { path: ReturnType<typeof pathFromText>; hints: number } => ({ path: pathFromText(path), hints });
    const { entries } = await normalizeList(
      root,
      [
        entry('d/e/g', HINT.attrib | HINT.listed),
        entry('d/f', HINT.attrib),
        entry('d/f/below', HINT.modified),
      ],
      [],
    );
    expect(entries.map(({ path, rewrite, bytes }) => [path, rewrite, bytes])).toEqual([
      ['d/e/g', false, 3],
      ['d/f', false, 1],
    ]);
    const written = await normalizeList(
      root,
      [entry('d/f', HINT.modified), entry('d/f/below', HINT.deleted)],
      [],
    );
    expect(written.entries).toMatchObject([{ path: 'd/f', rewrite: true }]);
  });

  test('sets aside names that rsync could not open', async () => {
    const long = `d/${'x/'.repeat(2100)}y`;
    const { entries, problems } = await normalizeList(root, [{ path: pathFromText(long), hints: 0 }], []);
    expect(entries.map(({ path }) => path)).toEqual(['d/x']);
    expect(problems).toEqual([]);
    const name = 'n'.repeat(4095);
    const tooLong = await normalizeList(root, [{ path: pathFromText(name), hints: 0 }], []);
    expect(tooLong.problems).toMatchObject([
      { path: name, message: expect.stringContaining('longer than rsync') as string },
    ]);
  });

  test('sets aside names in a directory that cannot be searched', async () => {
    mkdirSync(tree.at('closed'));
    chmodSync(tree.at('closed'), 0);
    chmodSync(tree.at(''), 0o755);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      const { problems } = await normalizeList(root, [{ path: pathFromText('closed/x'), hints: 0 }], []);
      expect(problems).toEqual([{ path: 'closed/x', message: 'lstat: Permission denied' }]);
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(tree.at('closed'), 0o755);
    }
  });
});
