import type { LuaState } from './lua-state.ts';
import type { LuaBytes, LuaReference, LuaValue } from './lua-value.ts';

/** What the globals of Lua code do while syncs run. Agents are known by numbers. Each may throw a LuaFailure. */
export interface LuaRuntime {
  log(category: string, text: string): void;
  terminate(exitCode: number): void;
  /** Calls `run` once, at this time of {@link nowSeconds}. */
  alarm(atSeconds: number, run: LuaReference): void;
  spawn(agent: number, words: readonly LuaBytes[], input: LuaBytes | undefined): void;
  statusOf(agent: number): string;
}

/** What a sync with handlers of its own is. */
export interface LuaHandlers {
  readonly state: LuaState;
  /** `action`, `collect`, `start`; `init`, `full` where there are such; tables `events` and `inlet`. */
  readonly functions: ReadonlyMap<LuaValue, LuaValue>;
  /** Has the globals of its Lua work by this from now on. */
  readonly runBy: (runtime: LuaRuntime) => void;
  /** Where a line goes that cannot be told of any sync. */
  readonly print: (text: string) => void;
}

/** The clock of `now()`: monotonic, in seconds. */
export function nowSeconds(): number {
  return performance.now() / 1000;
}
