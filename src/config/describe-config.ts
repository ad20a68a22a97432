import { stringify } from 'yaml';
import { type ConfigPath } from './config-document.ts';
import type { LoadedConfig } from './load-config.ts';
import type {
  EffectiveConfig,
  EffectiveOptions,
  EffectiveSync,
  EffectiveTarget,
  Origin,
} from './resolve-config.ts';
import { optionShape, type OptionName, unusedOptions } from './schema.ts';

interface Line {
  readonly text: string;
  readonly origin?: string;
}

/**
 * What a configuration comes to, as a YAML configuration that comes to the same: every option of every sync, and of a
 * target what it says itself, each with where it comes from behind `#`. Options that are not set are left out.
 */
export function describeConfig(
  { document }: Pick<LoadedConfig, 'document'>,
  config: EffectiveConfig,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const writer = new Writer((path) => {
    const position = document.locate(path, 'key');
    return position === undefined ? document.file : `${document.file}:${position.line}`;
  });
  const { log, statusInterval, ...settings } = config.settings;
  writer.add(0, 'log:');
  for (const [key, value] of Object.entries(log))
    writer.addValue(1, key, value, config.origins.get(`log.${key}`));
  // Without a status file its interval says nothing.
  const shown = settings.statusFile === undefined ? settings : { ...settings, statusInterval };
  for (const [key, value] of Object.entries(shown))
    if (value !== undefined) writer.addValue(0, key, value, config.origins.get(key));
  writer.add(0, 'syncs:');
  for (const sync of config.syncs) addSync(writer, sync, environment);
  return writer.end();
}

function addSync(
  writer: Writer,
  sync: EffectiveSync,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  writer.addValue(1, '- source', sync.source, { kind: 'file', path: [...sync.path, 'source'] });
  writer.add(2, 'targets:');
  for (const target of sync.targets) addTarget(writer, target);
  const used = (Object.keys(optionShape) as OptionName[]).filter((name) =>
    sync.targets.some(({ place }) => !unusedOptions(place.kind).includes(name)),
  );
  addOptions(writer, 2, sync, (name) => used.includes(name.replace(/\..*/, '') as OptionName));
  const { RSYNC_RSH } = environment;
  if (RSYNC_RSH !== undefined && sync.values.rsync.rsh === undefined)
    writer.add(2, `# remote shell of rsync: ${JSON.stringify(RSYNC_RSH)}`, 'environment RSYNC_RSH');
}

function addTarget(writer: Writer, target: EffectiveTarget): void {
  const origin: Origin = { kind: 'file', path: target.path };
  for (const [index, [key, value]] of Object.entries(target.place).entries())
    writer.addValue(3, `${index === 0 ? '- ' : '  '}${key}`, value, origin);
  addOptions(writer, 4, target, (name) => target.own.has(name));
}

/** In the order of the schema, groups last key by key. */
function addOptions(
  writer: Writer,
  depth: number,
  { values, origins }: EffectiveOptions,
  isShown: (name: string) => boolean,
): void {
  for (const name of Object.keys(optionShape) as OptionName[]) {
    const value: unknown = values[name];
    if (typeof value !== 'object' || Array.isArray(value)) {
      if (value !== undefined && isShown(name)) writer.addValue(depth, name, value, origins.get(name));
      continue;
    }
    const shown = Object.entries(value ?? {}).filter(([key]) => isShown(`${name}.${key}`));
    if (shown.length > 0) writer.add(depth, `${name}:`);
    for (const [key, inner] of shown) writer.addValue(depth + 1, key, inner, origins.get(`${name}.${key}`));
  }
}

class Writer {
  readonly #lines: Line[] = [];
  readonly #place: (path: ConfigPath) => string;

  /** `place` gives the file and line of what is written there. */
  constructor(place: (path: ConfigPath) => string) {
    this.#place = place;
  }

  add(depth: number, text: string, origin?: string): void {
    this.#lines.push({ text: `${'  '.repeat(depth)}${text}`, ...(origin === undefined ? {} : { origin }) });
  }

  addValue(depth: number, key: string, value: unknown, origin: Origin | undefined): void {
    if (typeof value === 'function') {
      this.add(depth, `# ${key}: a function`, origin === undefined ? undefined : this.#originText(origin));
      return;
    }
    const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false });
    this.add(depth, `${key}: ${text.trimEnd()}`, origin === undefined ? undefined : this.#originText(origin));
  }

  /** The origins stand below each other. */
  end(): string {
    const longest = Math.max(...this.#lines.map(({ text }) => text.length));
    const width = Math.min(longest, 60);
    return this.#lines
      .map(({ text, origin }) => `${origin === undefined ? text : `${text.padEnd(width)}  # ${origin}`}\n`)
      .join('');
  }

  #originText(origin: Origin): string {
    switch (origin.kind) {
      case 'default':
        return 'default';
      case 'file':
        return this.#place(origin.path);
      case 'commandLine':
        return `command line ${origin.option}`;
      case 'environment':
        return `environment ${origin.variable}`;
    }
  }
}
