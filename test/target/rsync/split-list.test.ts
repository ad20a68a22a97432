import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parentPath, pathFromText } from '../../../src/model/path-bytes.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import type { ListedEntry } from '../../../src/target/rsync/normalize-list.ts';
import { splitList } from '../../../src/target/rsync/split-list.ts';

function entry(path: string, kind: ListedEntry['kind'] = 'file', bytes = 0): ListedEntry {
  return { path: pathFromText(path), kind, rewrite: true, bytes };
}

test('a short list is one run, an empty list none', () => {
  expect(splitList([], 4)).toEqual([]);
  const short = Array.from({ length: 900 }, (_, i) => entry(`d${i}/f`));
  expect(splitList(short, 4)).toEqual([short]);
});

test('the work is shared evenly, by names and by bytes', () => {
  const list = Array.from({ length: 4000 }, (_, i) => entry(`d${i % 40}/f${i}`));
  expect(splitList(list, 2).map(({ length }) => length)).toEqual([2000, 2000]);
  const heavy = [...list, entry('big/f', 'file', 4000 * 64 * 1024)];
  expect(Math.min(...splitList(heavy, 2).map(({ length }) => length))).toBe(1);
});

test('no run holds a name whose ancestor is listed in another, and every name is in one', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => pathFromText(parts.join('/')));
  fc.assert(
    fc.property(
      fc.uniqueArray(path, { minLength: 20, maxLength: 200 }),
      fc.integer({ min: 2, max: 5 }),
      (paths, maxParts) => {
        const holders = new Set(paths.flatMap(ancestors));
        const listed = paths.map((one) => entry(one, holders.has(one) ? 'directory' : 'file'));
        const filler = Array.from({ length: 2500 }, (_, i) => entry(`z${i % 7}/f${i}`));
        const runOf = new Map<PathBytes, number>();
        const split = splitList([...listed, ...filler], maxParts);
        for (const [run, part] of split.entries()) for (const { path: one } of part) runOf.set(one, run);
        expect(split.flat().length).toBe(listed.length + filler.length);
        expect(runOf.size).toBe(listed.length + filler.length);
        const torn = paths.filter((one) =>
          ancestors(one).some((above) => (runOf.get(above) ?? runOf.get(one)) !== runOf.get(one)),
        );
        expect(torn).toEqual([]);
      },
    ),
    { numRuns: 50 },
  );
});

function ancestors(path: PathBytes): PathBytes[] {
  const parent = parentPath(path);
  return parent === '' ? [] : [parent, ...ancestors(parent)];
}
