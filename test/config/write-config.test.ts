import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { resolveConfig } from '../../src/config/resolve-config.ts';
import { writeConfig } from '../../src/config/write-config.ts';
import { placesIn } from '../../src/daemon/config-mirrors.ts';
import { luaHost } from '../support/lua-host.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';

const LUA = `
settings{ maxProcesses = 4, onepass = true, insist = true }
local common = { default.rsync, delay = 3, maxDelays = 7, exclude = { "*.o", "it's", 'a "quoted" \\\\ name' } }
sync{ common, source = 's', target = 't', delete = 'startup', rsync = { archive = true, _extra = { '--stats' }, bwlimit = 9 } }
sync{ common, source = 's', target = 'h:t', init = false, excludeFrom = 'rules', filter = { '+ /a', '- b' } }
sync{ default.rsyncssh, source = 's', host = 'h', targetdir = 'd', ssh = { port = 2, identityFile = 'k', options = { User = 'me' } } }
sync{ default.direct, source = 's', target = 't2', rsync = { times = false } }
`;

async function effective(directory: TempDir, file: string): Promise<unknown> {
  const loaded = await loadConfig(file, directory.path, luaHost(directory.path));
  const { syncs, settings } = resolveConfig(loaded, [], placesIn(loaded.directory, '/home/me'));
  return {
    settings,
    syncs: syncs.map(({ source, targets }) => ({
      source,
      targets: targets.map(({ place, values }) => ({ place, values })),
    })),
  };
}

test.each(['yaml', 'ts'] as const)(
  'a Lua configuration converted to %s comes to the same, wherever that is',
  async (form) => {
    using directory = makeTempDir();
    using elsewhere = makeTempDir();
    writeFileSync(directory.at('c.lua'), LUA);
    const { lsyncd } = await loadConfig('c.lua', directory.path, luaHost(directory.path));
    expect(lsyncd?.notices).toEqual([]);
    expect(lsyncd?.unsaid).toEqual([]);
    writeFileSync(elsewhere.at(`c.${form}`), writeConfig(lsyncd?.convertible, form, 'heading'));
    expect(await effective(elsewhere, `c.${form}`)).toEqual(await effective(directory, 'c.lua'));
  },
);

test.each([
  ['yaml', "# heading\na:\n  - x: it's\n    y: 1\n"],
  [
    'ts',
    `// heading\nimport { defineConfig } from 'syncline';\n\nexport default defineConfig({\n  a: [\n    {\n      x: "it's",\n      y: 1,\n    },\n  ],\n  'b-c': {},\n});\n`,
  ],
] as const)('%s is written as people write it', (form, expected) => {
  const value = { a: [{ x: "it's", y: 1, z: undefined }], ...(form === 'ts' ? { 'b-c': {} } : {}) };
  expect(writeConfig(value, form, 'heading')).toBe(expected);
});
