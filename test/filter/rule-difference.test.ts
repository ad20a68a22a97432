import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/addon/load-addon.ts';
import { ruleText } from '../../src/filter/filter-rule.ts';
import { parseRules } from '../../src/filter/parse-rules.ts';
import { ruleDifference } from '../../src/filter/rule-difference.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const rulesOf = (texts: readonly string[]) =>
  parseRules(
    texts.map((value) => ({ kind: 'filter', value })),
    loadAddon(),
  );

const difference = (from: readonly string[], to: readonly string[]) =>
  ruleDifference(rulesOf(from).rules, rulesOf(to).rules);

test.each<[readonly string[], readonly string[], readonly string[]]>([
  [['- *.o'], ['- *.o'], []],
  // Narrower: nothing that was hidden is shown.
  [[], ['- *.o'], []],
  [['+ /keep/', '- *'], ['- *'], []],
  [['- a'], ['- a', '- /b/'], []],
  // Wider in one place.
  [['- /cache/'], [], ['cache']],
  [['- /a/b', '- *.o'], ['- *.o'], ['a/b']],
  [['- *'], ['+ /a/***', '- *'], ['a']],
  [['- /a/*.o'], [], ['a']],
  [['- /a/b/', '- /a/c', '- /a/b/d'], [], ['a/b', 'a/c']],
  [['- /a', '- /a/b'], [], ['a']],
  // Another order counts as wider where the rule is.
  [['- /a/x', '+ /a/*'], ['+ /a/*', '- /a/x'], ['a/x']],
  // Wider anywhere.
  [['- *.o'], [], ['']],
  [['- a/b'], [], ['']],
  [['- /*'], [], ['']],
  [['- /[ab]/c', '- /d'], [], ['']],
  [['-! /a'], [], ['']],
  [['-/ /a'], [], ['']],
  [[], ['+ x'], ['']],
  // What may be deleted counts too.
  [['P /a/'], [], ['a']],
  [['- /a/'], ['-p /a/'], ['a']],
])('from %j to %j may show more in %j', (from, to, shown) => {
  expect(difference(from, to).shown).toEqual(shown);
});

test.each<[readonly string[], readonly string[], readonly string[]]>([
  [['- *.o'], ['- *.o'], []],
  [['- /a/b'], [], []],
  [[], ['- *.o'], ['']],
  [[], ['- /cache/'], ['']],
  [[], ['- /a/b/'], ['a']],
  [[], ['- /a/b/c', '- /a/b/d/e'], ['a/b']],
  [[], ['- /a/*.o'], ['a']],
  [['+ /a/b/***', '- /a/b/*'], ['- /a/b/*'], ['a']],
  [[], ['-s /a/b'], ['a']],
  // Of the receiver alone.
  [[], ['P /a/b'], []],
  [['P /a/b'], [], ['a']],
  [[], ['R /a/b'], ['a']],
  [['-sr /a/b'], ['- /a/b'], ['a']],
])('from %j to %j may leave out more in %j', (from, to, hidden) => {
  expect(difference(from, to).hidden).toEqual(hidden);
});

test('tells the rules that came and went', () => {
  const { removed, added } = difference(['- a', '- b', '- c', '- d'], ['- a', '- x', '- c', '- e', '- d']);
  expect(removed.map(ruleText)).toEqual(['- b']);
  expect(added.map(ruleText)).toEqual(['- x', '- e']);
});

test('long lists that differ in all are no trouble', () => {
  const list = (letter: string) => Array.from({ length: 3_000 }, (_, index) => `- /${letter}${index}`);
  const { removed, added, shown } = difference(list('a'), list('b'));
  expect([removed.length, added.length, shown.length]).toEqual([3_000, 3_000, 3_000]);
});

describe('random lists', () => {
  const seed = 4_711;
  test(`no name outside the places is shown by the new rules alone, or by the old ones (seed ${seed})`, () => {
    const random = new SeededRandom(seed);
    const patterns = [
      '/a',
      '/a/b',
      '/a/',
      'b',
      '*.o',
      '/a/*',
      '/c/**',
      '/a/b/c',
      'a/b',
      '/*',
      '/b/',
      '*',
      '/c/b',
    ];
    const list = () =>
      Array.from(
        { length: random.integer(0, 4) },
        () => `${random.pick(['+', '-', '-'])} ${random.pick(patterns)}`,
      );
    const names = ['a', 'b', 'c', 'x.o'];
    const paths = names.flatMap((one) => [
      one,
      ...names.flatMap((two) => [`${one}/${two}`, ...names.map((three) => `${one}/${two}/${three}`)]),
    ]);
    const seen = { shown: 0, hidden: 0 };
    const missed: unknown[] = [];
    for (let round = 0; round < 400; round++) {
      const [from, to] = [rulesOf(list()), rulesOf(list())];
      const places = ruleDifference(from.rules, to.rules);
      const [before, after] = [from, to].map((rules) => rules.compile(Buffer.from('/root')));
      for (const path of paths)
        for (const isDirectory of [true, false]) {
          const [was, is] = [before, after].map((filter) => filter?.excludes(path, isDirectory) !== true);
          if (was === is) continue;
          const kind = is === true ? 'shown' : 'hidden';
          seen[kind]++;
          // What is left out is found in the directory it is in.
          const isCovered = places[kind].some(
            (place) => place === '' || (kind === 'shown' && path === place) || path.startsWith(`${place}/`),
          );
          if (!isCovered) missed.push({ from: from.ruleTexts(), to: to.ruleTexts(), path, kind });
        }
    }
    expect(missed).toEqual([]);
    expect(Math.min(seen.shown, seen.hidden)).toBeGreaterThan(500);
  });
});
