import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadAddon } from '../../src/addon/load-addon.ts';
import { takePidFile } from '../../src/daemon/pid-file.ts';
import { makeTempDir } from '../support/temp-dir.ts';

test('a pid file holds our id as a line, and is gone when it is released', () => {
  using directory = makeTempDir();
  const path = directory.at('pid');
  const pidFile = takePidFile(path, loadAddon());
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  pidFile.release();
  pidFile.release();
  expect(existsSync(path)).toBe(false);
});

test('what a process that was killed has left is taken over', () => {
  using directory = makeTempDir();
  const path = directory.at('pid');
  writeFileSync(path, '99999999999\n');
  const pidFile = takePidFile(path, loadAddon());
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  pidFile.release();
});

test('a pid file that another has put in its place is not removed', () => {
  using directory = makeTempDir();
  const path = directory.at('pid');
  const first = takePidFile(path, loadAddon());
  const second = directory.at('other');
  writeFileSync(second, '1\n');
  // As an administrator does who takes the file out of the way.
  renameSync(second, path);
  first.release();
  expect(readFileSync(path, 'utf8')).toBe('1\n');
});

test('one that cannot be written is told of', () => {
  using directory = makeTempDir();
  expect(() => takePidFile(directory.at('none', 'pid'), loadAddon())).toThrow(
    `the pid file ${directory.at('none', 'pid')} cannot be written: ENOENT`,
  );
});

test('a file that holds something else is not taken for a pid file, and stays as it is', () => {
  using directory = makeTempDir();
  const path = directory.at('letter');
  writeFileSync(path, 'Dear all,\n');
  expect(() => takePidFile(path, loadAddon())).toThrow(/holds something else than a process id/);
  expect(readFileSync(path, 'utf8')).toBe('Dear all,\n');
});
