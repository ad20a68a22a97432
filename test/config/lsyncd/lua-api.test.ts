import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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
  readLsyncd([{ name: 'c.lua', text: lua.replaceAll('@', directory.path) }], host);
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
    ['print(table.concat(splitQuotedString([[a "b c" \'d "e\' f""g]]), "|"))', 'a|b c|d "e|fg'],
    [
      'print(substitudeCommands("p ^localport ^none", { localport = 1 }), substitudeCommands({ "${x}" }, { x = "y" })[1])',
      'p 1 ^none\ty',
    ],
    [
      'local q = Queue.new() for i = 1, 4 do Queue.push(q, i) end Queue.remove(q, 2) Queue.inject(q, 0) local s = "" for _, v in Queue.qpairs(q) do s = s .. v end for _, v in Queue.qpairsReverse(q) do s = s .. v end print(s, q.size)',
      '01344310\t4',
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
      'local i = sync{ source = "/s", onCreate = "true" } i.addExclude("x") print(i.getExcludes().x, i.getConfig().source, i.hasFilters())',
      'x\t/s\tfalse',
    ],
  ])('%s', (lua, expected) => {
    expect(printed(lua)).toBe(expected);
  });

  test.each([
    ['spawn({}, "true")', 'c.lua:1: spawn: the first value has to be an event or a list of events'],
    ['alarm(1, print)', 'c.lua:1: alarm: the first value has to be a timestamp, as in now() + 5'],
    ['alarm(now(), print)', 'c.lua:1: alarm can be called while a sync runs'],
    ['log("lower")', 'c.lua:1: log: the category has to begin with a capital, as in log("Normal", ...)'],
    ['tunnel{}', 'c.lua:1: tunnel is not supported; a connection can be made'],
    [
      'sync{ source = "/s", onCreate = "true" }.getEvent()',
      'c.lua:1: inlet.getEvent can be called while the sync runs',
    ],
    ['sync{ source = "/s", onCreate = "true" }.nothing()', 'c.lua:1: an inlet has no function nothing'],
    ['default.rsync.action()', 'c.lua:1: calling default.rsync.action is not supported'],
  ])('%s is refused', (lua, expected) => {
    expect(() => printed(lua)).toThrow(expected);
  });
});
