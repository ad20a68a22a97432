import os from 'node:os';
import path from 'node:path';
import { loadAddon } from '../addon/load-addon.ts';
import { ConfigError } from '../config/config-error.ts';
import { describeConfig } from '../config/describe-config.ts';
import { findConfig } from '../config/find-config.ts';
import { type LoadedConfig, loadConfig } from '../config/load-config.ts';
import { type EffectiveConfig, resolveConfig } from '../config/resolve-config.ts';
import { type ConfigParts, findUnready, findWrong } from './check-config.ts';
import { mirrorsOf, placesIn, settingsOf } from './config-mirrors.ts';
import type { ConfigRequest } from './config-request.ts';
import { createLuaHost } from './create-lua-host.ts';
import type { ProgramIo } from './program-io.ts';
import { runMirrors } from './run-mirrors.ts';

/** `syncline run`: mirrors what the configuration says; resolves as `runMirrors`. Throws a ConfigError before anything is started. */
export async function runConfig(request: ConfigRequest, io: ProgramIo): Promise<number> {
  const { loaded, config } = await read(request, io);
  refuse(loaded, findWrong(partsOf(loaded, config, io)));
  return runMirrors(mirrorsOf(config), settingsOf(config), io);
}

/** `syncline check`: 0 when `syncline run` would mirror everything. Throws a ConfigError with all that is in the way. */
export async function checkConfig(request: ConfigRequest, io: ProgramIo): Promise<number> {
  const { loaded, config } = await read(request, io);
  const parts = partsOf(loaded, config, io);
  const ended = new AbortController();
  const signals = io.signals$.subscribe(() => {
    ended.abort();
  });
  try {
    const wrong = findWrong(parts);
    const unready = await findUnready(parts, ended.signal);
    refuse(loaded, withoutRepeats([...wrong, ...unready]), wrong.length > 0 ? 'CONFIG' : 'TARGET');
  } finally {
    signals.unsubscribe();
  }
  const targets = config.syncs.reduce((sum, sync) => sum + sync.targets.length, 0);
  io.stdout.write(
    `${loaded.document.file}: no problems, ${counted(config.syncs.length, 'sync')}, ${counted(targets, 'target')}\n`,
  );
  return 0;
}

/** `syncline config`: what the configuration comes to, as YAML, each value with where it comes from. */
export async function showConfig(request: ConfigRequest, io: ProgramIo): Promise<number> {
  const { loaded, config } = await read(request, io);
  refuse(loaded, findWrong(partsOf(loaded, config, io)));
  io.stdout.write(describeConfig(loaded, config, io.environment));
  return 0;
}

async function read(
  { file, overrides }: ConfigRequest,
  io: ProgramIo,
): Promise<{ readonly loaded: LoadedConfig; readonly config: EffectiveConfig }> {
  const directory = process.cwd();
  const found = file ?? shortName(findConfig(directory), directory);
  const loaded = await loadConfig(found, directory, createLuaHost(io.environment, directory, io.stderr));
  for (const notice of loaded.lsyncd?.notices ?? []) io.stderr.write(`syncline: ${notice}\n`);
  const places = placesIn(loaded.directory, io.environment.HOME ?? os.homedir());
  return { loaded, config: resolveConfig(loaded, overrides, places) };
}

function shortName(file: string, directory: string): string {
  return path.dirname(file) === directory ? path.basename(file) : file;
}

function partsOf(loaded: LoadedConfig, config: EffectiveConfig, { environment }: ProgramIo): ConfigParts {
  return { loaded, config, addon: loadAddon(), environment };
}

function refuse(
  { document }: LoadedConfig,
  problems: ConfigError['problems'],
  code: 'CONFIG' | 'TARGET' = 'CONFIG',
): void {
  if (problems.length > 0) throw new ConfigError(document.file, problems, code);
}

/** A target that cannot be made is also one that cannot be prepared. */
function withoutRepeats(problems: ConfigError['problems']): ConfigError['problems'] {
  const seen = new Map(problems.map((problem) => [JSON.stringify([problem.path, problem.message]), problem]));
  return [...seen.values()];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
