import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkTargetsApart } from '../../src/target/check-targets.ts';
import type { CheckedTarget } from '../../src/target/check-targets.ts';
import { makeTempDir } from '../support/temp-dir.ts';

function ofOneSource(...names: readonly string[]): readonly CheckedTarget[] {
  return names.map((name) => ({ name, source: 0, deletes: true }));
}

test.each([
  [['h:a', 'h:a/'], /given twice/],
  [['h::m/a', 'h::m/a'], /given twice/],
  [['/nowhere/a', '/nowhere/b/../a'], /given twice/],
  [['/nowhere/a', 'h:b', '/nowhere/a/b/c'], /^Target \/nowhere\/a\/b\/c lies inside target \/nowhere\/a\.$/],
  [['/nowhere/a/b', '/nowhere/a'], /lies inside/],
  [['', 'h:a'], /is empty/],
])('%j are refused', (targets, message) => {
  expect(() => {
    checkTargetsApart(ofOneSource(...targets));
  }).toThrow(
    expect.objectContaining({ code: 'TARGET', message: expect.stringMatching(message) as string }) as Error,
  );
});

test('two names of one directory are one target', () => {
  using directory = makeTempDir();
  mkdirSync(directory.at('real'));
  symlinkSync('real', directory.at('link'));
  expect(() => {
    checkTargetsApart(ofOneSource(directory.at('real'), directory.at('link')));
  }).toThrow(/given twice/);
});

test('places beside each other pass, whatever the beginning of their names', () => {
  checkTargetsApart(ofOneSource('/nowhere/a', '/nowhere/ab', 'h:a', 'h:a/b', 'i:a', 'h::a', 'rsync://h/b'));
});

test.each([
  ['1', '1', /^Target h is given twice\.$/],
  ['1', '2', undefined],
  [undefined, '1', undefined],
])('one address by the ways %s and %s', (one, other, message) => {
  const check = (): void => {
    checkTargetsApart(
      [one, other].map((way) => ({
        ...{ name: 'h', address: 'rsync://localhost:1/m', source: 0, deletes: true },
        ...(way === undefined ? {} : { way }),
      })),
    );
  };
  if (message === undefined) check();
  else expect(check).toThrow(message);
});

test.each([
  [{ source: 1, deletes: false }, { source: 2, deletes: false }, true],
  [{ source: 1, deletes: false }, { source: 2, deletes: true }, false],
  [{ source: 1, deletes: true }, { source: 2, deletes: false }, false],
  [{ source: 1, deletes: false }, { source: 1, deletes: false }, false],
])('one target for %j and %j: %s', (one, other, passes) => {
  const check = (): void => {
    checkTargetsApart([
      { name: '/nowhere/a', ...one },
      { name: '/nowhere/a', ...other },
    ]);
  };
  if (passes) check();
  else expect(check).toThrow(/given twice/);
});
