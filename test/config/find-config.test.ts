import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findConfig } from '../../src/config/find-config.ts';
import { makeTempDir } from '../support/temp-dir.ts';

test.each<[string[], string]>([
  [['here/syncline.config.yml'], 'here/syncline.config.yml'],
  [['here/syncline.config.yaml', 'here/syncline.config.json'], 'here/syncline.config.json'],
  [['here/syncline.config.mjs', 'here/syncline.config.ts'], 'here/syncline.config.ts'],
  [['system/syncline.config.ts', 'here/syncline.config.yaml'], 'here/syncline.config.yaml'],
  [['system/syncline.config.json'], 'system/syncline.config.json'],
])('of %j it is %s', (files, found) => {
  using directory = makeTempDir();
  for (const name of ['here', 'system']) mkdirSync(directory.at(name));
  for (const file of files) writeFileSync(directory.at(file), '');
  expect(findConfig(directory.at('here'), directory.at('system'))).toBe(directory.at(found));
});

test('where there is none, the names and both places are told', () => {
  using directory = makeTempDir();
  expect(() => findConfig(directory.path, '/etc/none')).toThrow(
    /neither here nor in \/etc\/none is one of syncline\.config\.ts, .*syncline\.config\.yml$/,
  );
});
