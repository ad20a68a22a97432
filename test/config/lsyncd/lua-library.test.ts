import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LuaFailure } from '../../../src/config/lsyncd/lua-failure.ts';
import { createLua } from '../../../src/config/lsyncd/lua-library.ts';
import type { LuaValue } from '../../../src/config/lsyncd/lua-value.ts';
import { luaHost } from '../../support/lua-host.ts';
import { processTable } from '../../support/process-table.ts';
import { until } from '../../support/processes.ts';
import { makeTempDir, type TempDir } from '../../support/temp-dir.ts';

interface Ran {
  readonly values: readonly LuaValue[];
  readonly printed: string;
}

/** Runs Lua text; `@` in it is the directory. */
function run(directory: TempDir, text: string, limitMs?: number): Ran {
  let printed = '';
  const host = luaHost(directory.path, (said) => (printed += said));
  const state = createLua(host, () => undefined);
  const values = state.call(state.load(text.replaceAll('@', directory.path), 'x.lua'), [], limitMs);
  return { values, printed };
}

function failureOf(directory: TempDir, text: string, limitMs?: number): string {
  try {
    run(directory, text, limitMs);
  } catch (error) {
    if (error instanceof LuaFailure) return error.line.replaceAll(directory.path, '@');
    throw error;
  }
  return 'nothing';
}

describe('reading files', () => {
  test.each<[lua: string, ...expected: LuaValue[]]>([
    ['return io.open("@/f"):read()', 'one'],
    ['return io.open("@/f"):read("*L")', 'one\n'],
    ['return io.open("@/f", "rb"):read("a")', 'one\n22 x\n\nlast\xff'],
    ['return io.open("@/f"):read(2, 3, "l")', 'on', 'e\n2', '2 x'],
    [
      'local f = io.open("@/f") f:read() return f:read("n", "l", "l", "l", "l")',
      22,
      ' x',
      '',
      'last\xff',
      undefined,
    ],
    [
      'local t = {} for line in io.lines("@/f") do t[#t + 1] = line end return table.concat(t, "|")',
      'one|22 x||last\xff',
    ],
    ['local n = 0 for _ in io.open("@/f"):lines() do n = n + 1 end return n', 4],
    ['local f = io.open("@/f") f:seek("set", 4) return f:read(2), f:seek()', '22', 6],
    ['local f = io.open("@/f") f:close() return io.type(f), io.type(1)', 'closed file', undefined],
    ['return io.open("@/none")', undefined, '@/none: No such file or directory', 2],
    ['return select(2, pcall(io.lines, "@/none"))', '@/none: No such file or directory'],
    ['return pcall(io.open, "@/f", "q")', false, "bad argument #2 to 'open' (invalid mode)"],
    ['io.input("@/f") return io.read("n")', undefined],
  ])('%s', (lua, ...expected) => {
    using directory = makeTempDir();
    writeFileSync(directory.at('f'), Buffer.from('one\n22 x\n\nlast\xff', 'latin1'));
    expect(
      run(directory, lua).values.map((value) =>
        typeof value === 'string' ? value.replaceAll(directory.path, '@') : value,
      ),
    ).toEqual(expected);
  });
});

describe('writing files', () => {
  test.each([
    ['w', 'new\xfe1'],
    ['a', 'old\nnew\xfe1'],
    ['r+', 'new\xfe1'],
  ])('mode %s', (mode, expected) => {
    using directory = makeTempDir();
    writeFileSync(directory.at('f'), 'old\n');
    run(directory, `local f = assert(io.open("@/f", "${mode}")) f:write("new", "\\xfe", 1):close()`);
    expect(readFileSync(directory.at('f'), 'latin1')).toBe(expected);
  });

  test('a file for reading cannot be written, and the other way round', () => {
    using directory = makeTempDir();
    writeFileSync(directory.at('f'), '');
    const { values } = run(directory, 'return (io.open("@/f"):write("x")), (io.open("@/f", "w"):read())');
    expect(values).toEqual([undefined, undefined]);
  });

  test('a name of any bytes is that name', () => {
    using directory = makeTempDir();
    run(directory, 'io.open("@/\\xff\\n", "w"):write("x"):close() os.rename("@/\\xff\\n", "@/\\xfe")');
    expect(execFileSync('ls', ['-b', directory.path], { encoding: 'utf8' })).toBe('\\376\n');
    run(directory, 'assert(os.remove("@/\\xfe"))');
    expect(execFileSync('ls', [directory.path], { encoding: 'utf8' })).toBe('');
  });
});

describe('os, programs and modules', () => {
  test.each<[lua: string, ...expected: LuaValue[]]>([
    ['return os.getenv("HOME"), os.getenv("NONE")', '/home/me', undefined],
    ['return os.date("!%Y-%m-%d %H:%M:%S", 86400)', '1970-01-02 00:00:00'],
    [
      'return os.time({ year = 2020, month = 1, day = 2, hour = 0 }) - os.time({ year = 2020, month = 1, day = 1, hour = 0 })',
      86_400,
    ],
    ['return type(os.clock()), type(os.time())', 'number', 'number'],
    ['return os.execute("exit 3")', undefined, 'exit', 3],
    ['return os.execute("true"), os.execute()', true, true],
    ['local f = io.popen("printf \'a\\nb\\n\'; exit 2") return f:read("l", "a")', 'a', 'b\n'],
    ['return io.popen("exit 2"):close()', undefined, 'exit', 2],
    ['return io.popen("kill -9 $$"):close()', undefined, 'signal', 9],
    ['return io.popen("printf \'\xff\\\\376\'"):read("a")', '\xff\xfe'],
    ['return require("module").value, require("module").value, package.loaded.module ~= nil', 1, 1, true],
    ['return dofile("@/module.lua").value', 1],
    ['return loadfile("@/none.lua")', undefined, 'cannot open @/none.lua: No such file or directory'],
    ['return unpack({ 1, 2 })', 1, 2],
    ['return loadstring("return 7")()', 7],
    ['return math.pow(2, 3), table.getn({ 1, 2 })', 8, 2],
    [
      'return ("abc"):starts("ab"), ("abc"):starts("b"), ("abc"):ends("bc"), ("abc"):ends("")',
      true,
      false,
      true,
      true,
    ],
    ['return table.contains({ "a", "b" }, "b"), table.contains({ "a" }, "b")', true, false],
    ['return string.format("%5.1f|%q", 2.25, "x"), ("a-b"):gsub("%-", "+")', '  2.3|"x"', 'a+b', 1],
    ['return fengari', undefined],
  ])('%s', (lua, ...expected) => {
    using directory = makeTempDir();
    writeFileSync(
      directory.at('module.lua'),
      '#!/usr/bin/lua\nloads = (loads or 0) + 1\nreturn { value = loads }\n',
    );
    expect(
      run(directory, lua).values.map((value) =>
        typeof value === 'string' ? value.replaceAll(directory.path, '@') : value,
      ),
    ).toEqual(expected);
  });

  test('print and io.write go to one place', () => {
    using directory = makeTempDir();
    expect(run(directory, 'print("a", nil, 1) io.write("b", 2, "\\n") io.stderr:write("c")').printed).toBe(
      'a\tnil\t1\nb2\nc',
    );
  });

  test.each([
    ['\nrequire("socket")', /^x\.lua:2: module 'socket' not found:.*only posix and modules written in Lua/],
    ['\ndofile("@/none.lua")', /^x\.lua:2: cannot open @\/none\.lua: No such file or directory$/],
    ['dofile("@/broken.lua")', /^@\/broken\.lua:2: unexpected symbol near '='$/],
    ['dofile("@/throws.lua")', /^@\/throws\.lua:2: oh$/],
    ['io.popen("cat", "w")', /^x\.lua:1: io\.popen: only 'r' is supported/],
  ])('%s fails with its place', (lua, expected) => {
    using directory = makeTempDir();
    writeFileSync(directory.at('broken.lua'), '\n= 1');
    writeFileSync(directory.at('throws.lua'), '\nerror("oh")');
    expect(failureOf(directory, lua)).toMatch(expected);
    expect(existsSync(directory.at('none.lua'))).toBe(false);
  });
});

test.each(['os.execute', 'io.popen'])(
  'a program that %s waits for is killed with all of its own when the time of the call is over',
  async (name) => {
    using directory = makeTempDir();
    const lua = `\npcall(${name}, "echo $$ > @/shell; sleep 300 & echo $! > @/child; wait; true") ${name}("touch @/after")`;
    expect(failureOf(directory, lua, 4_000)).toMatch(/^(x\.lua:2: )+ran for longer than 4 s$/);
    expect(existsSync(directory.at('after'))).toBe(false);
    const ids = ['shell', 'child'].map((file) => Number(readFileSync(directory.at(file), 'utf8')));
    await until(() => !processTable().some(({ pid }) => ids.includes(pid)), 'their end');
  },
);
