import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openLogFile } from '../../src/daemon/log-file.ts';
import { makeTempDir } from '../support/temp-dir.ts';

test('a log file that is renamed is made anew with the next line', () => {
  using directory = makeTempDir();
  const file = openLogFile(directory.at('log'));
  file.write('one\n');
  renameSync(directory.at('log'), directory.at('log.1'));
  file.write('two\n');
  expect(readFileSync(directory.at('log.1'), 'utf8')).toBe('one\n');
  expect(readFileSync(directory.at('log'), 'utf8')).toBe('two\n');
});

test('what is there already is kept', () => {
  using directory = makeTempDir();
  openLogFile(directory.at('log')).write('one\n');
  openLogFile(directory.at('log')).write('two\n');
  expect(readFileSync(directory.at('log'), 'utf8')).toBe('one\ntwo\n');
});

test('a log file that cannot be written is told of at once', () => {
  using directory = makeTempDir();
  mkdirSync(directory.at('log'));
  expect(() => openLogFile(directory.at('log'))).toThrow(
    `the log file ${directory.at('log')} cannot be written: EISDIR`,
  );
});

test('a directory that vanishes later ends nothing: its lines go where lost ones go', () => {
  using directory = makeTempDir();
  mkdirSync(directory.at('logs'));
  const lost: string[] = [];
  const file = openLogFile(directory.at('logs', 'log'), { write: (text) => lost.push(text) });
  rmSync(directory.at('logs'), { recursive: true });
  file.write('one\n');
  mkdirSync(directory.at('logs'));
  file.write('two\n');
  expect(lost).toEqual(['one\n']);
  expect(readFileSync(directory.at('logs', 'log'), 'utf8')).toBe('two\n');
});
