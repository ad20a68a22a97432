import type { LuaHost } from '../config/lsyncd/lua-host.ts';
import { runShellText } from '../target/run-shell-text.ts';
import { freePortSync } from '../target/tunnel/local-port.ts';
import type { ProgramIo, TextOutput } from './program-io.ts';

/** What Lua configurations see of this process: its environment, `directory` to work in, and `output` to print to. */
export function createLuaHost(
  environment: ProgramIo['environment'],
  directory: string,
  output: TextOutput,
): LuaHost {
  return {
    environment,
    directory,
    print: (text) => void output.write(text),
    runShell: (command, isRead, limitMs) =>
      runShellText(command, { environment, directory, isRead, limitMs }),
    freePort: freePortSync,
    processId: process.pid,
    kill: (processId, signal) => void process.kill(processId, signal),
  };
}
