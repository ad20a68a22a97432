import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ConfigDocument, ConfigPath, Position } from '../config-document.ts';
import { ConfigError, type ConfigProblem } from '../config-error.ts';
import { nearest } from '../nearest.ts';
import type { ReadConfig } from '../schema.ts';
import { actionSync } from './action-sync.ts';
import { luaAction } from './lua-action.ts';
import { LuaExit, LuaFailure, type LuaPlace } from './lua-failure.ts';
import type { LuaHost } from './lua-host.ts';
import { createLua } from './lua-library.ts';
import { type LuaAlarm, type LuaRuntime, nowSeconds } from './lua-runtime.ts';
import type { HostFunction, LuaState } from './lua-state.ts';
import { luaFileName, readDirectory, systemCall } from './lua-system-call.ts';
import {
  bytesOfText,
  bytesOfValue,
  type LuaBytes,
  LuaReference,
  type LuaValue,
  textOfBytes,
} from './lua-value.ts';
import { readOwnChunk } from './own-chunk.ts';
import { type Preset, presetSync } from './preset-sync.ts';
import { TableFields } from './table-fields.ts';

/** A Lua file may run so long while it is loaded. */
const LOAD_LIMIT_MS = 10_000;

/** Something of a configuration that is left out or means something else here: one line, with its place. */
export type Notice = string;
/** What a Lua configuration of Lsyncd's is. */
export interface LsyncdConfig {
  /** Its value is one of ours, of what the presets and settings are. */
  readonly document: ConfigDocument;
  /** What was said that cannot be; it is not in the document. */
  readonly problems: readonly ConfigProblem[];
  readonly notices: readonly Notice[];
  /** What `settings{ }` was told, as it is there. */
  readonly settings: ReadonlyMap<string, string | number | boolean>;
  /** What a file in another form than Lua can say of it; undefined if that is nothing. */
  readonly convertible: unknown;
  /** What such a file cannot say beyond the notices. */
  readonly unsaid: readonly Notice[];
  /** The files that it has read itself: absolute names, as bytes, and their texts. */
  readonly files: ReadonlyMap<LuaBytes, LuaBytes>;
}

/** Settings that are so in any case, and those that our configuration has. */
const CARRIED_SETTINGS: ReadonlySet<string> = new Set([
  'insist',
  'logfile',
  'maxDelays',
  'maxProcesses',
  'nodaemon',
  'onepass',
  'pidfile',
  'statusFile',
  'statusInterval',
]);

/** A Lua text to run: `name` is what errors call it. */
export interface LuaSource {
  readonly name: string;
  readonly text: LuaBytes;
}

/**
 * Runs Lua configurations of Lsyncd's one after the other in one Lua; errors that have no other place are those of the
 * last one. Throws a ConfigError with the Lua error and all that was wrong before it; its cause is a LuaExit where a file has
 * ended the program.
 */
export function readLsyncd(sources: readonly LuaSource[], host: LuaHost): LsyncdConfig {
  const file = sources.at(-1)?.name ?? '';
  const reader = new Reader(file, host);
  try {
    for (const source of sources) reader.run(source);
    return reader.end();
  } catch (error) {
    if (!(error instanceof LuaFailure || error instanceof LuaExit)) throw error;
    const problems = [...reader.problems, reader.problem(error.message, error.place)];
    throw new ConfigError(file, problems, 'CONFIG', { cause: error });
  }
}

/** What Lua files of ours make the globals, in the order in which they are run. */
const CHUNKS = ['lsyncd.lua', 'presets.lua', 'preset-actions.lua', 'tunnel.lua', 'layers.lua'] as const;

/** Which setting says what our configuration has under these keys. */
const SETTING_OF: Readonly<Record<string, string>> = {
  maxTotalProcesses: 'maxProcesses',
  once: 'onepass',
  maxNames: 'maxDelays',
  file: 'logfile',
  pidFile: 'pidfile',
  statusFile: 'statusFile',
  statusInterval: 'statusInterval',
};

interface ToldSync {
  readonly value: ReadConfig['syncs'][number] | undefined;
  /** A list of rules that its inlet was told at the start. */
  readonly added?: LuaReference;
  readonly position: Position | undefined;
  readonly isConvertible: boolean;
}

class Reader {
  readonly #file: string;
  readonly #host: LuaHost;
  readonly #state: LuaState;
  readonly #api: ReadonlyMap<LuaValue, LuaValue>;
  readonly #problems: ConfigProblem[] = [];
  readonly #notices: Notice[] = [];
  #runtime: LuaRuntime;
  readonly #alarms: LuaAlarm[] = [];
  readonly #settings = new Map<string, string | number | boolean>();
  readonly #settingLines = new Map<string, Position | undefined>();
  readonly #syncs: ToldSync[] = [];
  readonly #files = new Map<LuaBytes, LuaBytes>();
  #text: LuaBytes = '';

  constructor(file: string, host: LuaHost) {
    this.#file = file;
    this.#host = host;
    this.#state = createLua(host, (name, text) => {
      this.#files.set(name, text);
    });
    this.#runtime = loadingRuntime(host, {
      exit: (status) => {
        throw new LuaExit(status, this.#state.where());
      },
      alarm: (atSeconds, run) => void this.#alarms.push({ atSeconds, run }),
    });
    const functions = Object.entries(this.#functions());
    const table = this.#state.table(functions.map(([name, run]) => [name, this.#state.host(run)]));
    this.#state.setGlobal('terminate', undefined);
    this.#api = new Map(CHUNKS.flatMap((name) => [...this.#state.entries(this.#ownChunk(name, table))]));
  }

  get problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  /** What it gives back. */
  #ownChunk(name: string, ...values: readonly LuaValue[]): LuaReference {
    const [api] = this.#state.call(this.#state.load(readOwnChunk(name), name, true), values);
    return api as LuaReference;
  }

  run({ name, text }: LuaSource): void {
    this.#text = text;
    this.#state.call(this.#state.load(text, name), [], LOAD_LIMIT_MS);
  }

  end(): LsyncdConfig {
    this.#lock();
    if (this.#alarms.length > 0 && this.#syncs.every(({ isConvertible }) => isConvertible))
      this.#notices.push('alarm: no sync has a function of its own, so it never rings');
    return {
      problems: this.#problems,
      document: { file: this.#file, value: this.#value(), locate: (path) => this.#locate(path) },
      notices: this.#notices,
      settings: this.#settings,
      convertible: this.#syncs.some(({ isConvertible }) => isConvertible)
        ? this.#value(({ isConvertible }) => isConvertible)
        : undefined,
      unsaid: [...this.#unsaid()],
      files: this.#files,
    };
  }

  /** What it refuses is an assignment, of which nothing tells when it is made. */
  #lock(): void {
    try {
      this.#state.call(this.#api.get('lock') as LuaReference);
    } catch (error) {
      if (!(error instanceof LuaFailure)) throw error;
      const line = this.#text.split('\n').findIndex((text) => /^\s*settings\s*=/.test(text)) + 1;
      throw new LuaFailure(error.message, line === 0 ? undefined : { file: this.#file, line });
    }
  }

  *#unsaid(): Generator<Notice> {
    for (const key of this.#settings.keys())
      if (!CARRIED_SETTINGS.has(key))
        yield this.#told(`settings.${key} is for the program lsyncd`, this.#settingLines.get(key));
    for (const { isConvertible, position } of this.#syncs)
      if (!isConvertible) yield this.#told('the handlers of this sync are Lua; it is left out', position);
  }

  #told(message: string, position: Position | undefined): Notice {
    const place = position === undefined ? undefined : { file: this.#file, line: position.line };
    return new LuaFailure(message, place).line;
  }

  problem(message: string, place: LuaPlace | undefined = this.#state.where()): ConfigProblem {
    if (place === undefined) return { path: [], message };
    const { file, line } = place;
    return file === this.#file
      ? { position: { line }, path: [], message }
      : { path: [], message: `${file}:${line}: ${message}` };
  }

  #value(isWanted: (sync: ToldSync) => boolean = () => true): unknown {
    const { maxDelays, maxProcesses, onepass, logfile, pidfile, statusFile, statusInterval } =
      Object.fromEntries(this.#settings);
    const file = (name: string | number | boolean): string =>
      path.resolve(this.#host.directory, String(name));
    const defaults = {
      ...(onepass === true ? { once: true } : {}),
      ...(maxDelays === undefined ? {} : { maxNames: Number(maxDelays) || 1 }),
    };
    return {
      ...(maxProcesses === undefined ? {} : { maxTotalProcesses: Number(maxProcesses) }),
      ...(logfile === undefined ? {} : { log: { file: file(logfile) } }),
      ...(pidfile === undefined ? {} : { pidFile: file(pidfile) }),
      ...(statusFile === undefined ? {} : { statusFile: file(statusFile) }),
      // Lsyncd takes 0, for as often as can be.
      ...(statusInterval === undefined ? {} : { statusInterval: Number(statusInterval) || 0.1 }),
      ...(Object.keys(defaults).length === 0 ? {} : { defaults }),
      syncs: this.#syncs
        .filter(isWanted)
        .map((sync) => this.#withAdded(sync))
        .map((value) => (onepass === true ? withoutCrontab(value) : value)),
    };
  }

  #withAdded({ value, added }: ToldSync): ToldSync['value'] {
    const rules =
      added === undefined
        ? []
        : [...this.#state.entries(added).values()].map((rule) => shown(rule).replace(/^- /, ''));
    if (value === undefined || rules.length === 0) return value;
    return { ...value, exclude: [value.exclude ?? [], rules].flat() };
  }

  #locate([first, second]: ConfigPath): Position | undefined {
    if (first === 'syncs')
      return second === undefined
        ? { line: this.#text.trimEnd().split('\n').length }
        : this.#syncs[Number(second)]?.position;
    return this.#settingLines.get(SETTING_OF[String(second ?? first)] ?? '');
  }

  /** The line in this file where code runs now. */
  #here(): Position | undefined {
    const place = this.#state.where();
    return place?.file === this.#file ? { line: place.line } : undefined;
  }

  #functions(): Readonly<Record<string, HostFunction>> {
    return {
      fail: (message) => {
        throw new LuaFailure(shown(message));
      },
      problem: (message) => void this.#problems.push(this.problem(shown(message))),
      notice: (message) => {
        this.#notice(shown(message));
        return undefined;
      },
      nearest: (word, names) =>
        nearest(shown(word), [...this.#state.entries(names as LuaReference).values()].map(shown)),
      setting: (key, value) => {
        this.#set(shown(key), value);
        return undefined;
      },
      addSync: (config, preset) => this.#addSync(config as LuaReference, preset as Preset | undefined),
      ...this.#running(),
      readdir: (name) => this.#state.table(readDirectory(luaFileName(name, this.#host))),
      freePort: () => this.#host.freePort(),
      kill: (pid, signal = 15) =>
        systemCall(() => {
          this.#host.kill(Number(pid), Number(signal));
          return true;
        }),
      absolute: (name) => luaFileName(name, this.#host).toString('latin1'),
      fileSize: (name) => systemCall(() => statSync(luaFileName(name, this.#host)).size),
      realdir: (name) =>
        systemCall(() => {
          const real = realpathSync(luaFileName(name, this.#host), 'buffer').toString('latin1');
          return real.endsWith('/') ? real : `${real}/`;
        }),
    };
  }

  /** What is for the time when syncs run; while the file is loaded little of it works. */
  #running(): Readonly<Record<string, HostFunction>> {
    return {
      log: (category, text) => {
        this.#runtime.log(shown(category), shown(text));
        return undefined;
      },
      terminate: (code) => {
        this.#runtime.terminate(Number(code));
        return undefined;
      },
      now: nowSeconds,
      alarm: (at, run) => {
        this.#runtime.alarm(Number(at), run as LuaReference);
        return undefined;
      },
      spawn: (agent, words, input) => {
        const texts = [...this.#state.entries(words as LuaReference).values()];
        this.#runtime.spawn(
          Number(agent),
          texts.map(bytesOfValue),
          input === undefined ? undefined : bytesOfValue(input),
        );
        return undefined;
      },
      status: (event) => this.#runtime.statusOf(Number(event)),
    };
  }

  #set(key: string, value: LuaValue): void {
    if (value === undefined || value instanceof LuaReference)
      throw new LuaFailure(
        `settings.${key}: found a ${value?.type ?? 'nil'}; allowed: a text, a number or true`,
      );
    this.#settings.set(key, typeof value === 'string' ? shown(value) : value);
    this.#settingLines.set(key, this.#here());
  }

  #addSync(config: LuaReference, preset: Preset | undefined): LuaValue {
    const fields = new TableFields(this.#state, config, '', (message) => {
      this.#problems.push(this.problem(message));
    });
    const parts = {
      fields,
      directory: this.#host.directory,
      notice: (message: string): void => {
        this.#notice(message);
      },
    };
    const position = this.#here();
    if (preset !== undefined) {
      const [inlet, added] = this.#state.call(this.#api.get('preset_inlet') as LuaReference, [config]);
      const value = presetSync(preset, parts);
      this.#syncs.push({ value, added: added as LuaReference, position, isConvertible: true });
      return inlet;
    }
    const source = bytesOfText(`${path.resolve(this.#host.directory, fields.text('source') ?? '')}/`);
    if (fields.raw('source') !== undefined) this.#state.setField(config, 'source', source);
    const [script] = this.#state.call(this.#api.get('script') as LuaReference, [config, source]);
    const functions = this.#state.entries(script as LuaReference);
    const action = luaAction({
      state: this.#state,
      functions,
      runBy: (runtime) => {
        this.#runtime = runtime;
      },
      takeAlarms: () => this.#alarms.splice(0),
    });
    const isConvertible = Object.values(action).every((value) => typeof value === 'string');
    this.#syncs.push({ value: actionSync(action, parts), position, isConvertible });
    return functions.get('inlet');
  }

  #notice(message: string): void {
    this.#notices.push(new LuaFailure(message, this.#state.where()).line);
  }
}

/** One that ends after its first sync has no later times; Lsyncd takes both. */
function withoutCrontab(sync: unknown): unknown {
  return typeof sync === 'object' && sync !== null ? { ...sync, crontab: undefined } : sync;
}

/** What can be done while a configuration is loaded: next to nothing. */
function loadingRuntime(
  { print }: LuaHost,
  { exit, alarm }: Pick<LuaRuntime, 'alarm'> & { readonly exit: (status: number) => never },
): LuaRuntime {
  const refuse = (name: string) => (): never => {
    throw new LuaFailure(`${name} can be called while a sync runs`);
  };
  return {
    log: (category, text) => {
      print(`${category}: ${text}\n`);
    },
    terminate: exit,
    alarm,
    spawn: refuse('spawn'),
    statusOf: refuse('status'),
  };
}

function shown(value: LuaValue): string {
  const bytes = bytesOfValue(value);
  return textOfBytes(bytes) ?? bytes;
}
