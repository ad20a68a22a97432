import fengari, { type DebugRecord, type Proxy, type Thread } from 'fengari';
import { LuaExit, LuaFailure, type LuaPlace } from './lua-failure.ts';
import {
  bytesOfText,
  bytesOfValue,
  isTable,
  type LuaBytes,
  LuaReference,
  type LuaValue,
  textOfBytes,
} from './lua-value.ts';
import { OWN_CHUNK } from './own-chunk.ts';

const { lua, lauxlib, lualib } = fengari;

/** A function of ours that Lua code calls; what it throws is an error there, with the line of the call. */
export type HostFunction = (...values: LuaValue[]) => LuaValue | readonly LuaValue[];

/** So many instructions pass between two looks at the clock. */
const INSTRUCTIONS_PER_LOOK = 100_000;

/** So many calls are looked through, from the innermost on, for the place of an error. */
const MAX_FRAMES = 100;

/** One Lua 5.3 with its standard libraries, on the main thread. Strings are bytes on both sides. */
export class LuaState {
  readonly #main: Thread = lauxlib.luaL_newstate();
  readonly #references = new Map<unknown, WeakRef<LuaReference>>();
  /** The thread that calls a host function; the main one otherwise. */
  #running: Thread = this.#main;
  #deadlineMs = Infinity;
  #limitMs = Infinity;
  #failure: LuaFailure | undefined;
  /** An error of our own on its way through Lua. */
  #bug: { readonly error: unknown } | undefined;
  /** What has ended the call under way; no pcall keeps it from that. */
  #exit: LuaExit | undefined;

  constructor() {
    lualib.luaL_openlibs(this.#main);
    lua.lua_atnativeerror(this.#main, (L) => {
      const error = lua.lua_touserdata(L, -1);
      this.#bug ??= { error };
      lua.lua_pushstring(L, latin1(bytesOfText(error instanceof Error ? error.message : String(error))));
      return 1;
    });
  }

  /** Sets a global. */
  setGlobal(name: string, value: LuaValue | HostFunction): void {
    this.#push(this.#main, typeof value === 'function' ? this.host(value) : value);
    lua.lua_setglobal(this.#main, latin1(name));
  }

  getGlobal(name: string): LuaValue {
    lua.lua_getglobal(this.#main, latin1(name));
    return this.#pop(this.#main);
  }

  /** How long the call under way may still take; Infinity if nothing limits it. */
  get leftMs(): number {
    return Math.max(this.#deadlineMs - performance.now(), 0);
  }

  /** A function of Lua that calls `run`. A LuaExit that it throws ends the outermost call. */
  host(run: HostFunction): LuaReference {
    lua.lua_pushcfunction(this.#main, (L) => {
      const before = this.#running;
      this.#running = L;
      try {
        if (this.#exit !== undefined) throw this.#exit;
        const values = Array.from({ length: lua.lua_gettop(L) }, (_, index) => this.#at(L, index + 1));
        const results = run(...values);
        if (this.leftMs === 0) this.#watch(L, 1);
        const list = results instanceof Array ? results : [results];
        for (const value of list) this.#push(L, value);
        return list.length;
      } catch (error) {
        // Lua's own errors, which a call back into Lua passes on, are thrown by fengari itself.
        if (!(error instanceof LuaFailure || error instanceof LuaExit)) throw error;
        if (error instanceof LuaExit) this.#end(L, error);
        this.#push(L, bytesOfText(error.place === undefined ? this.#withPlace(error.message) : error.line));
      } finally {
        this.#running = before;
      }
      return lua.lua_error(L);
    });
    return this.#pop(this.#main) as LuaReference;
  }

  /** A new table with these fields. */
  table(fields: Iterable<readonly [LuaValue, LuaValue]> = []): LuaReference {
    lua.lua_newtable(this.#main);
    for (const [key, value] of fields) {
      this.#push(this.#main, key);
      this.#push(this.#main, value);
      lua.lua_rawset(this.#main, -3);
    }
    return this.#pop(this.#main) as LuaReference;
  }

  /** A new list. */
  list(values: readonly LuaValue[]): LuaReference {
    return this.table(values.map((value, index) => [index + 1, value]));
  }

  /** What a table holds itself, whatever its metatable says. */
  entries(table: LuaReference): ReadonlyMap<LuaValue, LuaValue> {
    const found = new Map<LuaValue, LuaValue>();
    this.#push(this.#main, table);
    lua.lua_pushnil(this.#main);
    while (lua.lua_next(this.#main, -2) !== 0) {
      found.set(this.#at(this.#main, -2), this.#at(this.#main, -1));
      lua.lua_pop(this.#main, 1);
    }
    lua.lua_pop(this.#main, 1);
    return found;
  }

  setField(table: LuaReference, key: LuaValue, value: LuaValue): void {
    this.#push(this.#main, table);
    this.#push(this.#main, key);
    this.#push(this.#main, value);
    lua.lua_rawset(this.#main, -3);
    lua.lua_pop(this.#main, 1);
  }

  /**
   * The function that `source` is in Lua. `name` is what errors call it; `isOwn` for code of ours, which errors do not
   * name, and which may be compiled. Throws a LuaFailure for what is no Lua.
   */
  load(source: LuaBytes, name: string, isOwn = false): LuaReference {
    const text = latin1(source.replace(/^#[^\n]*/, ''));
    const chunk = latin1(isOwn ? `${OWN_CHUNK}${name}` : `@${bytesOfText(name)}`);
    if (lauxlib.luaL_loadbuffer(this.#main, text, text.length, chunk) === lua.LUA_OK)
      return this.#pop(this.#main) as LuaReference;
    const message = bytesOfValue(this.#pop(this.#main));
    const [, line, rest] = /^[^\n]*?:(\d+): ([^]*)$/.exec(message) ?? [];
    throw new LuaFailure(
      shownText(rest ?? message),
      line === undefined ? undefined : { file: name, line: Number(line) },
    );
  }

  /**
   * Calls a function of Lua. Throws a LuaFailure for an error in it, and when it takes longer than `limitMs`; a LuaExit and
   * what else a host function threw is thrown as it is.
   */
  call(callee: LuaReference, values: readonly LuaValue[] = [], limitMs = Infinity): readonly LuaValue[] {
    const L = this.#running;
    const base = lua.lua_gettop(L);
    const isOuter = this.#deadlineMs === Infinity;
    if (isOuter) {
      this.#failure = undefined;
      this.#bug = undefined;
      this.#exit = undefined;
      this.#limitMs = limitMs;
      this.#deadlineMs = performance.now() + limitMs;
      if (limitMs < Infinity) this.#watch(L, INSTRUCTIONS_PER_LOOK);
    }
    try {
      lua.lua_pushcfunction(L, (thread) => this.#explain(thread));
      this.#push(L, callee);
      for (const value of values) this.#push(L, value);
      const status = lua.lua_pcall(L, values.length, lua.LUA_MULTRET, base + 1);
      if (this.#exit !== undefined) throw this.#exit;
      if (status === lua.LUA_OK)
        return Array.from({ length: lua.lua_gettop(L) - base - 1 }, (_, index) =>
          this.#at(L, base + 2 + index),
        );

      if (this.#bug !== undefined) throw this.#bug.error;
      const said = this.#at(L, -1);
      throw this.#failure ?? new LuaFailure(typeof said === 'string' ? shownText(said) : 'an error');
    } finally {
      lua.lua_settop(L, base);
      if (isOuter) {
        this.#deadlineMs = Infinity;
        lua.lua_sethook(L, null, 0, 0);
      }
    }
  }

  /** Has every instruction that follows fail, in the main thread too where a coroutine is to end. */
  #end(L: Thread, exit: LuaExit): void {
    this.#exit = exit;
    for (const thread of new Set([L, this.#main])) this.#watch(thread, 1);
  }

  /** Where in the user's files the code is that runs now. */
  where(): LuaPlace | undefined {
    return [...this.#frames(this.#running)].find(({ isOwn }) => !isOwn)?.place;
  }

  /** Ends what runs, once it is over its time or has ended itself, at every instruction: no pcall in the code can keep it alive. */
  #watch(L: Thread, instructions: number): void {
    const look = (thread: Thread): void => {
      if (this.leftMs > 0 && this.#exit === undefined) return;
      this.#watch(thread, 1);
      const why = this.#exit?.message ?? `ran for longer than ${this.#limitMs / 1000} s`;
      this.#push(thread, bytesOfText(this.#withPlace(why, thread)));
      lua.lua_error(thread);
    };
    lua.lua_sethook(L, look, lua.LUA_MASKCOUNT, instructions);
  }

  /** The message handler: makes of an error one line with its place, while the stack is still there. */
  #explain(L: Thread): number {
    const said = this.#at(L, 1);
    const text =
      typeof said === 'string' ? said : typeof said === 'number' ? String(said) : this.#thrown(L, said);
    const frames = [...this.#frames(L)];
    const named = frames.find(({ shortName }) => text.startsWith(`${shortName}:`));
    const file = named?.shortName ?? /^[^\n:]+(?=:\d+: )/.exec(text)?.[0] ?? '';
    const [, line, rest] = /^:(\d+): ([^]*)$/.exec(text.slice(file.length)) ?? [];
    const user = frames.find(({ isOwn }) => !isOwn)?.place;
    const place =
      line === undefined || (named?.isOwn ?? file.startsWith(OWN_CHUNK.slice(1)))
        ? user
        : { file: named?.place.file ?? shownText(file), line: Number(line) };
    this.#failure = new LuaFailure(shownText(rest ?? text), place);
    this.#push(L, bytesOfText(this.#failure.line));
    return 1;
  }

  #withPlace(message: string, L = this.#running): string {
    const place = [...this.#frames(L)].find(({ isOwn }) => !isOwn)?.place;
    return new LuaFailure(message, place).line;
  }

  *#frames(
    L: Thread,
  ): Generator<{ readonly isOwn: boolean; readonly shortName: string; readonly place: LuaPlace }> {
    // Each look walks down to its level, and an endless recursion is 200,000 levels deep.
    for (let level = 0; level < MAX_FRAMES; level++) {
      const record: DebugRecord = new lua.lua_Debug();
      if (lua.lua_getstack(L, level, record) === 0) return;
      lua.lua_getinfo(L, latin1('Sl'), record);
      if (record.currentline < 0 || record.source === null || record.short_src === null) continue;
      const source = bytesOf(record.source);
      yield {
        isOwn: source.startsWith(OWN_CHUNK),
        shortName: bytesOf(record.short_src),
        place: { file: shownText(source.replace(/^[@=]/, '')), line: record.currentline },
      };
    }
  }

  /** What was thrown and is no text; a table that has no text of its own with what is in it. */
  #thrown(L: Thread, value: LuaValue): LuaBytes {
    const text = this.#tostring(L, 1);
    return isTable(value) && text.startsWith('table: 0x') ? `a table was thrown: ${this.#dump(value)}` : text;
  }

  #dump(value: LuaValue, depth = 0): LuaBytes {
    if (!isTable(value)) return bytesOfValue(value);
    if (depth > 3) return '{ ... }';
    const parts = [...this.entries(value)].map(
      ([key, inner]) => `${bytesOfValue(key)} = ${this.#dump(inner, depth + 1)}`,
    );
    return parts.length === 0 ? '{}' : `{ ${parts.slice(0, 20).join(', ')} }`;
  }

  #tostring(L: Thread, index: number): LuaBytes {
    const text = bytesOf(lauxlib.luaL_tolstring(L, index));
    lua.lua_pop(L, 1);
    return text;
  }

  #pop(L: Thread): LuaValue {
    const value = this.#at(L, -1);
    lua.lua_pop(L, 1);
    return value;
  }

  #at(L: Thread, index: number): LuaValue {
    const type = lua.lua_type(L, index);
    switch (type) {
      case lua.LUA_TNIL:
        return undefined;
      case lua.LUA_TBOOLEAN:
        return lua.lua_toboolean(L, index);
      case lua.LUA_TNUMBER:
        return lua.lua_tonumber(L, index);
      case lua.LUA_TSTRING:
        return bytesOf(lua.lua_tostring(L, index));
      default:
        return this.#reference(L, index, type);
    }
  }

  #reference(L: Thread, index: number, type: number): LuaReference {
    const pointer = lua.lua_topointer(L, index);
    const known = this.#references.get(pointer)?.deref();
    if (known !== undefined) return known;
    const kind =
      type === lua.LUA_TTABLE
        ? 'table'
        : type === lua.LUA_TFUNCTION
          ? 'function'
          : bytesOf(lua.lua_typename(L, type)) === 'thread'
            ? 'thread'
            : 'userdata';
    const proxy: Proxy = lua.lua_toproxy(L, index);
    const reference = new LuaReference(kind, proxy);
    this.#references.set(pointer, new WeakRef(reference));
    return reference;
  }

  #push(L: Thread, value: LuaValue): void {
    if (value === undefined) lua.lua_pushnil(L);
    else if (typeof value === 'boolean') lua.lua_pushboolean(L, value);
    else if (typeof value === 'string') lua.lua_pushstring(L, latin1(value));
    else if (value instanceof LuaReference) value.push(L);
    // Lua's integers are of 32 bits in fengari.
    else if ((value | 0) === value) lua.lua_pushinteger(L, value);
    else lua.lua_pushnumber(L, value);
  }
}

function latin1(bytes: LuaBytes): Uint8Array {
  return new Uint8Array(Buffer.from(bytes, 'latin1'));
}

function bytesOf(text: Uint8Array): LuaBytes {
  return Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1');
}

/** What Lua says, as one line for people. */
function shownText(bytes: LuaBytes): string {
  return (textOfBytes(bytes) ?? bytes).replaceAll(/\s*\n\s*/g, ' ').trim();
}
