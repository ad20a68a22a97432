import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { FilterRule } from '../../src/filter/filter-rule.ts';
import { FilterRules } from '../../src/filter/filter-rules.ts';
import { rsyncFilter } from '../../src/filter/rsync-filter.ts';
import { addon } from './built-addon.ts';
import { takenNames } from '../support/this-system.ts';

const TREES = Number(process.env.FILTER_TREES ?? 60);
const LISTS_PER_TREE = 5;

interface Entry {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Few letters, so that patterns hit; and every byte that means something to rsync or to a terminal. */
const NAME_PARTS = takenNames([
  'a',
  'b',
  'ab',
  '.o',
  '*',
  '?',
  '[',
  ']',
  '\\',
  '[a]',
  'a\\*',
  ' ',
  '\n',
  '\xff',
  '\xc3\xa9',
  '!',
  '-',
  '#',
]);
const WILD_PARTS = [
  '*',
  '**',
  '***',
  '?',
  '[ab]',
  '[!a]',
  '[^-b]',
  '[[:alpha:]]',
  '[]-a]',
  '[\\]a]',
  '[a-',
  '[[:x:]]',
  '**/',
  '/**',
  '/*',
];

const names = fc
  .array(fc.constantFrom(...NAME_PARTS), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''));
const paths = fc.array(names, { minLength: 1, maxLength: 4 });
const rarely = (one: number): fc.Arbitrary<boolean> => fc.nat(one - 1).map((n) => n === 1);

/** A pattern of any parts, and one made from a path of the tree by putting wildcards in place of some of it. */
function patternFor(tree: readonly (readonly string[])[]): fc.Arbitrary<string> {
  const anyParts = fc
    .array(fc.constantFrom(...NAME_PARTS, ...WILD_PARTS, '/', '/', '\\a'), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join(''));
  const fromTree = fc
    .record({
      path: fc.constantFrom(...tree),
      from: fc.nat(3),
      wild: fc.array(fc.option(fc.constantFrom('*', '**', '?*', '*[!/]', '***', 'a*', '*b*', '[a-z]*')), {
        minLength: 4,
        maxLength: 4,
      }),
      before: fc.constantFrom('', '', '/', '**/', '*/'),
      after: fc.constantFrom('', '', '/', '/***', '/**', '*'),
    })
    .map(({ path, from, wild, before, after }) => {
      const parts = path.slice(Math.min(from, path.length - 1)).map((part, i) => wild[i] ?? part);
      return before + parts.join('/') + after;
    });
  return fc.oneof(anyParts, fromTree, fromTree);
}

function rulesFor(tree: readonly (readonly string[])[]): fc.Arbitrary<FilterRule[]> {
  const rule = fc.record({
    include: fc.boolean(),
    pattern: patternFor(tree),
    side: fc.constantFrom(
      'unsaid' as const,
      'unsaid' as const,
      'both' as const,
      'sender' as const,
      'receiver' as const,
    ),
    absolute: rarely(6),
    negated: rarely(6),
    perishable: rarely(10),
    xattr: rarely(20),
    origin: fc.constant('generated'),
  });
  return fc.array(rule, { minLength: 1, maxLength: 5 });
}

function buildTree(root: string, tree: readonly (readonly string[])[]): Entry[] {
  const made = new Map<string, boolean>();
  for (const parts of tree) {
    for (let depth = 1; depth <= parts.length; depth++) {
      const path = parts.slice(0, depth).join('/');
      if (made.get(path) === false) break;
      if (made.has(path)) continue;
      const isDirectory = depth < parts.length || path.length % 3 === 0;
      const file = Buffer.from(`${root}/${path}`, 'latin1');
      if (isDirectory) mkdirSync(file);
      else writeFileSync(file, '');
      made.set(path, isDirectory);
    }
  }
  return [...made].map(([path, isDirectory]) => ({ path, isDirectory }));
}

async function keptByRsync(root: string, rules: FilterRules): Promise<string[]> {
  const filter = rsyncFilter(rules);
  try {
    const options = { encoding: 'latin1', env: { ...process.env, LC_ALL: 'C' } } as const;
    const run = ['-rn', '--out-format=%n', ...filter.arguments, `${root}/`, `${root}.empty/`];
    const { stdout } = await promisify(execFile)('rsync', run, options);
    return stdout
      .split('\n')
      .filter((line) => line !== '' && line !== './')
      .map((line) =>
        line.replace(/\\#([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
      )
      .sort();
  } finally {
    filter.close();
  }
}

function keptByUs(root: string, entries: readonly Entry[], rules: FilterRules): string[] {
  const filter = rules.compile(Buffer.from(root));
  return entries
    .filter(({ path, isDirectory }) => filter?.excludes(path, isDirectory) !== true)
    .map(({ path, isDirectory }) => (isDirectory ? `${path}/` : path))
    .sort();
}

describe('the matcher keeps what rsync keeps', () => {
  let base = '';
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'syncline-filter-test-'));
  });
  afterAll(() => {
    rmSync(base, { recursive: true, force: true });
  });

  test(
    `on ${TREES} generated trees with ${LISTS_PER_TREE} rule lists each`,
    { timeout: 60_000 + 2_000 * TREES },
    async () => {
      let run = 0;
      let reduced = 0;
      const treesAndLists = fc
        .array(paths, { minLength: 3, maxLength: 25 })
        .chain((tree) =>
          fc.tuple(
            fc.constant(tree),
            fc.array(rulesFor(tree), { minLength: LISTS_PER_TREE, maxLength: LISTS_PER_TREE }),
          ),
        );
      const check = async (tree: string[][], lists: FilterRule[][]): Promise<void> => {
        const root = join(base, `tree${run++}`);
        mkdirSync(root);
        mkdirSync(`${root}.empty`);
        const entries = buildTree(root, tree);
        const checks = lists.map(async (list) => {
          const rules = new FilterRules(list, addon);
          const ours = keptByUs(root, entries, rules);
          expect(ours).toEqual(await keptByRsync(root, rules));
          if (ours.length > 0 && ours.length < entries.length) reduced++;
        });
        await Promise.all(checks);
        rmSync(root, { recursive: true });
        rmSync(`${root}.empty`, { recursive: true });
      };
      await fc.assert(
        fc.asyncProperty(treesAndLists, ([tree, lists]) => check(tree, lists)),
        { numRuns: TREES },
      );
      expect(reduced, 'lists that keep a part of the tree').toBeGreaterThan((TREES * LISTS_PER_TREE) / 10);
    },
  );
});
