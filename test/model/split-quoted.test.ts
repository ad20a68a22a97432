import { expect, test } from 'vitest';
import { splitQuoted } from '../../src/model/split-quoted.ts';

test.each<[string, string[]]>([
  ['', []],
  ['   ', []],
  ['-4', ['-4']],
  [' -p  2468\t-4 ', ['-p', '2468', '-4']],
  ['-i "my key" -v', ['-i', 'my key', '-v']],
  ["-i 'my key'", ['-i', 'my key']],
  ['-o "User=a b"c', ['-o', 'User=a bc']],
  ['-i my\\ key', ['-i', 'my key']],
  ['"a \\" b"', ['a " b']],
  ['""', ['']],
  ['"open', ['open']],
  ['a\\', ['a\\']],
])('splits %j', (text, words) => {
  expect(splitQuoted(text)).toEqual(words);
});
