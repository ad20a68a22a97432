/** The part of fengari (Lua 5.3 in JavaScript) that is used here; its functions are those of Lua's C API. */
declare module 'fengari' {
  export type LuaString = Uint8Array;

  /** A thread of Lua. */
  export interface Thread {
    readonly __luaThread: unique symbol;
  }

  export interface DebugRecord {
    source: LuaString | null;
    short_src: LuaString | null;
    currentline: number;
  }

  /** Pushes a value on the stack of any thread of the state it is from. */
  export type Proxy = (L: Thread) => void;
  export type CFunction = (L: Thread) => number;

  export interface Lua {
    readonly LUA_OK: number;
    readonly LUA_MULTRET: number;
    readonly LUA_MASKCOUNT: number;
    readonly LUA_REGISTRYINDEX: number;
    readonly LUA_TNIL: number;
    readonly LUA_TBOOLEAN: number;
    readonly LUA_TNUMBER: number;
    readonly LUA_TSTRING: number;
    readonly LUA_TTABLE: number;
    readonly LUA_TFUNCTION: number;
    lua_Debug: new () => DebugRecord;
    lua_atnativeerror(L: Thread, handler: CFunction): unknown;
    lua_call(L: Thread, argumentCount: number, resultCount: number): void;
    lua_error(L: Thread): never;
    lua_getglobal(L: Thread, name: LuaString): number;
    lua_getinfo(L: Thread, what: LuaString, record: DebugRecord): number;
    lua_getstack(L: Thread, level: number, record: DebugRecord): number;
    lua_gettop(L: Thread): number;
    lua_insert(L: Thread, index: number): void;
    lua_newtable(L: Thread): void;
    lua_next(L: Thread, index: number): number;
    lua_pcall(L: Thread, argumentCount: number, resultCount: number, handlerIndex: number): number;
    lua_pop(L: Thread, count: number): void;
    lua_pushboolean(L: Thread, value: boolean): void;
    lua_pushcfunction(L: Thread, value: CFunction): void;
    lua_pushinteger(L: Thread, value: number): void;
    lua_pushnil(L: Thread): void;
    lua_pushnumber(L: Thread, value: number): void;
    lua_pushstring(L: Thread, value: LuaString): void;
    lua_rawequal(L: Thread, one: number, other: number): boolean;
    lua_rawset(L: Thread, index: number): void;
    lua_setglobal(L: Thread, name: LuaString): void;
    lua_sethook(
      L: Thread,
      hook: ((L: Thread, record: DebugRecord) => void) | null,
      mask: number,
      count: number,
    ): void;
    lua_settop(L: Thread, top: number): void;
    lua_toboolean(L: Thread, index: number): boolean;
    lua_tonumber(L: Thread, index: number): number;
    lua_topointer(L: Thread, index: number): unknown;
    lua_toproxy(L: Thread, index: number): Proxy;
    lua_tostring(L: Thread, index: number): LuaString;
    lua_touserdata(L: Thread, index: number): unknown;
    lua_type(L: Thread, index: number): number;
    lua_typename(L: Thread, type: number): LuaString;
  }

  export interface LuaAuxiliary {
    luaL_loadbuffer(L: Thread, text: LuaString, size: number, chunkName: LuaString): number;
    luaL_newstate(): Thread;
    luaL_tolstring(L: Thread, index: number): LuaString;
  }

  export interface LuaLibraries {
    luaL_openlibs(L: Thread): void;
  }

  const fengari: {
    readonly lua: Lua;
    readonly lauxlib: LuaAuxiliary;
    readonly lualib: LuaLibraries;
  };
  export default fengari;
}
