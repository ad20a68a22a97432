import { exactText, pathFromExactText } from '../../model/exact-text.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type {
  CollectFunction,
  EventFunction,
  SyncEvent,
  SyncEventList,
  SyncInlet,
  UserAction,
} from '../../model/user-action.ts';
import { LuaExit, LuaFailure } from './lua-failure.ts';
import { type LuaHandlers, type LuaRuntime, nowSeconds } from './lua-runtime.ts';
import type { HostFunction } from './lua-state.ts';
import { bytesOfValue, isTable, type LuaBytes, type LuaReference, type LuaValue } from './lua-value.ts';

/** A call of Lua code may take so long; everything else waits for it. */
const CALL_LIMIT_MS = 5_000;

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Agents that are over are forgotten when there are so many more. */
const FORGET_AFTER = 1_000;

/** The keys of a target of the kind `action` that handlers of Lsyncd's have. */
const EVENT_KEYS = ['onCreate', 'onModify', 'onAttrib', 'onDelete', 'onMove', 'onStartup', 'onFull'] as const;

/** What is done, by the keys of a target of the kind `action`. */
export type LuaAction = Partial<UserAction> &
  Readonly<Partial<Record<(typeof EVENT_KEYS)[number], string | EventFunction>>>;

/** The handlers of a sync of Lsyncd's: texts as they are, and what runs them in Lua. */
export function luaAction(handlers: LuaHandlers): LuaAction {
  const { functions } = handlers;
  const script = new LuaScript(handlers);
  const collect: CollectFunction = (agent, exitCode) => script.collect(agent, exitCode);
  const run =
    (name: string): EventFunction & NonNullable<UserAction['init']> =>
    (event) => {
      script.handle(name, event);
    };
  const entries = [...EVENT_KEYS, 'init' as const, 'full' as const].flatMap((key) => {
    const value = functions.get(key);
    if (value === undefined) return [];
    return [[key, typeof value === 'string' ? textOf(value) : run(key)] as const];
  });
  const start = { start: script.start };
  const action = functions.get('action') === undefined ? {} : { action: script.action };
  const isText =
    functions.get('has_collect') !== true &&
    functions.get('action') === undefined &&
    entries.every(([, value]) => typeof value === 'string');
  return { ...Object.fromEntries(entries), ...action, ...(isText ? {} : { ...start, collect }) };
}

class LuaScript {
  readonly #handlers: LuaHandlers;
  readonly #numbers = new WeakMap<SyncEvent | SyncEventList, number>();
  readonly #agents = new Map<number, SyncEvent | SyncEventList>();
  #last = 0;
  #forgetAbove = FORGET_AFTER;
  #inlet: SyncInlet | undefined;
  /** It has ended the program: nothing of it is called any more. */
  #isOver = false;

  constructor(handlers: LuaHandlers) {
    this.#handlers = handlers;
  }

  readonly start = (inlet: SyncInlet): void => {
    this.#inlet = inlet;
    const { state } = this.#handlers;
    const functions = Object.entries(this.#inletFunctions(inlet));
    this.#call('start', [state.table(functions.map(([name, run]) => [name, state.host(run)]))]);
    for (const { atSeconds, run } of this.#handlers.takeAlarms()) this.#runtime.alarm(atSeconds, run);
  };

  readonly action = (): void => {
    this.#call('action', []);
  };

  handle(name: string, event: SyncEvent): void {
    this.#call(name, this.#describe(event));
  }

  collect(agent: SyncEvent | SyncEventList, exitCode: number): 'ok' | 'again' | 'die' | undefined {
    const number = this.#number(agent);
    const [said] = this.#call('collect', [agent.isList, number, exitCode, this.#eventsOf(agent)]);
    if (said === undefined) return undefined;
    return said === 'again' || said === 'die' ? said : 'ok';
  }

  #call(name: string, values: readonly LuaValue[]): readonly LuaValue[] {
    try {
      return this.#run(this.#handlers.functions.get(name) as LuaReference, values);
    } catch (error) {
      throw error instanceof LuaFailure ? shownFailure(error) : error;
    } finally {
      this.#forget();
    }
  }

  #run(callee: LuaReference, values: readonly LuaValue[]): readonly LuaValue[] {
    if (this.#isOver) return [];
    const { state, runBy } = this.#handlers;
    runBy(this.#runtime);
    try {
      return state.call(callee, values, CALL_LIMIT_MS);
    } catch (error) {
      if (!(error instanceof LuaExit)) throw error;
      this.#isOver = true;
      this.#inlet?.terminate(error.exitStatus);
      return [];
    }
  }

  readonly #runtime: LuaRuntime = {
    log: (category, text) => this.#inlet?.log(category, text),
    terminate: (exitCode) => {
      throw new LuaExit(exitCode, this.#handlers.state.where());
    },
    alarm: (atSeconds, run) => {
      const wait = (): void => {
        const leftMs = (atSeconds - nowSeconds()) * 1000;
        // Node takes a longer time for none.
        if (leftMs > MAX_TIMER_MS) setTimeout(wait, MAX_TIMER_MS).unref();
        else
          setTimeout(() => {
            this.#ring(run);
          }, leftMs).unref();
      };
      wait();
    },
    spawn: (number, words, input) => {
      const agent = this.#agent(number);
      const [program = '', ...others] = words.map(textOf);
      inLua(() => {
        if (input === undefined) agent.spawn(program, ...others);
        else agent.spawnWithInput(textOf(input), program, ...others);
      });
    },
    statusOf: (number) => {
      const agent = this.#agents.get(number);
      return agent === undefined || agent.isList ? 'done' : agent.status;
    },
  };

  #ring(run: LuaReference): void {
    try {
      this.#run(run, []);
    } catch (error) {
      if (!(error instanceof LuaFailure)) throw error;
      this.#runtime.log('Error', `alarm: ${error.line}`);
    }
  }

  #inletFunctions(inlet: SyncInlet): Readonly<Record<string, HostFunction>> {
    const { state } = this.#handlers;
    return {
      getEvent: () => {
        const event = inlet.getEvent();
        return event === undefined ? undefined : this.#describe(event);
      },
      getEvents: (test) => {
        const list = inlet.getEvents(
          test === undefined
            ? undefined
            : (event) => {
                const [said] = state.call(test as LuaReference, this.#describe(event));
                return said === 'break' ? 'break' : said !== undefined && said !== false;
              },
        );
        return [this.#number(list), this.#eventsOf(list)];
      },
      discardEvent: (number) => {
        const agent = this.#agent(Number(number));
        for (const event of agent.isList ? agent.events : [agent])
          inLua(() => {
            inlet.discardEvent(event);
          });
        return undefined;
      },
      createBlanketEvent: () => this.#describe(inlet.createBlanketEvent()),
      createFullEvent: (path) =>
        this.#describe(inLua(() => inlet.createFullEvent(textOf(bytesOfValue(path))))),
      addExclude: (pattern) => {
        for (const one of isTable(pattern) ? state.entries(pattern).values() : [pattern])
          inLua(() => {
            inlet.addExclude(textOf(bytesOfValue(one)));
          });
        return undefined;
      },
      rmExclude: (pattern) => {
        inlet.rmExclude(textOf(bytesOfValue(pattern)));
        return undefined;
      },
      getExcludes: () => state.list(inlet.getExcludes().map(bytesOf)),
    };
  }

  /** A list with what {@link describe} says of each. */
  #eventsOf(agent: SyncEvent | SyncEventList): LuaReference {
    const { state } = this.#handlers;
    const events = agent.isList ? agent.events : [agent];
    return state.list(events.map((event) => state.table(entriesOf(this.#describe(event)))));
  }

  /** Number, type, whether it is a directory, path, new path: what Lua is told of an event. */
  #describe(event: SyncEvent): LuaValue[] {
    const here = relative(event.pathname);
    const from = event.origin === undefined ? undefined : relative(event.origin.pathname);
    return [
      this.#number(event),
      event.etype,
      event.isDirectory,
      from ?? here,
      from === undefined ? undefined : here,
    ];
  }

  #number(agent: SyncEvent | SyncEventList): number {
    let number = this.#numbers.get(agent);
    if (number === undefined) {
      number = ++this.#last;
      this.#numbers.set(agent, number);
    }
    this.#agents.set(number, agent);
    return number;
  }

  #agent(number: number): SyncEvent | SyncEventList {
    const agent = this.#agents.get(number);
    if (agent === undefined) throw new LuaFailure('the event is over');
    return agent;
  }

  #forget(): void {
    if (this.#agents.size < this.#forgetAbove) return;
    const known = this.#handlers.functions.get('events') as LuaReference;
    const isOver = ({ status }: SyncEvent): boolean => status === 'done';
    for (const [number, agent] of this.#agents) {
      if (!(agent.isList ? agent.events.every(isOver) : isOver(agent))) continue;
      this.#agents.delete(number);
      this.#handlers.state.setField(known, number, undefined);
    }
    this.#forgetAbove = this.#agents.size * 2 + FORGET_AFTER;
  }
}

function textOf(bytes: LuaBytes): string {
  return exactText(bytes as PathBytes);
}

function bytesOf(text: string): LuaBytes {
  return pathFromExactText(text);
}

/** The source itself is the empty path. */
function relative(pathname: string): LuaBytes {
  return pathname === '.' ? '' : bytesOf(pathname);
}

/** Lua's list of these, nil left out. */
function entriesOf(values: readonly LuaValue[]): (readonly [LuaValue, LuaValue])[] {
  return values.flatMap((value, index) => (value === undefined ? [] : [[index + 1, value] as const]));
}

/** Runs something of the engine's; what it throws is an error of the Lua code. */
function inLua<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new LuaFailure(error.message, undefined, { cause: error });
  }
}

/** An error of the user's: its place is the one in Lua. */
function shownFailure(failure: LuaFailure): Error {
  const error = new Error(failure.line);
  error.stack = error.message;
  return error;
}
