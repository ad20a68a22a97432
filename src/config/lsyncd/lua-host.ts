import type { LuaBytes } from './lua-value.ts';

/** How a program ended. */
export interface ShellResult {
  /** What it wrote to its standard output, if it was to be read. */
  readonly output: LuaBytes;
  readonly how: 'exit' | 'signal';
  /** The exit code or the number of the signal. */
  readonly code: number;
}

/** What Lua code sees of the process it runs in. */
export interface LuaHost {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The working directory, absolute; relative names count from it. */
  readonly directory: string;
  /** What `print` and `io.write` write. */
  readonly print: (text: string) => void;
  /** `sh -c COMMAND` to its end, or killed after `limitMs`, for `io.popen` and `os.execute`. */
  readonly runShell: (command: LuaBytes, isRead: boolean, limitMs: number) => ShellResult;
  /** A port of 127.0.0.1 that nobody listens on now. */
  readonly freePort: () => number;
  readonly processId: number;
  /** Throws a system error. */
  readonly kill: (processId: number, signal: number) => void;
}
