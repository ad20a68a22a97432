import type { ConfigPath } from './config-document.ts';
import {
  ARCHIVE,
  DEFAULT_LOG,
  DEFAULT_MAX_DELAY,
  DEFAULT_STATUS_INTERVAL,
  DEFAULTS,
  TUNNEL_DEFAULTS,
} from './defaults.ts';
import type { LoadedConfig } from './load-config.ts';
import type { RightConfig, RightSync } from './right-part.ts';
import { listOf } from './rsync-keys.ts';
import { type ActionKey, actionPart, pick } from './action-keys.ts';
import type { ConfigModule } from './config-document.ts';
import {
  optionShape,
  type GivenOptions,
  type ReadConfig,
  type ReadTarget,
  type TargetKind,
} from './schema.ts';

/** Where a value comes from. */
export type Origin =
  | { readonly kind: 'default' }
  /** Written in the configuration, at this place of it. */
  | { readonly kind: 'file'; readonly path: ConfigPath }
  | { readonly kind: 'commandLine'; readonly option: string }
  | { readonly kind: 'environment'; readonly variable: string };

const GROUP_NAMES = ['attributes', 'rsync', 'ssh', 'hooks', 'exitCodes', 'tunnel'] as const;
type Group = (typeof GROUP_NAMES)[number];
const GROUPS: ReadonlySet<string> = new Set(GROUP_NAMES);

/** All options of one target: what is not set anywhere and has no default is undefined. */
export type Options = Omit<GivenOptions, keyof typeof DEFAULTS> & {
  readonly [K in Exclude<keyof typeof DEFAULTS, Group | 'delete'>]: NonNullable<GivenOptions[K]>;
} & {
  readonly [K in Group]: NonNullable<GivenOptions[K]> & {
    readonly [L in keyof (typeof DEFAULTS)[K] & keyof NonNullable<GivenOptions[K]>]: NonNullable<
      NonNullable<GivenOptions[K]>[L]
    >;
  };
} & { readonly maxDelay: number; readonly delete: 'yes' | 'no' | 'startup' | 'running' };

/** Options, and for each (`delay`, `rsync.bwlimit`) where it comes from; no origin: it is not set. */
export interface EffectiveOptions {
  readonly values: Options;
  readonly origins: ReadonlyMap<string, Origin>;
}

/** Where a target is, and by what way, without options. */
export type Place = { readonly kind: TargetKind } & (
  | { readonly kind: 'rsync' | 'direct'; readonly target: string }
  | { readonly kind: 'rsyncssh'; readonly host: string; readonly directory: string }
  | ActionPlace
);

/** What is done with single events: commands and functions by their keys, of which one is given at least. */
export type ActionPlace = {
  readonly kind: 'action';
  readonly target?: string | undefined;
  readonly moves?: boolean | undefined;
  readonly deletedNames?: boolean | undefined;
} & Pick<Extract<ReadTarget, { readonly kind: 'action' }>, ActionKey>;

export interface EffectiveTarget extends EffectiveOptions {
  readonly path: ConfigPath;
  readonly place: Place;
  /** What the target says itself, not its sync. */
  readonly own: ReadonlySet<string>;
}

export interface EffectiveSync extends EffectiveOptions {
  readonly path: ConfigPath;
  /** Absolute. */
  readonly source: string;
  /** What relative names of files count from: that of the configuration. */
  readonly directory: string;
  /** As the `LoadedConfig` has it. */
  readonly program: string;
  /** Where functions in it come from; undefined: it has none, or they are Lua, which ends what loops by itself. */
  readonly module?: ConfigModule | undefined;
  readonly targets: readonly EffectiveTarget[];
}

/** What a configuration comes to, with nothing left to be inherited. */
export interface EffectiveConfig {
  readonly settings: {
    readonly log: { readonly level: LogLevel; readonly format: LogFormat; readonly file?: string };
    readonly maxTotalProcesses: number | undefined;
    /** Absolute. */
    readonly pidFile: string | undefined;
    readonly statusFile: string | undefined;
    /** Seconds. */
    readonly statusInterval: number;
  };
  /** Of the settings: `log.level`, `pidFile`. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly syncs: readonly EffectiveSync[];
}

type Log = NonNullable<ReadConfig['log']>;
type LogLevel = NonNullable<Log['level']>;
type LogFormat = NonNullable<Log['format']>;

/** What a command line says on top, and the option it says it by. */
export interface Override {
  readonly option: string;
  readonly options?: GivenOptions;
  readonly log?: Log;
}

/** How names of files are read, the working directory being that of the configuration. */
export interface PlaceReader {
  /** A path of this machine, made absolute. */
  readonly file: (text: string) => string;
  /** The target of an rsync place: made absolute if it is on this machine. */
  readonly target: (text: string) => string;
}

/** Puts the layers on each other: our defaults, the file's defaults, the sync, the target, the command line. */
export function resolveConfig(
  {
    config,
    program,
    document,
  }: Pick<LoadedConfig<RightConfig>, 'config' | 'program'> & Partial<Pick<LoadedConfig, 'document'>>,
  overrides: readonly Override[],
  places: PlaceReader,
): EffectiveConfig {
  const top = overrides.map(({ option, options = {} }) => ({ options, origin: () => commandLine(option) }));
  const shared = new Layers(places).add(DEFAULTS, () => ({ kind: 'default' }));
  if (config.defaults) shared.addWritten(config.defaults, ['defaults']);
  const resolveSync = ({ source, targets, ...options }: RightSync, index: number): EffectiveSync => {
    const path = ['syncs', index];
    const layers = shared.copy().addWritten(options, path);
    const ended = (all: Layers): EffectiveOptions =>
      top.reduce((sum, layer) => sum.add(layer.options, layer.origin), all).end();
    return {
      ...ended(layers.copy()),
      path,
      source: places.file(source),
      directory: places.file('.'),
      program,
      module: document?.module,
      targets: ofThose(targets, (target, targetIndex): EffectiveTarget => {
        const { place, own } = placeOf(target, places);
        const ownPath = [...path, 'targets', targetIndex];
        const said = new Layers(places).addWritten(own, ownPath);
        return {
          ...ended(layers.copy().addWritten(own, ownPath)),
          path: ownPath,
          place,
          own: new Set(said.keys()),
        };
      }),
    };
  };
  return { ...resolveSettings(config, overrides, places), syncs: ofThose(config.syncs, resolveSync) };
}

/** What is made of those that are there, which keep their indexes. */
function ofThose<T, R>(all: readonly (T | undefined)[], make: (one: T, index: number) => R): R[] {
  return all.flatMap((one, index) => (one === undefined ? [] : [make(one, index)]));
}

function resolveSettings(
  { log = {}, ...config }: Omit<ReadConfig, 'syncs'>,
  overrides: readonly Override[],
  places: PlaceReader,
): Pick<EffectiveConfig, 'settings' | 'origins'> {
  const origins = new Map<string, Origin>();
  const settings: { level: LogLevel; format: LogFormat; file?: string } = { ...DEFAULT_LOG };
  const set = (given: Log, origin: (key: string) => Origin): void => {
    if (given.level !== undefined) settings.level = given.level;
    if (given.format !== undefined) settings.format = given.format;
    if (given.file !== undefined) settings.file = places.file(given.file);
    for (const [key, value] of Object.entries(given))
      if (value !== undefined) origins.set(`log.${key}`, origin(key));
  };
  set(DEFAULT_LOG, () => ({ kind: 'default' }));
  set(log, (key) => ({ kind: 'file', path: ['log', key] }));
  for (const { log: given = {}, option } of overrides) set(given, () => commandLine(option));
  const { maxTotalProcesses, pidFile, statusFile, statusInterval } = config;
  for (const [key, value] of Object.entries({ maxTotalProcesses, pidFile, statusFile, statusInterval }))
    if (value !== undefined) origins.set(key, { kind: 'file', path: [key] });
  if (statusInterval === undefined) origins.set('statusInterval', { kind: 'default' });
  const file = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : places.file(name);
  return {
    settings: {
      log: settings,
      maxTotalProcesses,
      pidFile: file(pidFile),
      statusFile: file(statusFile),
      statusInterval: statusInterval ?? DEFAULT_STATUS_INTERVAL,
    },
    origins,
  };
}

function commandLine(option: string): Origin {
  return { kind: 'commandLine', option };
}

function placeOf(target: ReadTarget, places: PlaceReader): { place: Place; own: GivenOptions } {
  if (typeof target === 'string') return { place: { kind: 'rsync', target: places.target(target) }, own: {} };
  switch (target.kind) {
    case 'rsync':
    case 'direct': {
      const { kind, target: text, ...own } = target;
      return { place: { kind, target: places.target(text) }, own };
    }
    case 'rsyncssh': {
      const { kind, host, directory, ...own } = target;
      return { place: { kind, host, directory }, own };
    }
    case 'action':
      return {
        place: actionPart(target) as ActionPlace,
        own: pick(target, Object.keys(optionShape)),
      };
  }
}

/** Options by their flat names, the last word of each. */
class Layers {
  readonly #places: PlaceReader;
  readonly #said: Map<string, { readonly value: unknown; readonly origin: Origin }>;

  constructor(places: PlaceReader, said: Layers['entries'] = []) {
    this.#places = places;
    this.#said = new Map(said);
  }

  get entries(): Iterable<readonly [string, { readonly value: unknown; readonly origin: Origin }]> {
    return this.#said;
  }

  keys(): Iterable<string> {
    return this.#said.keys();
  }

  copy(): Layers {
    return new Layers(this.#places, this.#said);
  }

  addWritten(options: GivenOptions, path: ConfigPath): this {
    return this.add(options, (keys) => ({ kind: 'file', path: [...path, ...keys] }));
  }

  add(options: Readonly<Record<string, unknown>>, origin: (keys: readonly string[]) => Origin): this {
    for (const [name, value] of Object.entries(options)) {
      if (value === undefined) continue;
      if (!GROUPS.has(name)) this.#set([name], value, origin([name]));
      else
        for (const [key, inner] of byArchive(value as Readonly<Record<string, unknown>>))
          if (inner.value !== undefined) this.#set([name, key], inner.value, origin([name, inner.key]));
    }
    return this;
  }

  end(): EffectiveOptions {
    const values: Record<string, unknown> = Object.fromEntries(GROUP_NAMES.map((name) => [name, {}]));
    const origins = new Map<string, Origin>();
    for (const [name, { value, origin }] of this.#said) {
      const [group, key] = name.split('.') as [string, string?];
      if (key === undefined) values[group] = value;
      else (values[group] as Record<string, unknown>)[key] = value;
      origins.set(name, origin);
    }
    if (values.maxDelay === undefined) {
      values.maxDelay = Math.max(DEFAULT_MAX_DELAY, values.delay as number);
      origins.set('maxDelay', { kind: 'default' });
    }
    const tunnel = values.tunnel as Record<string, unknown>;
    for (const [key, value] of Object.entries(tunnel.command === undefined ? {} : TUNNEL_DEFAULTS)) {
      if (tunnel[key] !== undefined) continue;
      tunnel[key] = value;
      origins.set(`tunnel.${key}`, { kind: 'default' });
    }
    return { values: values as unknown as Options, origins };
  }

  #set(keys: readonly string[], value: unknown, origin: Origin): void {
    const name = keys.join('.');
    this.#said.set(name, { value: this.#withPlaces(name, value), origin });
  }

  /** Names of files are absolute from here on; a program by its name alone is not looked for in a directory. */
  #withPlaces(name: string, value: unknown): unknown {
    const { file } = this.#places;
    const program = (text: string): string => (text.includes('/') ? file(text) : text);
    if (name === 'delete' && typeof value === 'boolean') return value ? 'yes' : 'no';
    if (/^(filter|include|exclude)From$/.test(name))
      return typeof value === 'string' ? file(value) : (value as string[]).map(file);
    if (/^(ssh\.identity|rsync\.passwordFile)$/.test(name)) return file(value as string);
    if (/^(rsync\.program|hooks\.(beforeBatch|afterBatch|onError))$/.test(name)) {
      const [first = '', ...words] = listOf(value as string | string[]);
      return typeof value === 'string' ? program(value) : [program(first), ...words];
    }
    if (name === 'tunnel.command' && typeof value !== 'string') {
      const [first = '', ...words] = value as string[];
      return [program(first), ...words];
    }
    return value;
  }
}

/** What `archive` stands for, then what is said beside it; `key` is the one that is written. */
function* byArchive(
  group: Readonly<Record<string, unknown>>,
): Generator<[string, { readonly key: string; readonly value: unknown }]> {
  const { archive, ...others } = group;
  if (archive !== undefined) for (const name of ARCHIVE) yield [name, { key: 'archive', value: archive }];
  for (const [key, value] of Object.entries(others)) yield [key, { key, value }];
}
