import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Move } from '../../../src/model/batch.ts';
import { pathToBuffer } from '../../../src/model/path-bytes.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { madeMove, moveScript } from '../../../src/target/ssh/move-script.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { shell } from '../../support/tree.ts';
import { takenNames } from '../../support/this-system.ts';

const move = (from: string, to: string, isDirectory = false): Move => ({
  from: from as PathBytes,
  to: to as PathBytes,
  isDirectory,
});

/** Runs the script as a host does; the numbers of the moves it says to have made. `tools` is its PATH. */
function run(root: string, moves: readonly Move[], tools = process.env.PATH): number[] {
  const input = Buffer.concat([...moveScript(root, moves)]);
  const output = execFileSync('sh', ['-s'], { input, env: { PATH: tools } }).toString('latin1');
  return output.split('\n').flatMap((line) => madeMove(line, moves.length) ?? []);
}

test('every name is moved as it is, and none is run', () => {
  using directory = makeTempDir();
  const names = takenNames([
    "it's",
    '$(touch owned)',
    '`touch owned`',
    '-rf',
    'new\nline',
    '\xff\xfe',
    '*',
    'a\\b',
    ' ',
    '"',
    '~',
    '#',
  ]);
  for (const name of names) writeFileSync(pathToBuffer(`${directory.path}/${name}x` as PathBytes), '');
  const made = run(
    directory.path,
    names.map((name) => move(`${name}x`, `${name}y`)),
  );
  expect(made).toEqual(names.map((_name, index) => index));
  const left = readdirSync(directory.path, { encoding: 'latin1' });
  expect(left.sort()).toEqual(names.map((name) => `${name}y`).sort());
});

const kinds: readonly (readonly [string, Move, boolean])[] = [
  ['a file to a new name', move('f', 'n'), true],
  ['a file onto a file', move('f', 'g'), true],
  ['a directory to a new name below new directories', move('d', 'n/m/d', true), true],
  ['a directory onto an empty one', move('d', 'empty', true), true],
  ['a directory onto one that is not empty', move('empty', 'd', true), false],
  ['a directory onto a file', move('d', 'f', true), false],
  ['a file onto a directory', move('f', 'empty'), false],
  ['what is gone', move('gone', 'n'), false],
  ['what is no directory as one', move('f', 'n', true), false],
  ['a directory as a file', move('d', 'n'), false],
  ['a link to a directory as one', move('link', 'n', true), false],
  ['a link itself', move('link', 'n'), true],
  ['from below a link', move('link/x', 'n'), false],
  ['to below a link', move('f', 'link/n'), false],
  ['onto a link to a directory', move('d', 'link', true), false],
];

test.each(kinds)('%s', (_what, given, isMade) => {
  using directory = makeTempDir();
  shell(
    directory.path,
    'mkdir -p root/d/e root/empty out; cd root; echo 1 > f; echo 2 > g; echo 3 > ../out/x',
  );
  symlinkSync('../out', directory.at('root', 'link'));
  expect(run(directory.at('root'), [given])).toEqual(isMade ? [0] : []);
  expect(readdirSync(directory.at('out'))).toEqual(['x']);
  expect(lstatSync(directory.at('root', given.from), { throwIfNoEntry: false }) === undefined).toBe(
    isMade || given.from === 'gone',
  );
});

test('an mv without -T never moves into a directory that is there', () => {
  using directory = makeTempDir();
  shell(
    directory.path,
    `mkdir -p root/d root/empty bin; ln -s "$(command -v sh)" "$(command -v mkdir)" bin
     printf '#!/bin/sh\\ncase $1 in --help) echo usage: mv >&2; exit 1 ;; esac\\nexec ${execFileSync('sh', ['-c', 'command -v mv']).toString().trim()} "$@"\\n' > bin/mv; chmod +x bin/mv`,
  );
  const moves = [move('d', 'empty', true), move('d', 'n/d', true)];
  expect(run(directory.at('root'), moves, directory.at('bin'))).toEqual([1]);
  expect(readdirSync(directory.at('root', 'empty'))).toEqual([]);
});

test('a root that is not there keeps every name', () => {
  using directory = makeTempDir();
  expect(run(directory.at('gone'), [move('a', 'b')])).toEqual([]);
});

test('of a script that is cut anywhere only whole moves are made', () => {
  using directory = makeTempDir();
  const whole = Buffer.concat([...moveScript(directory.path, [move("a'b", "c'd")])]).toString('latin1');
  for (let end = whole.indexOf('\n{ ') + 1; end < whole.length; end++) {
    shell(directory.path, `rm -f ./*; touch "a'b"`);
    spawnSync('sh', ['-s'], { input: Buffer.from(whole.slice(0, end), 'latin1'), timeout: 60_000 });
    expect([`a'b`, `c'd`]).toContain(readdirSync(directory.path).join(' '));
  }
});
