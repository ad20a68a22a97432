import type { LuaState } from './lua-state.ts';
import type { LuaBytes, LuaReference, LuaValue } from './lua-value.ts';

/** What the globals of Lua code do while syncs run. Agents are known by numbers. Each may throw a LuaFailure. */
export interface LuaRuntime {
  log(category: string, text: string): void;
  /** Throws a LuaExit. */
  terminate(exitCode: number): never;
  /** Calls `run` once, at this time of {@link nowSeconds}. */
  alarm(atSeconds: number, run: LuaReference): void;
  spawn(agent: number, words: readonly LuaBytes[], input: LuaBytes | undefined): void;
  statusOf(agent: number): string;
}

export interface LuaAlarm {
  readonly atSeconds: number;
  readonly run: LuaReference;
}

/** What a sync with handlers of its own is. */
export interface LuaHandlers {
  readonly state: LuaState;
  /** `action`, `collect`, `start`; `init`, `full` where there are such; tables `events` and `inlet`. */
  readonly functions: ReadonlyMap<LuaValue, LuaValue>;
  /** Has the globals of its Lua work by this from now on. */
  readonly runBy: (runtime: LuaRuntime) => void;
  /** Alarms that were set while the file was loaded and that nobody has taken yet: times of {@link nowSeconds}. */
  readonly takeAlarms: () => readonly LuaAlarm[];
}

/** The clock of `now()`: monotonic, in seconds. */
export function nowSeconds(): number {
  return performance.now() / 1000;
}
