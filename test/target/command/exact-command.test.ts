import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { exactCommand } from '../../../src/target/command/exact-command.ts';

const everyByte = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join('');
const hostile = [
  'caf\xe9',
  'caf\xc3\xa9',
  everyByte,
  'trail\n\n',
  '',
  '-n',
  '--',
  '\\0101 \\c \\',
  '$(id)`id`"\'$HOME',
  '%s%d',
  '\xff1',
  'a b\tc',
] as PathBytes[];

/** What a program prints that is given these words and variables, as bytes. */
function output(words: readonly string[], variables: Readonly<Record<string, string>> = {}, shell?: string) {
  const command = exactCommand(words as PathBytes[], variables as Record<string, PathBytes>);
  const program = shell !== undefined && command.program === 'sh' ? shell : command.program;
  const run = spawnSync(program, command.arguments, {
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...command.environment },
  });
  return { status: run.status, stdout: run.stdout.toString('latin1') };
}

test('words and variables that are UTF-8 reach the program without a shell between', () => {
  expect(exactCommand(['a', 'caf\xc3\xa9'] as PathBytes[], { B: 'c' as PathBytes })).toEqual({
    program: 'a',
    arguments: ['café'],
    environment: { B: 'c' },
  });
});

describe.each(['sh', 'bash'])('through %s', (shell) => {
  test('every byte of every argument arrives', () => {
    const { stdout } = output(['printf', '%s\\n|', ...hostile], {}, shell);
    expect(stdout).toBe(hostile.map((word) => `${word}\n|`).join(''));
  });

  test('every byte of a variable arrives, and no variable of the decoder', () => {
    const { stdout } = output(['env'], { SYNCLINE_A: everyByte, SYNCLINE_B: 'x' }, shell);
    expect(stdout).toContain(`SYNCLINE_A=${everyByte}\n`);
    expect(stdout).toContain('SYNCLINE_B=x\n');
    expect(stdout).not.toMatch(/syncline_/);
  });

  test('the exit code is that of the program', () => {
    expect(output(['bash', '-c', 'exit "$1"', 'bash', '37', '\xff'], {}, shell).status).toBe(37);
  });
});
