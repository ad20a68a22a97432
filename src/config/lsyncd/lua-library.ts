import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { LuaHost } from './lua-host.ts';
import { type HostFunction, LuaState } from './lua-state.ts';
import { attempt, luaFileName } from './lua-system-call.ts';
import { bytesOfText, bytesOfValue, type LuaBytes, textOfBytes } from './lua-value.ts';
import { readOwnChunk } from './own-chunk.ts';
import { posixLibrary } from './posix-library.ts';

/**
 * A Lua with all standard libraries as far as a configuration needs them, and Lsyncd's additions to them. `seeFile` gets each
 * file that is run or read as a whole: its absolute name, and its text.
 */
export function createLua(host: LuaHost, seeFile: (name: LuaBytes, text: LuaBytes) => void): LuaState {
  const state = new LuaState();
  const functions: Readonly<Record<string, HostFunction>> = {
    readFile: (name) =>
      attempt(() => {
        const file = luaFileName(name, host);
        const text = readFileSync(file).toString('latin1');
        seeFile(file.toString('latin1'), text);
        return text;
      }),
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
      const { output, how, code } = host.runShell(bytesOfValue(command), isRead === true, state.leftMs);
      return [output, how, code];
    },
  };
  const table = state.table(Object.entries(functions).map(([name, run]) => [name, state.host(run)]));
  state.call(state.load(readOwnChunk('library.lua'), 'library.lua', true), [
    table,
    posixLibrary(state, host),
  ]);
  return state;
}
