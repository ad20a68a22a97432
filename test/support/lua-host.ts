import type { LuaHost } from '../../src/config/lsyncd/lua-host.ts';
import { createLuaHost } from '../../src/daemon/create-lua-host.ts';

/** A host for Lua files in `directory`, which may start programs; what they print goes to `print`. */
export function luaHost(directory: string, print: (text: string) => void = () => undefined): LuaHost {
  return createLuaHost(
    { PATH: process.env.PATH, HOME: '/home/me', LUA_PATH: `${directory}/?.lua` },
    directory,
    {
      write: print,
    },
  );
}
