import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pathFromText } from '../../../src/model/path-bytes.ts';
import { lstatIfThere } from '../../../src/target/rsync/lstat-if-there.ts';

const directory = mkdtempSync(join(tmpdir(), 'syncline-lstat-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

test('a name below a file is not there, as one that is missing', () => {
  writeFileSync(join(directory, 'file'), '');
  expect(lstatIfThere(pathFromText(join(directory, 'file')))?.isFile()).toBe(true);
  expect(lstatIfThere(pathFromText(join(directory, 'file/below')))).toBeUndefined();
  expect(lstatIfThere(pathFromText(join(directory, 'missing')))).toBeUndefined();
  expect(lstatIfThere(pathFromText(join(directory, 'n'.repeat(5000))))).toBeUndefined();
});
