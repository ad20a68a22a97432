import { describe, expect, test } from 'vitest';
import { LuaExit, LuaFailure } from '../../../src/config/lsyncd/lua-failure.ts';
import { LuaState } from '../../../src/config/lsyncd/lua-state.ts';
import { bytesOfValue, type LuaReference, type LuaValue } from '../../../src/config/lsyncd/lua-value.ts';

function run(text: string, state = new LuaState(), limitMs?: number): readonly LuaValue[] {
  return state.call(state.load(text, 'x.lua'), [], limitMs);
}

function failureOf(text: string, state = new LuaState(), limitMs?: number): string {
  try {
    run(text, state, limitMs);
  } catch (error) {
    if (error instanceof LuaFailure) return error.line;
    throw error;
  }
  return 'nothing';
}

describe('values', () => {
  test('every byte of a string survives the way into Lua and back', () => {
    const state = new LuaState();
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    state.setGlobal('all', all);
    state.setGlobal('twice', (text) => bytesOfValue(text).repeat(2));
    expect(run('return all, #all, all:byte(256), twice(all):sub(257)', state)).toEqual([all, 256, 255, all]);
  });

  test('numbers, booleans, nil and tables come as what they are', () => {
    const state = new LuaState();
    const [one, half, yes, none, table] = run('return 1, 0.5, true, nil, { "a", k = { 2 } }', state);
    expect([one, half, yes, none]).toEqual([1, 0.5, true, undefined]);
    const entries = state.entries(table as LuaReference);
    expect(entries.get(1)).toBe('a');
    expect([...state.entries(entries.get('k') as LuaReference)]).toEqual([[1, 2]]);
  });

  test('a function or table that is met twice is one object', () => {
    const state = new LuaState();
    const [a, b, c] = run('local f = function() end return f, f, function() end', state);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });
});

describe('errors', () => {
  test.each([
    ['x = = 1', "x.lua:1: unexpected symbol near '='"],
    ['\nlocal t\nt.x = 1', "x.lua:3: attempt to index a nil value (local 't')"],
    ['\nerror("two words")', 'x.lua:2: two words'],
    ['local function f()\nerror("of the caller", 2)\nend\nf()', 'x.lua:4: of the caller'],
    ['error("without place", 0)', 'x.lua:1: without place'],
    ['error({ code = 2, why = { "x" } })', /^x\.lua:1: a table was thrown: \{ .*code = 2/],
    ['error(setmetatable({}, { __tostring = function() return "own" end }))', 'x.lua:1: own'],
    ['error()', 'x.lua:1: nil'],
    ['host()', 'x.lua:1: said by the host'],
    ['local f = function() host() end\n\nf()', 'x.lua:1: said by the host'],
    ['print(("x"):rep(3), nope())', "x.lua:1: attempt to call a nil value (global 'nope')"],
  ])('%j', (text, expected) => {
    const state = new LuaState();
    state.setGlobal('host', () => {
      throw new LuaFailure('said by the host');
    });
    expect(failureOf(text, state)).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    );
  });

  test('the name of a file is whole, however long', () => {
    const state = new LuaState();
    const name = `${'/long'.repeat(40)}/x.lua`;
    expect(() => state.call(state.load('\nerror("here")', name))).toThrow(
      expect.objectContaining({ place: { file: name, line: 2 } }) as Error,
    );
  });

  test('code of ours is not named: the place is where the user called it', () => {
    const state = new LuaState();
    state.call(state.load('function ours() error("no", 0) end', 'own', true));
    expect(failureOf('\n\nours()', state)).toBe('x.lua:3: no');
    state.call(state.load('function faulty() local t = nil; return t.x end', 'own', true));
    expect(failureOf('\nfaulty()', state)).toMatch(/^x\.lua:2: attempt to index a nil value/);
  });

  test('pcall in Lua catches what the host said, with its place', () => {
    const state = new LuaState();
    state.setGlobal('host', () => {
      throw new LuaFailure('said by the host');
    });
    expect(run('\nreturn pcall(function() host() end)', state)).toEqual([false, 'x.lua:2: said by the host']);
  });

  test('an endless recursion is an error with its line', { timeout: 60_000 }, () => {
    expect(failureOf('local function f()\nreturn f() + 1 end f()')).toBe('x.lua:2: stack overflow');
  });

  test('an error of our own comes out as it is', () => {
    const state = new LuaState();
    const bug = new TypeError('a bug');
    state.setGlobal('host', () => {
      throw bug;
    });
    expect(() => run('host()', state)).toThrow(bug);
    expect(run('return 1', state)).toEqual([1]);
  });

  test('a call from Lua to the host and back to Lua passes an error on', () => {
    const state = new LuaState();
    state.setGlobal('apply', (callee) => state.call(callee as LuaReference));
    expect(failureOf('apply(function()\nerror("inside")\nend)', state)).toBe('x.lua:2: inside');
    expect(run('return apply(function() return 1, 2 end)', state)).toEqual([1, 2]);
  });
});

describe('time', () => {
  test.each([
    ['a loop', 'while true do end'],
    ['a loop that catches errors', 'while true do pcall(function() while true do end end) end'],
    ['a loop in a coroutine', 'coroutine.wrap(function() while true do end end)()'],
  ])('%s ends after the limit', (_name, text) => {
    expect(failureOf(text, new LuaState(), 50)).toMatch(/^(x\.lua:1: )+ran for longer than 0\.05 s$/);
  });

  test('what comes next has its own time', () => {
    const state = new LuaState();
    failureOf('while true do end', state, 20);
    expect(run('local n = 0 for i = 1, 1e5 do n = n + 1 end return n', state, 10_000)).toEqual([100_000]);
  });
});

describe('the end of the program', () => {
  const exits = [
    ['said outright', 'exit()'],
    ['caught', 'pcall(exit)'],
    ['in a coroutine', 'coroutine.wrap(function() pcall(exit) end)()'],
    ['in a coroutine of a coroutine', 'coroutine.wrap(function() pcall(coroutine.wrap(exit)) after() end)()'],
    ['behind the host', 'apply(function() pcall(exit) end)'],
  ];

  test.each(exits)('%s, ends the code there', (_name, text) => {
    const state = new LuaState();
    const called: string[] = [];
    state.setGlobal('exit', () => {
      throw new LuaExit(9, undefined);
    });
    state.setGlobal('apply', (callee) => state.call(callee as LuaReference));
    state.setGlobal('after', () => void called.push('after'));
    expect(() => run(`${text} after()`, state, 10_000)).toThrow(LuaExit);
    expect(called).toEqual([]);
    expect(run('after() return 1', state, 10_000)).toEqual([1]);
    expect(called).toEqual(['after']);
  });
});
