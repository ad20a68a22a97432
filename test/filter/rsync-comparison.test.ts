import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { NativeAddon } from '../../src/addon/addon.ts';
import type { FilterRule } from '../../src/filter/filter-rule.ts';
import { FilterRules } from '../../src/filter/filter-rules.ts';
import { rsyncFilter } from '../../src/filter/rsync-filter.ts';

const addon = createRequire(import.meta.url)('../../build/Release/syncline.node') as NativeAddon;

interface Entry {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Few letters, so that patterns hit; and every byte that means something to rsync or to a terminal. */
const NAME_PARTS = [
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
  '/',
];
const PATTERN_PARTS = [
  ...NAME_PARTS,
  '*',
  '**',
  '***',
  '?',
  '/',
  '/',
  '[ab]',
  '[!a]',
  '[^-b]',
  '[[:alpha:]]',
  '[]-a]',
  '[\\]a]',
  '\\a',
  '[a-',
  '[b',
  '**/',
  '/**',
  '/*',
];

const nameArbitrary = fc
  .array(fc.constantFrom(...NAME_PARTS.filter((part) => part !== '/')), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''));
const pathArbitrary = fc.array(nameArbitrary, { minLength: 1, maxLength: 4 });
const treeArbitrary = fc.array(pathArbitrary, { minLength: 3, maxLength: 25 });

const ruleArbitrary: fc.Arbitrary<FilterRule> = fc.record({
  include: fc.boolean(),
  pattern: fc
    .array(fc.constantFrom(...PATTERN_PARTS), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('')),
  side: fc.oneof(
    { weight: 6, arbitrary: fc.constant('both' as const) },
    fc.constantFrom('sender' as const, 'receiver' as const),
  ),
  absolute: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  negated: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  perishable: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  xattr: fc.oneof({ weight: 19, arbitrary: fc.constant(false) }, fc.constant(true)),
  origin: fc.constant('generated'),
});

function buildTree(root: string, paths: readonly (readonly string[])[]): Entry[] {
  const made = new Map<string, boolean>();
  for (const parts of paths) {
    const usable = parts.filter((part) => part !== '.' && part !== '..');
    for (let depth = 1; depth <= usable.length; depth++) {
      const path = usable.slice(0, depth).join('/');
      if (made.get(path) === false) break;
      if (made.has(path)) continue;
      const isDirectory = depth < usable.length || path.length % 3 === 0;
      const file = Buffer.from(`${root}/${path}`, 'latin1');
      if (isDirectory) mkdirSync(file);
      else writeFileSync(file, '');
      made.set(path, isDirectory);
    }
  }
  return [...made].map(([path, isDirectory]) => ({ path, isDirectory }));
}

function keptByRsync(root: string, rules: FilterRules): string[] {
  const filter = rsyncFilter(rules);
  try {
    const output = execFileSync(
      'rsync',
      ['-rn', '--out-format=%n', ...filter.arguments, `${root}/`, `${root}.empty/`],
      {
        encoding: 'latin1',
        env: { ...process.env, LC_ALL: 'C' },
      },
    );
    return output
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
    base = mkdtempSync(join(tmpdir(), 'filter-test-'));
  });
  afterAll(() => {
    rmSync(base, { recursive: true, force: true });
  });

  test('on generated trees and rule lists', { timeout: 120_000 }, () => {
    let run = 0;
    fc.assert(
      fc.property(
        treeArbitrary,
        fc.array(fc.array(ruleArbitrary, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 4 }),
        (tree, lists) => {
          const root = join(base, `tree${run++}`);
          mkdirSync(root);
          mkdirSync(`${root}.empty`);
          const entries = buildTree(root, tree);
          for (const list of lists) {
            const rules = new FilterRules(list, addon);
            expect(keptByUs(root, entries, rules)).toEqual(keptByRsync(root, rules));
          }
          rmSync(root, { recursive: true });
          rmSync(`${root}.empty`, { recursive: true });
        },
      ),
      { numRuns: Number(process.env['FILTER_RUNS'] ?? 100) },
    );
  });
});
