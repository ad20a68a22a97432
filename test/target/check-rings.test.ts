import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { checkNoRing } from '../../src/target/check-rings.ts';
import { makeTempDir } from '../support/temp-dir.ts';

/** Each word is `source>target`. */
function check(...mirrors: readonly string[]): void {
  checkNoRing(
    mirrors.map((mirror) => {
      const [source = '', ...targets] = mirror.split('>');
      return { source: pathFromText(source), targets: targets.map((name) => ({ name })) };
    }),
  );
}

test.each([
  [['/n/a>/n/b', '/n/b>/n/a']],
  [['/n/a>/n/b', '/n/b>/n/c>h:x', '/n/c>/n/a']],
  [['/n/a>/n/b/in', '/n/b>/n/a']],
  [['/n/a/in>/n/b', '/n/b>/n/a']],
])('%j come back', (mirrors) => {
  expect(() => {
    check(...mirrors);
  }).toThrow(/comes back to it by another mirror/);
});

test('a symlink on the way does not hide a ring', () => {
  using directory = makeTempDir();
  mkdirSync(directory.at('a'));
  symlinkSync('a', directory.at('link'));
  expect(() => {
    check(`${directory.at('a')}>/n/b`, `/n/b>${directory.at('link')}`);
  }).toThrow(`What is mirrored from ${directory.at('a')} comes back to it`);
});

test.each([
  [['/n/a>/n/b', '/n/b>/n/c']],
  [['/n/a>/n/x', '/n/a/in>/n/y', '/n/a>/n/z']],
  [['/n/a>/n/x', '/n/a/in>/n/a/other']],
  [['/n/a>h:/n/b', '/n/b>h:/n/a']],
])('%j do not', (mirrors) => {
  check(...mirrors);
});
