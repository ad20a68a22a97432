import {
  accessSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import type { LuaHost } from './lua-host.ts';
import type { HostFunction, LuaState } from './lua-state.ts';
import { attempt, luaFileName } from './lua-system-call.ts';
import { bytesOfText, bytesOfValue, type LuaReference, type LuaValue } from './lua-value.ts';

/**
 * What `require('posix')` gives, which is written in C elsewhere: the part of luaposix's interface that is about files and
 * this process. A call that fails gives nil, a text and the number of the error, as there.
 */
export function posixLibrary(state: LuaState, host: LuaHost): LuaReference {
  const file = (value: LuaValue): Buffer => luaFileName(value, host);
  /** 0 as soon as it is done. */
  const done =
    (run: (...values: LuaValue[]) => unknown): HostFunction =>
    (...values) =>
      attempt(
        () => {
          run(...values);
          return 0;
        },
        `${bytesOfValue(values[0])}: `,
      );
  const functions: Readonly<Record<string, HostFunction>> = {
    access: done((name, mode) => {
      accessSync(file(name), accessMode(mode === undefined ? 'f' : bytesOfValue(mode)));
    }),
    dir: (name = '.') =>
      attempt(
        () =>
          state.list([
            '.',
            '..',
            ...readdirSync(file(name), 'buffer').map((entry) => entry.toString('latin1')),
          ]),
        `${bytesOfValue(name)}: `,
      ),
    getcwd: () => bytesOfText(host.directory),
    getpid: () => host.processId,
    link: done((to, name, isSymbolic) => {
      if (isSymbolic === true) symlinkSync(Buffer.from(bytesOfValue(to), 'latin1'), file(name));
      else linkSync(file(to), file(name));
    }),
    mkdir: done((name) => {
      mkdirSync(file(name));
    }),
    readlink: (name) =>
      attempt(() => readlinkSync(file(name), 'buffer').toString('latin1'), `${bytesOfValue(name)}: `),
    rmdir: done((name) => {
      rmdirSync(file(name));
    }),
    stat: (name, key) =>
      attempt(
        () => {
          const values = statValues(lstatSync(file(name)));
          return key === undefined ? state.table(values) : new Map(values).get(bytesOfValue(key));
        },
        `${bytesOfValue(name)}: `,
      ),
    unlink: done((name) => {
      unlinkSync(file(name));
    }),
  };
  return state.table(Object.entries(functions).map(([name, run]) => [name, state.host(run)]));
}

function accessMode(letters: string): number {
  const { F_OK, R_OK, W_OK, X_OK } = constants;
  const modes = { r: R_OK, w: W_OK, x: X_OK };
  return Object.entries(modes).reduce(
    (mode, [letter, bit]) => (letters.includes(letter) ? mode | bit : mode),
    F_OK,
  );
}

/** As luaposix names them. Times are whole seconds. */
function statValues(stats: Stats): readonly (readonly [string, LuaValue])[] {
  return [
    ['type', fileType(stats)],
    ['size', stats.size],
    ['mtime', Math.floor(stats.mtimeMs / 1000)],
    ['atime', Math.floor(stats.atimeMs / 1000)],
    ['ctime', Math.floor(stats.ctimeMs / 1000)],
    ['uid', stats.uid],
    ['gid', stats.gid],
    ['ino', stats.ino],
    ['dev', stats.dev],
    ['nlink', stats.nlink],
  ];
}

function fileType(stats: Stats): string {
  if (stats.isFile()) return 'regular';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.isBlockDevice() ? 'block device' : 'character device';
}
