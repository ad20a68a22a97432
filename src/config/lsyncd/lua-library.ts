import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import type { LuaHost } from './lua-host.ts';
import { type HostFunction, LuaState } from './lua-state.ts';
import { bytesOfText, bytesOfValue, type LuaBytes, type LuaValue, textOfBytes } from './lua-value.ts';
import { readOwnChunk } from './own-chunk.ts';

/** A Lua with all standard libraries as far as a configuration needs them, and Lsyncd's additions to them. */
export function createLua(host: LuaHost): LuaState {
  const state = new LuaState();
  const functions: Readonly<Record<string, HostFunction>> = {
    readFile: (name) => attempt(() => readFileSync(luaFileName(name, host)).toString('latin1')),
    openFile: (name, mode) =>
      attempt(() => openSync(luaFileName(name, host), mode === 'r+' ? 'r+' : bytesOfValue(mode))),
    writeFile: (handle, text) =>
      attempt(() => writeSync(Number(handle), Buffer.from(bytesOfValue(text), 'latin1')) >= 0),
    closeFile: (handle) =>
      attempt(() => {
        closeSync(Number(handle));
        return true;
      }),
    print: (text) => {
      const bytes = bytesOfValue(text);
      host.print(textOfBytes(bytes) ?? bytes);
      return undefined;
    },
    getenv: (name) => {
      const value = host.environment[textOfBytes(bytesOfValue(name)) ?? ''];
      return value === undefined ? undefined : bytesOfText(value);
    },
    runShell: (command, isRead) => {
      const { output, how, code } = host.runShell(bytesOfValue(command), isRead === true);
      return [output, how, code];
    },
  };
  const table = state.table(Object.entries(functions).map(([name, run]) => [name, state.host(run)]));
  state.call(state.load(readOwnChunk('library.lua'), 'library.lua', true), [table]);
  return state;
}

/** The name of a file that Lua code gives, for `node:fs`. */
export function luaFileName(value: LuaValue, { directory }: Pick<LuaHost, 'directory'>): Buffer {
  const name = bytesOfValue(value);
  return Buffer.from(name.startsWith('/') ? name : `${bytesOfText(directory)}/${name}`, 'latin1');
}

/** As Lua has it: the result, or nil, what the system says, and its number. */
function attempt(run: () => LuaBytes | number | boolean): LuaValue | readonly LuaValue[] {
  try {
    return run();
  } catch (error) {
    const { errno, message: said } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    const [, message = said] = getSystemErrorMap().get(errno) ?? [];
    return [undefined, `${message.charAt(0).toUpperCase()}${message.slice(1)}`, -errno];
  }
}
