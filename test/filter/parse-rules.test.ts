import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { parseRules, type FilterOption } from '../../src/filter/parse-rules.ts';
import { SynclineError } from '../../src/model/syncline-error.ts';
import { addon } from './built-addon.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'syncline-parse-test-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function ruleFile(name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, Buffer.from(content, 'latin1'));
  return file;
}

/** `--exclude=*.o` as an option. */
function option(argument: string): FilterOption {
  const [, kind, value] = /^--([a-z-]+)=([^]*)$/.exec(argument) ?? [];
  return { kind: kind as FilterOption['kind'], value: value ?? '' };
}

function checkRules(options: readonly string[], expected: readonly string[]): void {
  expect(parseRules(options.map(option), addon).ruleTexts()).toEqual(expected);
}

function checkRefused(options: readonly string[], message: string): void {
  let error: unknown;
  try {
    parseRules(options.map(option), addon);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(SynclineError);
  const refusal = error as SynclineError;
  expect(refusal.code).toBe('FILTER');
  expect(refusal.message.replaceAll(`${directory}/`, '')).toBe(message);
  expect(refusal.message).not.toContain('\n');
  expect(refusal.remedy).toMatch(/./);
}

describe('options become rules in their order', () => {
  test.each<[string, string[], string[]]>([
    ['excludes and includes', ['--include=*.c', '--exclude=*'], ['+ *.c', '- *']],
    ['the old prefixes', ['--exclude=+ a', '--include=- b', '--exclude=-c'], ['+ a', '- b', '- -c']],
    ['a lone ! clears', ['--exclude=a', '--include=!', '--exclude=b'], ['- b']],
    [
      'short rules',
      ['--filter=- a', '--filter=+ b', '--filter=-_c', '--filter=-,/! d/e'],
      ['- a', '+ b', '- c', '-/! d/e'],
    ],
    [
      'long rules',
      ['--filter=exclude a', '--filter=include,! b', '--filter=exclude_c'],
      ['- a', '+! b', '- c'],
    ],
    ['further spaces belong to the pattern', ['--filter=-  a_b '], ['-  a_b ']],
    [
      'sides',
      ['--filter=H a', '--filter=show b', '--filter=P,p c', '--filter=risk d'],
      ['-s a', '+s b', '-rp c', '+r d'],
    ],
    [
      'both sides at once stay said',
      ['--filter=-sr a', '--filter=+rs b', '--filter=- c'],
      ['-sr a', '+sr b', '- c'],
    ],
    ['extended attributes', ['--filter=-x user.*'], ['-x user.*']],
    ['clear', ['--filter=- a', '--filter=clear', '--filter=- b', '--filter=!'], []],
    ['UTF-8 as bytes', ['--exclude=é'], ['- \xc3\xa9']],
  ])('%s', (_, options, expected) => {
    checkRules(options, expected);
  });
});

describe('files of rules', () => {
  test('--exclude-from holds one pattern a line, comments, prefixes and ! as rsync reads them', () => {
    const file = ruleFile('excludes', '# a\n; b\n\n*.o\r\n+ keep\n- #c\n d \n');
    checkRules([`--exclude-from=${file}`], ['- *.o', '+ keep', '- #c', '-  d ']);
    checkRules([`--include-from=${file}`], ['+ *.o', '+ keep', '- #c', '+  d ']);
    checkRules(['--exclude=a', `--exclude-from=${ruleFile('clearing', '!\nb')}`], ['- b']);
  });

  test('a pattern in a file is bytes', () => {
    checkRules([`--exclude-from=${ruleFile('bytes', '\xff*\n')}`], ['- \xff*']);
  });

  test('relative names of files count from the directory that is given, in merged files too', () => {
    ruleFile('relative', 'merge further\n- a');
    ruleFile('further', '- b');
    const given = (value: string): FilterOption => ({ kind: 'filter', value, origin: 'here[0]', directory });
    expect(parseRules([given('merge relative')], addon).ruleTexts()).toEqual(['- b', '- a']);
    expect(() => parseRules([given('merge none')], addon)).toThrow(
      /^here\[0\]: cannot read the rules in none: ENOENT/,
    );
  });

  test('merge puts the rules of a file in its place, with its modifiers', () => {
    const inner = ruleFile('inner', '- a\nH b\n');
    const outer = ruleFile('outer', `+ first\n. ${inner}\n- last\n`);
    checkRules([`--filter=merge ${outer}`], ['+ first', '- a', '-s b', '- last']);
    const bare = ruleFile('bare', '- a\n#x\nb\n');
    checkRules([`--filter=.- ${bare}`], ['- - a', '- b']);
    checkRules([`--filter=merge,+s/p ${bare}`], ['+/sp - a', '+/sp b']);
    checkRules([`--filter=.e ${ruleFile('self', '- a\n')}`], ['- self', '- a']);
  });
});

describe('what is refused, before anything is touched', () => {
  test.each<[string, string]>([
    ['--exclude=', '--exclude=: the pattern is empty'],
    ['--exclude=- ', '--exclude=- : the pattern is empty'],
    ['--exclude=a[b', '--exclude=a[b: a class that begins with [ is not closed'],
    ['--exclude=[[:alfa:]]', '--exclude=[[:alfa:]]: a class such as [[:alpha:]] has an unknown name'],
    ['--filter=P *\\', '--filter=P *\\\\: a backslash at the end escapes nothing'],
    ['--filter=a b', '--filter=a b: unknown filter rule'],
    ['--filter=excludes b', '--filter=excludes b: unknown filter rule'],
    ['--filter=constructor b', '--filter=constructor b: unknown filter rule'],
    ['--filter=', '--filter=: unknown filter rule'],
    ['--filter= - b', '--filter= - b: unknown filter rule'],
    ['--filter=-q b', '--filter=-q b: the modifier "q" is not known here'],
    ['--filter=exclude,b', '--filter=exclude,b: the modifier "b" is not known here'],
    ['--filter=Hs b', '--filter=Hs b: the modifier "s" is not known here'],
    ['--filter=-', '--filter=-: the pattern is empty'],
    ['--filter=!x', '--filter=!x: "!" clears the list and takes nothing behind it'],
    ['--filter=-C', '--filter=-C: the rules of CVS (modifier C) are not supported'],
    [
      '--filter=: .rules',
      '--filter=: .rules: rules in the directories themselves (dir-merge) are not supported',
    ],
    [
      '--filter=dir-merge .rules',
      '--filter=dir-merge .rules: rules in the directories themselves (dir-merge) are not supported',
    ],
    ['--filter=.w f', '--filter=.w f: the modifier w of a merge rule is not supported'],
    ['--filter=.-+ f', '--filter=.-+ f: the modifier "+" is not known here'],
    ['--filter=. -', '--filter=. -: rules cannot be read from standard input'],
    ['--filter=merge', '--filter=merge: the merge rule names no file'],
    ['--exclude-from=-', '--exclude-from=-: a file is needed'],
    ['--exclude=\ufffd', '--exclude=\ufffd: an argument that is not UTF-8 cannot be taken exactly'],
    ['--exclude=a\n[', '--exclude=a\\n[: a class that begins with [ is not closed'],
    [`--exclude=${'a'.repeat(4096)}`, `--exclude=${'a'.repeat(4096)}: the pattern is longer than 4095 bytes`],
  ])('%j', (argument, message) => {
    checkRefused([argument], message);
  });

  test('a rule in a file is named with its line', () => {
    checkRefused(
      [`--exclude-from=${ruleFile('broken', '# x\na\r\n[b\n')}`],
      'broken:3: [b: a class that begins with [ is not closed',
    );
    checkRefused(
      [`--filter=. ${ruleFile('nul', '- a\0b\n')}`],
      'nul:1: - a\\x00b: a pattern cannot hold a NUL byte',
    );
    checkRefused(
      [`--filter=.s ${ruleFile('sides', 'H a\n')}`],
      'sides:1: H a: both the merge rule and this rule name a side',
    );
  });

  test('a file that cannot be read is named with the rule that names it', () => {
    checkRefused(
      [`--filter=. ${join(directory, 'missing')}`],
      `--filter=. missing: cannot read the rules in missing: ENOENT`,
    );
    const outer = ruleFile('outer2', `- a\n. ${join(directory, 'gone')}\n`);
    checkRefused([`--filter=. ${outer}`], 'outer2:2: cannot read the rules in gone: ENOENT');
  });

  test('files that merge each other', () => {
    const file = ruleFile('loop', `. ${join(directory, 'loop')}\n`);
    checkRefused([`--filter=. ${file}`], 'loop:1: loop merges itself');
  });

  test('a pattern without wildcards may hold a bracket-free backslash at its end', () => {
    checkRules(['--exclude=a\\'], ['- a\\']);
  });
});

describe('the rules for the matcher', () => {
  test('leave out what has no say in what is sent', () => {
    const rules = parseRules(
      ['--filter=P a', '--filter=-x b', '--filter=H /c/', '--filter=-/ d/e'].map(option),
      addon,
    );
    expect(rules.nativeRules(Buffer.from('/home/me'))).toEqual([
      { include: false, pattern: 'c', anchored: true, directoryOnly: true, negated: false },
      {
        include: false,
        pattern: 'd/e',
        anchored: false,
        directoryOnly: false,
        negated: false,
        prefix: 'home/me',
      },
    ]);
    expect(rules.compile(Buffer.from('/home/me'))?.excludes('c/x', false)).toBe(true);
  });

  test('are no matcher at all when nothing can be excluded', () => {
    const rules = parseRules(['--filter=P a', '--include=b'].map(option), addon);
    expect(rules.compile(Buffer.from('/'))).toBeUndefined();
    expect(rules.isEmpty).toBe(false);
  });

  test('are shown with where they come from', () => {
    const file = ruleFile('shown', '\n\xff\n');
    const rules = parseRules([`--filter=H a`, `--exclude-from=${file}`].map(option), addon);
    expect(rules.describe()).toEqual(['-s a  (--filter=H a)', `- \\xff  (${file}:2)`]);
  });
});
