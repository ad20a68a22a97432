import { readdirSync, realpathSync, statSync } from 'node:fs';
import type { ConfigDocument, ConfigPath, Position } from '../config-document.ts';
import { ConfigError, type ConfigProblem } from '../config-error.ts';
import { nearest } from '../nearest.ts';
import { LuaFailure, type LuaPlace } from './lua-failure.ts';
import type { LuaHost } from './lua-host.ts';
import { createLua, luaFileName } from './lua-library.ts';
import type { HostFunction, LuaState } from './lua-state.ts';
import { bytesOfValue, type LuaBytes, LuaReference, type LuaValue, textOfBytes } from './lua-value.ts';
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
  readonly notices: readonly Notice[];
  /** What `settings{ }` was told, as it is there. */
  readonly settings: ReadonlyMap<string, string | number | boolean>;
}

/** A Lua text to run: `name` is what errors call it. */
export interface LuaSource {
  readonly name: string;
  readonly text: LuaBytes;
}

/**
 * Runs Lua configurations of Lsyncd's one after the other in one Lua; errors that have no other place are those of the
 * last one. Throws a ConfigError with the Lua error, or with all that is wrong with what was said.
 */
export function readLsyncd(sources: readonly LuaSource[], host: LuaHost): LsyncdConfig {
  const file = sources.at(-1)?.name ?? '';
  const reader = new Reader(file, host);
  try {
    for (const source of sources) reader.run(source);
    return reader.end();
  } catch (error) {
    if (!(error instanceof LuaFailure)) throw error;
    throw new ConfigError(file, [reader.problem(error.message, error.place)], 'CONFIG', { cause: error });
  }
}

class Reader {
  readonly #file: string;
  readonly #host: LuaHost;
  readonly #state: LuaState;
  readonly #api: ReadonlyMap<LuaValue, LuaValue>;
  readonly #problems: ConfigProblem[] = [];
  readonly #notices: Notice[] = [];
  readonly #settings = new Map<string, string | number | boolean>();
  readonly #settingLines = new Map<string, Position | undefined>();
  readonly #syncs: { readonly value: unknown; readonly position: Position | undefined }[] = [];

  constructor(file: string, host: LuaHost) {
    this.#file = file;
    this.#host = host;
    this.#state = createLua(host);
    const functions = Object.entries(this.#functions());
    const table = this.#state.table(functions.map(([name, run]) => [name, this.#state.host(run)]));
    this.#state.setGlobal('terminate', undefined);
    const chunk = this.#state.load(readOwnChunk('lsyncd.lua'), 'lsyncd.lua', true);
    const [api] = this.#state.call(chunk, [table]);
    this.#api = this.#state.entries(api as LuaReference);
  }

  run({ name, text }: LuaSource): void {
    this.#state.call(this.#state.load(text, name), [], LOAD_LIMIT_MS);
  }

  end(): LsyncdConfig {
    this.#state.call(this.#api.get('lock') as LuaReference);
    if (this.#problems.length > 0) throw new ConfigError(this.#file, this.#problems);
    return {
      document: { file: this.#file, value: this.#value(), locate: (path) => this.#locate(path) },
      notices: this.#notices,
      settings: this.#settings,
    };
  }

  problem(message: string, place: LuaPlace | undefined = this.#state.where()): ConfigProblem {
    if (place === undefined) return { path: [], message };
    const { file, line } = place;
    return file === this.#file
      ? { position: { line }, path: [], message }
      : { path: [], message: `${file}:${line}: ${message}` };
  }

  #value(): unknown {
    const { maxProcesses, onepass } = Object.fromEntries(this.#settings);
    return {
      ...(maxProcesses === undefined ? {} : { maxTotalProcesses: Number(maxProcesses) }),
      ...(onepass === true ? { defaults: { once: true } } : {}),
      syncs: this.#syncs.map(({ value }) => value),
    };
  }

  #locate([first, index]: ConfigPath): Position | undefined {
    if (first === 'syncs') return this.#syncs[Number(index)]?.position;
    return this.#settingLines.get(first === 'maxTotalProcesses' ? 'maxProcesses' : 'onepass');
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
      log: (category, text) => {
        this.#host.print(`${shown(category)}: ${shown(text)}\n`);
        return undefined;
      },
      terminate: (code) => {
        throw new LuaFailure(`it ended the program with ${bytesOfValue(code)}`);
      },
      now: () => performance.now() / 1000,
      alarm: () => {
        throw new LuaFailure('alarm can be set while the sync runs only');
      },
      readdir: (name) => this.#state.table(readDirectory(luaFileName(name, this.#host))),
      fileSize: (name) => systemCall(() => statSync(luaFileName(name, this.#host)).size),
      realdir: (name) =>
        systemCall(() => {
          const real = realpathSync(luaFileName(name, this.#host), 'buffer').toString('latin1');
          return real.endsWith('/') ? real : `${real}/`;
        }),
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
    for (const key of ['crontab', 'tunnel'])
      if (fields.raw(key) !== undefined && fields.raw(key) !== false) fields.refuse(key, 'is not supported');
    if (preset === undefined) {
      fields.refuse('action', 'handlers of your own are not supported');
      return undefined;
    }
    const value = presetSync(preset, {
      fields,
      directory: this.#host.directory,
      notice: (message) => {
        this.#notice(message);
      },
    });
    this.#syncs.push({ value, position: this.#here() });
    return undefined;
  }

  #notice(message: string): void {
    this.#notices.push(new LuaFailure(message, this.#state.where()).line);
  }
}

function shown(value: LuaValue): string {
  return typeof value === 'string' ? (textOfBytes(value) ?? value) : bytesOfValue(value);
}

function readDirectory(name: Buffer): readonly (readonly [LuaBytes, boolean])[] {
  return systemCall(() =>
    readdirSync(name, { encoding: 'buffer', withFileTypes: true }).map((entry) => [
      entry.name.toString('latin1'),
      entry.isDirectory(),
    ]),
  );
}

function systemCall<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new LuaFailure(message, undefined, { cause: error });
  }
}
