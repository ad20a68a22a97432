import { describe, expect, test } from 'vitest';
import type { Move } from '../../../src/model/batch.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import type { MovableTree } from '../../../src/target/move/make-moves.ts';
import { makeMoves } from '../../../src/target/move/make-moves.ts';
import { DirectoryTree } from '../../support/directory-tree.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { describeTree, shell } from '../../support/tree.ts';

const move = (from: string, to: string, isDirectory = false): Move => ({
  from: from as PathBytes,
  to: to as PathBytes,
  isDirectory,
});

/** Makes the moves in a real directory made by `before`; the names there afterwards, and the moves not made. */
async function moved(before: string, moves: readonly Move[]): Promise<{ names: string[]; missed: string[] }> {
  using directory = makeTempDir();
  shell(directory.path, `mkdir root; cd root; ${before}`);
  const missed = await makeMoves(new DirectoryTree(directory.at('root')), moves, () => undefined);
  const names = Object.keys(describeTree(directory.path)).filter((name) => !['.', 'root'].includes(name));
  return {
    names: names.map((name) => name.replace(/^root\//, '')).sort(),
    missed: missed.map(({ to }) => to),
  };
}

describe('moves', () => {
  test('are made in their order where they touch the same names', async () => {
    const swap = [move('a', 'x', true), move('b', 'a', true), move('x', 'b', true)];
    expect(await moved('mkdir a b; touch a/1 b/2', swap)).toEqual({
      names: ['a', 'a/2', 'b', 'b/1'],
      missed: [],
    });
    const chain = [move('a', 'b', true), move('b/1', 'b/2'), move('b', 'c/d', true), move('c/d/2', '3')];
    expect(await moved('mkdir a; touch a/1', chain)).toEqual({ names: ['3', 'c', 'c/d'], missed: [] });
  });

  test('make the directories that are missing on the way, a hundred at a time', async () => {
    const many = Array.from({ length: 100 }, (_, index) => move(`${index}`, `p/q/${index}`));
    const { names, missed } = await moved('touch {0..99}', many);
    expect(missed).toEqual([]);
    expect(names.length).toBe(102);
  });

  test('from names that are gone or of another kind are not made, nor what follows from them', async () => {
    const moves = [move('gone', 'a'), move('f', 'b', true), move('d', 'c'), move('a', 'z')];
    expect(await moved('touch f; mkdir d', moves)).toEqual({
      names: ['d', 'f'],
      missed: ['a', 'b', 'c', 'z'],
    });
  });

  test('replace a file by a file and an empty directory by a directory, and nothing else', async () => {
    const moves = [move('f', 'g'), move('d', 'e', true), move('h', 'full', true), move('i', 'full')];
    expect(await moved('touch f g i; mkdir d e h full; touch d/1 full/2', moves)).toEqual({
      names: ['e', 'e/1', 'full', 'full/2', 'g', 'h', 'i'],
      missed: ['full', 'full'],
    });
  });

  test('never go through a symlink, also not one that a move has brought', async () => {
    const before = 'mkdir -p ../out d/e s; touch f g s/x; ln -s ../out link; ln -s ../../out s/e';
    const moves = [
      ...[move('f', 'link/f'), move('link', 'l2'), move('g', 'l2/g')],
      ...[move('g', 'd/e/g'), move('d', 'old', true), move('s', 'd', true), move('d/x', 'd/e/x')],
    ];
    expect(await moved(before, moves)).toEqual({
      names: ['../out', 'd', 'd/e', 'd/x', 'f', 'l2', 'old', 'old/e', 'old/e/g', 's']
        .map((name) => name.replace('../', ''))
        .filter((name) => name !== 's')
        .sort(),
      missed: ['link/f', 'l2/g', 'd/e/x'],
    });
  });
});

test('what breaks is told after all that is under way has ended', async () => {
  let underWay = 0;
  const broken: MovableTree = {
    kindOf: async (path) => {
      underWay++;
      await new Promise(setImmediate);
      underWay--;
      if (path === '3') throw new Error('the way is lost');
      return 'missing';
    },
    makeDirectory: () => Promise.resolve(true),
    rename: () => Promise.resolve(true),
  };
  const moves = Array.from({ length: 10 }, (_, index) => move(`${index}`, `x${index}`));
  await expect(makeMoves(broken, moves, () => undefined)).rejects.toThrow('the way is lost');
  expect(underWay).toBe(0);
});
