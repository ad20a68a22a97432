import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/addon/load-addon.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { asFarAsRight, loadConfig } from '../../src/config/load-config.ts';
import { resolveConfig } from '../../src/config/resolve-config.ts';
import { findUnready, findWrong } from '../../src/daemon/check-config.ts';
import { placesIn } from '../../src/daemon/config-mirrors.ts';
import { luaHost } from '../support/lua-host.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';

/** Everything that is found in a YAML configuration of this text, without the name of the file; `@` is its directory. */
async function foundIn(directory: TempDir, text: string): Promise<readonly string[]> {
  mkdirSync(directory.at('s'), { recursive: true });
  writeFileSync(directory.at('c.yaml'), text);
  const read = await asFarAsRight(loadConfig('c.yaml', directory.path, luaHost(directory.path)));
  const config = resolveConfig(read.loaded, [], placesIn(directory.path, undefined));
  const parts = { ...read, config, addon: loadAddon(), environment: process.env };
  const problems = [...findWrong(parts), ...(await findUnready(parts, new AbortController().signal))];
  return new ConfigError('', problems).lines.map((line) => line.slice(1).replaceAll(directory.path, '@'));
}

describe('arguments of rsync that are refused in a configuration', () => {
  test('are told all at once, each at its place and with the key that does its work', async () => {
    using directory = makeTempDir();
    const extra = '[-R, -z, -avzn, --delete-after, --max-delete=3, -y, --files-from=x]';
    const found = await foundIn(
      directory,
      `syncs: [{ source: s, targets: [t], rsync: { extra: ${extra} } }]\n`,
    );
    const message = (argument: string): string => `The rsync option ${argument} cannot be used for a mirror`;
    expect(found.map((line) => line.replace(/^\d+:\d+: syncs\[0\]\./, ''))).toEqual([
      `rsync.extra[0]: ${message('-R')}`,
      `rsync.extra[2]: ${message('-avzn')}; use --dry-run of this program (dryRun in a configuration)`,
      `rsync.extra[3]: ${message('--delete-after')}; deletions are chosen by --delete (delete in a configuration)`,
      `rsync.extra[4]: ${message('--max-delete=3')}; use --max-delete of this program (maxDelete in a configuration)`,
      `rsync.extra[5]: ${message('-y')}; use --fuzzy of this program (rsync.fuzzy in a configuration)`,
      `rsync.extra[6]: ${message('--files-from=x')}`,
    ]);
  });
});

test.each([
  ['targets: [no/t]', /make the parent directory, or use --mkpath \(mkpath in a configuration\)$/],
  ['targets: [{ kind: direct, target: "h:/d" }]', /give a local directory, or mirror to it by rsync$/],
  ['targets: [t], excludeFrom: missing', /missing.*name a readable file$/],
])('a remedy calls an option by its name in a configuration too: %s', async (text, message) => {
  using directory = makeTempDir();
  const found = await foundIn(directory, `syncs: [{ source: s, ${text} }]\n`);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(message);
});

describe('whatever is wrong is told at once', () => {
  test('wrong keys and values, and what is wrong in all that is right by itself', async () => {
    using directory = makeTempDir();
    const found = await foundIn(
      directory,
      `log: { levle: debug }
defaults: { maxProcesses: many, exclude: ["a", "[b"] }
syncs:
  - { source: s, delay: soon, targets: [no/t, { kind: rsynk, target: t2 }, { kind: direct, target: "h:/d" }] }
  - source: none
    hooks: { afterBatch: /no/such/program, beforeBatch: 3 }
    rsync: { extra: [-R], bwlimit: fast }
    targets: [{ kind: action, onCreate: "/bin/x ^d.path", onDelete: "", onMove: "x" }]
  - { targets: [t3] }
`,
    );
    expect(found.map((line) => line.replace(/(?:;|: found| cannot) .*/, ''))).toEqual([
      '1:8: log.levle: unknown key',
      '2:27: defaults.maxProcesses',
      '2:48: defaults.exclude[1]: [b: a class that begins with [ is not closed',
      '4:25: syncs[0].delay',
      '4:41: syncs[0].targets[0]: Target @/no/t: its parent @/no does not exist',
      '4:55: syncs[0].targets[1].kind',
      '4:76: syncs[0].targets[2]: Target h:/d is not on this machine',
      '5:13: syncs[1].source: @/none: no such directory',
      '6:26: syncs[1].hooks.afterBatch: the hook /no/such/program',
      '6:57: syncs[1].hooks.beforeBatch',
      '7:22: syncs[1].rsync.extra[0]: The rsync option -R',
      '7:36: syncs[1].rsync.bwlimit',
      '8:41: syncs[1].targets[0].onCreate: ^d.path is for onMove alone',
      '8:69: syncs[1].targets[0].onDelete',
      '9:5: syncs[2].source: missing',
    ]);
  });

  test('but nothing that may come of another fault alone', async () => {
    using directory = makeTempDir();
    const found = await foundIn(
      directory,
      `syncs:
  - source: s
    targets: [{ kind: action, onCraete: "/bin/x" }, { kind: direct, target: t }]
    delete: fals
  - { source: s, targets: [t] }
`,
    );
    expect(found.map((line) => line.replace(/; .*/, ''))).toEqual([
      '3:31: syncs[0].targets[0].onCraete: unknown key',
      '4:13: syncs[0].delete: found "fals"',
    ]);
  });

  test('in Lua too, and a Lua error hides nothing that was said before it', async () => {
    using directory = makeTempDir();
    writeFileSync(
      directory.at('c.lua'),
      `settings{ statusIntervall = 1 }
sync{ default.rsync, source = "s", target = "t", exlude = "x", exclude = "[b" }
sync{ default.direct, source = "s", target = "t", delay = -1, rsync = { compres = true } }
`,
    );
    const host = luaHost(directory.path);
    const read = await asFarAsRight(loadConfig('c.lua', directory.path, host));
    const config = resolveConfig(read.loaded, [], placesIn(directory.path, undefined));
    const problems = findWrong({ ...read, config, addon: loadAddon(), environment: process.env });
    const { lines } = new ConfigError('', problems);
    expect(lines.map((line) => line.slice(1).replace(/; .*/, ''))).toEqual([
      '1: settings.statusIntervall: unknown',
      '2: exlude: unknown',
      '2: syncs[0].exclude[0]: [b: a class that begins with [ is not closed',
      '3: rsync.compres: unknown',
      '3: syncs[1].delay: found -1',
      '3: syncs[1].maxDelay: found -1',
    ]);
    writeFileSync(directory.at('d.lua'), 'settings{ a = 1 }\nsettings{ b = 1 }\nerror("mine")\n');
    await expect(loadConfig('d.lua', directory.path, host)).rejects.toThrow(
      /d\.lua has 3 problems:\n {2}d\.lua:1: settings\.a: unknown.*\n {2}d\.lua:2: settings\.b: unknown.*\n {2}d\.lua:3: mine/,
    );
  });
});
