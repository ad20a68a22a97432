import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { readLsyncd } from '../../../src/config/lsyncd/read-lsyncd.ts';
import { luaHost } from '../../support/lua-host.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

/** What Lua text prints; `@` in it is a directory that holds `d/` and `f` of 3 bytes. */
function printed(lua: string): string {
  using directory = makeTempDir();
  mkdirSync(directory.at('d'));
  writeFileSync(directory.at('f'), 'abc');
  let text = '';
  const host = luaHost(directory.path, (said) => (text += said));
  const { problems } = readLsyncd([{ name: 'c.lua', text: lua.replaceAll('@', directory.path) }], host);
  if (problems.length > 0) throw new ConfigError('c.lua', problems);
  return text.replaceAll(directory.path, '@').trimEnd();
}

describe('globals that configurations call while they are loaded', () => {
  test.each([
    ['print(lsyncd_version)', '2.3.1'],
    ['log("Normal", "a", 1, nil, true, { k = { "v" } })', 'Normal: a1niltrue{ k = { 1 = v } }'],
    [
      'local a = now() print(a < a + 1, a <= a, a == a, (a + 2) - a, type(a.seconds), ("x" .. a):sub(1, 1))',
      'true\ttrue\ttrue\t2.0\tnumber\tx',
    ],
    ['local t = readdir("@") print(t.d, t.f, t.none)', 'true\tfalse\tnil'],
    ['print(lsyncd.get_file_size("@/f"), lsyncd.realdir("d"))', '3\t@/d/'],
    ['print(lsyncd.get_free_port() > 1023, lsyncd.kill(require("posix").getpid(), 0))', 'true\ttrue'],
    [
      `local posix = require("posix")
      print(posix.mkdir("n"), posix.mkdir("n"))
      print(posix.link("to", "n/l", true), posix.readlink("n/l"), posix.stat("n/l", "type"), posix.stat("@/f").size)
      print(posix.access("n", "w"), posix.access("none"))
      print(#posix.dir("n"), posix.getcwd(), posix.unlink("n/l"), posix.rmdir("n"), posix.stat("n"))`,
      '0\tnil\tn: File already exists\t17\n0\tto\tlink\t3\n0\tnil\tnone: No such file or directory\t2\n3\t@\t0\t0\tnil\tn: No such file or directory\t2',
    ],
    ['print(table.concat(splitQuotedString([[a "b c" \'d "e\' f""g]]), "|"))', 'a|b c|d "e|fg'],
    [
      'print(substitudeCommands("p ^localport ^none ^localportX", { localport = 1 }), substitudeCommands({ "${x}" }, { x = "y" })[1])',
      'p 1 ^none 1X\ty',
    ],
    [
      'local q = Queue.new() for i = 1, 4 do q:push(i) end q:remove(2) Queue.inject(q, 0) local s = "" for _, v in Queue.qpairs(q) do s = s .. v end for _, v in Queue.qpairsReverse(q) do s = s .. v end print(s, q:size(), q.first, q.last, q[2])',
      '01344310\t4\t0\t3\t3',
    ],
    [
      'local q = Queue.new() for i = 1, 6 do q:push(i) end local s = "" for at, v in q:qpairs() do s = s .. v if v ~= 2 and v ~= 5 then q:remove(at) end end for at, v in q:qpairsReverse() do s = s .. v q:remove(at) end print(s, q:size(), q.first, q.last)',
      '12345652\t0\t1\t0',
    ],
    ['print(dump({ a = { 1 }, b = {} }))', '{ a = { 1 = 1 }, b = {} }'],
    ['print(lsyncd.jiffies_from_seconds(2))', '200'],
    [
      'print(type(default.collect), type(default.rsync.prepare), default.rsyncExitCodes[24], default.maxDelays, default.statusInterval)',
      'function\tfunction\tok\t1000\t10',
    ],
    [
      'print(type(alarm), type(spawn), type(spawnShell), type(terminate), type(observefd), type(tunnel))',
      'function\tfunction\tfunction\tfunction\tfunction\tfunction',
    ],
    [
      'local i = sync{ source = "/s", onCreate = "true" } i.addExclude("x") print(i.getExcludes()[1], i.getConfig().source, i.hasFilters())',
      'x\t/s/\tfalse',
    ],
  ])('%s', (lua, expected) => {
    expect(printed(lua)).toBe(expected);
  });

  test.each([
    ['spawn({}, "true")', 'c.lua:1: spawn: the first value has to be an event or a list of events'],
    ['alarm(1, print)', 'c.lua:1: alarm: the first value has to be a timestamp, as in now() + 5'],
    ['lsyncd.kill(-1, 99)', 'c.lua:1: kill EINVAL'],
    ['log({})', 'c.lua:1: log: the first value has to be a category, as in log("Normal", ...)'],
    ['tunnel{}', 'c.lua:1: tunnel.command: missing'],
    ['tunnel(1)', 'c.lua:1: tunnel: found a number; allowed: tunnel{ KEY = VALUE }'],
    ['tunnel{ comand = "x" }', 'c.lua:1: tunnel.comand: unknown; did you mean command?'],
    ['tunnel{ command = "x", mode = "any" }', "c.lua:1: tunnel.mode: found any; allowed: 'command', 'pool'"],
    ['tunnel{ command = "x", distribution = "lc" }', "tunnel.distribution: found lc; allowed: 'rr'"],
    [
      'sync{ default.rsync, source = "/s", target = "h::m", tunnel = { command = "x" } }',
      'c.lua:1: tunnel: allowed: tunnel{ command = ... }',
    ],
    [
      'sync{ source = "/s", onCreate = "true" }.getEvent()',
      'c.lua:1: inlet.getEvent can be called while the sync runs',
    ],
    ['sync{ source = "/s", onCreate = "true" }.nothing()', 'c.lua:1: an inlet has no function nothing'],
    [
      'sync{ default.rsync, source = "/s", target = "/t", rsync = { _computed = {} } }',
      'c.lua:1: rsync._computed: not to be set',
    ],
  ])('%s is refused', (lua, expected) => {
    expect(() => printed(lua)).toThrow(expected);
  });
});
