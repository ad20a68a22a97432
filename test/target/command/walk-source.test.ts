import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pathFromText } from '../../../src/model/path-bytes.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { walkSource } from '../../../src/target/command/walk-source.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

async function walked(root: string, directory: string): Promise<string[]> {
  const found: string[] = [];
  const options = { root: pathFromText(root), isHidden: () => false, onProblem: () => undefined };
  for await (const { path } of walkSource(directory as PathBytes, options)) found.push(path);
  return found;
}

test('a walk lists a directory before its content and follows no symlink, wherever it begins', async () => {
  using directory = makeTempDir();
  mkdirSync(directory.at('root/d/e'), { recursive: true });
  mkdirSync(directory.at('outside/in'), { recursive: true });
  writeFileSync(directory.at('root/d/f'), '');
  writeFileSync(directory.at('outside/in/secret'), '');
  symlinkSync(directory.at('outside'), directory.at('root/link'));
  const root = directory.at('root');
  expect(await walked(root, '')).toEqual(['d', 'd/e', 'd/f', 'link']);
  expect(await walked(root, 'd')).toEqual(['d/e', 'd/f']);
  // As after a directory was replaced by a symlink that its event has not told of yet.
  expect(await walked(root, 'link')).toEqual([]);
  expect(await walked(root, 'link/in')).toEqual([]);
});
