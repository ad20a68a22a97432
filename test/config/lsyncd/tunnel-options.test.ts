import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load-config.ts';
import { luaHost } from '../../support/lua-host.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

/** Loads Lua text as a configuration. */
async function load(text: string): Promise<LoadedConfig> {
  using directory = makeTempDir();
  writeFileSync(directory.at('c.lua'), text);
  return await loadConfig('c.lua', directory.path, luaHost(directory.path));
}

describe('tunnel{ }', () => {
  const sync = (tunnel: string, more = 'target = "rsync://localhost:1/m"'): string =>
    `local t = tunnel{ ${tunnel} }\nsync{ default.rsync, source = "/src", ${more}, tunnel = t }`;
  const NAMED = { name: 'Tunnel1', command: ['ssh', '-N', 'a b'] };

  test.each<[about: string, lua: string, tunnel: unknown, target?: string]>([
    ['a list', sync('command = { "ssh", "-N", "a b" }'), NAMED],
    ['a text, of which no shell makes words', sync(`command = 'ssh -N "a b"', mode = 'command'`), NAMED],
    [
      'times and a name',
      sync('command = { "x" }, name = "way", readyDelay = 1, retryDelay = 2, distribution = "rr"'),
      { name: 'way', command: ['x'], readyDelay: 1, retryDelay: 2 },
    ],
    ...['^', '$'].map((sign): [string, string, unknown, string] => {
      const place = (name: string): string => (sign === '^' ? `^${name}` : `\${${name}}`);
      return [
        `a pool with ${place('localport')}`,
        sync(
          `mode = "pool", parallel = 2, localhost = "::1", command = { "ssh", "-L${place('localhost')}:${place('localport')}:h:1" }`,
          `target = "rsync://${place('localhost')}:${place('localport')}/m"`,
        ),
        { name: 'Tunnel1', mode: 'pool', parallel: 2, command: ['ssh', '-L::1:{localport}:h:1'] },
        'rsync://::1:{localport}/m',
      ];
    }),
  ])('%s', async (_about, lua, tunnel, target = 'rsync://localhost:1/m') => {
    const { config, lsyncd } = await load(lua);
    expect(config.syncs).toEqual([expect.objectContaining({ targets: [{ kind: 'rsync', target }], tunnel })]);
    expect(lsyncd?.notices).toEqual([]);
    expect(lsyncd?.convertible).toMatchObject({ syncs: [{ tunnel }] });
  });

  test.each([
    ['default.rsyncssh, host = "localhost", targetdir = "d", ssh = { port = 1 }'],
    ['onCreate = "true"'],
  ])('stands beside %s too', async (preset) => {
    const { config } = await load(`sync{ ${preset}, source = "/src", tunnel = tunnel{ command = "x" } }`);
    expect(config.syncs[0]?.tunnel).toEqual({ name: 'Tunnel1', command: ['x'] });
  });

  test('says what of it has no effect', async () => {
    const { lsyncd, config } = await load(
      `${sync('command = "x", parallel = 3, checkCommand = "y"')}\nsync{ default.direct, source = "/s", target = "/t", tunnel = t }`.replace(
        'local t',
        't',
      ),
    );
    expect(config.syncs.map(({ tunnel }) => tunnel)).toEqual([
      { name: 'Tunnel1', command: ['x'] },
      undefined,
    ]);
    expect(lsyncd?.notices).toEqual([
      'c.lua:1: tunnel.checkCommand has no effect, as in Lsyncd; a tunnel is up when its port accepts connections',
      "c.lua:2: tunnel.parallel has no effect without mode = 'pool'",
      "c.lua:3: tunnel.parallel has no effect without mode = 'pool'",
      'c.lua:3: tunnel has no effect for default.direct, which reaches no host',
    ]);
  });
});
