import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { resolveConfig } from '../../src/config/resolve-config.ts';
import { findUnwritable } from '../../src/daemon/check-own-files.ts';
import { placesIn } from '../../src/daemon/config-mirrors.ts';
import { luaHost } from '../support/lua-host.ts';
import { makeTempDir } from '../support/temp-dir.ts';

/** What is found of a configuration with these settings, beside a directory `d` and a file `f`; `@` is where they are. */
async function foundIn(settings: string): Promise<readonly string[]> {
  using directory = makeTempDir();
  mkdirSync(directory.at('d'));
  writeFileSync(directory.at('f'), '');
  writeFileSync(directory.at('c.yaml'), `${settings}\nsyncs: [{ source: s, targets: [t] }]\n`);
  const loaded = await loadConfig('c.yaml', directory.path, luaHost(directory.path));
  const before = readdirSync(directory.path);
  const found = findUnwritable(loaded, resolveConfig(loaded, [], placesIn(directory.path, undefined)));
  expect(readdirSync(directory.path)).toEqual(before);
  return new ConfigError('', found).lines.map((line) => line.slice(1).replaceAll(directory.path, '@'));
}

test.each([
  ['log: { file: no/log }', '1:14: log.file: @/no/log cannot be written: the directory @/no does not exist'],
  ['log: { file: d }', '1:14: log.file: @/d cannot be written: it is a directory'],
  ['pidFile: no/pid', '1:10: pidFile: @/no/pid cannot be written: the directory @/no does not exist'],
  ['pidFile: d', '1:10: pidFile: @/d cannot be written: it is a directory'],
  ['statusFile: f/x', '1:13: statusFile: @/f/x cannot be written: a part of the path is not a directory'],
  ['statusFile: d', '1:13: statusFile: @/d cannot be written: it is a directory'],
])('a place that a run cannot write to is told where it is said: %s', async (settings, line) => {
  expect(await foundIn(settings)).toEqual([line]);
});

test('places that can be written to are right, whether a file is there or not', async () => {
  expect(await foundIn('log: { file: d/log }\npidFile: f\nstatusFile: d/status')).toEqual([]);
});

test.skipIf(process.getuid?.() === 0)('a place without permission is told of', async () => {
  using directory = makeTempDir();
  chmodSync(directory.path, 0o500);
  expect(await foundIn(`pidFile: ${directory.at('pid')}`)).toEqual([
    expect.stringContaining('no permission to make a file'),
  ]);
});
