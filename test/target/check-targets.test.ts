import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkTargetsApart } from '../../src/target/check-targets.ts';
import { makeTempDir } from '../support/temp-dir.ts';

test.each([
  [['h:a', 'h:a/'], /given twice/],
  [['h::m/a', 'h::m/a'], /given twice/],
  [['/nowhere/a', '/nowhere/b/../a'], /given twice/],
  [['/nowhere/a', 'h:b', '/nowhere/a/b/c'], /^Target \/nowhere\/a\/b\/c lies inside target \/nowhere\/a\.$/],
  [['/nowhere/a/b', '/nowhere/a'], /lies inside/],
  [['', 'h:a'], /is empty/],
])('%j are refused', (targets, message) => {
  expect(() => {
    checkTargetsApart(targets);
  }).toThrow(
    expect.objectContaining({ code: 'TARGET', message: expect.stringMatching(message) as string }) as Error,
  );
});

test('two names of one directory are one target', () => {
  using directory = makeTempDir();
  mkdirSync(directory.at('real'));
  symlinkSync('real', directory.at('link'));
  expect(() => {
    checkTargetsApart([directory.at('real'), directory.at('link')]);
  }).toThrow(/given twice/);
});

test('places beside each other pass, whatever the beginning of their names', () => {
  checkTargetsApart(['/nowhere/a', '/nowhere/ab', 'h:a', 'h:a/b', 'i:a', 'h::a', 'rsync://h/b']);
});
