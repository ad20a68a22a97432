import { readdirSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { LuaFailure } from './lua-failure.ts';
import type { LuaHost } from './lua-host.ts';
import { bytesOfText, bytesOfValue, type LuaBytes, type LuaValue } from './lua-value.ts';

/** The name of a file that Lua code gives, for `node:fs`. */
export function luaFileName(value: LuaValue, { directory }: Pick<LuaHost, 'directory'>): Buffer {
  const name = bytesOfValue(value);
  return Buffer.from(name.startsWith('/') ? name : `${bytesOfText(directory)}/${name}`, 'latin1');
}

/** As Lua has it: the result, or nil, what the system says, and its number. `about` is put before what it says. */
export function attempt(run: () => LuaValue, about = ''): LuaValue | readonly LuaValue[] {
  try {
    return run();
  } catch (error) {
    const { errno, message: said } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    const [, message = said] = getSystemErrorMap().get(errno) ?? [];
    return [undefined, `${about}${message.charAt(0).toUpperCase()}${message.slice(1)}`, -errno];
  }
}

/** Names, and whether each is a directory. Throws a LuaFailure. */
export function readDirectory(name: Buffer): readonly (readonly [LuaBytes, boolean])[] {
  return systemCall(() =>
    readdirSync(name, { encoding: 'buffer', withFileTypes: true }).map((entry) => [
      entry.name.toString('latin1'),
      entry.isDirectory(),
    ]),
  );
}

/** Makes a LuaFailure of an error of the system. */
export function systemCall<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new LuaFailure(message, undefined, { cause: error });
  }
}
