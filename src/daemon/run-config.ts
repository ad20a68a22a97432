import os from 'node:os';
import path from 'node:path';
import { filter, merge, NEVER } from 'rxjs';
import { loadAddon } from '../addon/load-addon.ts';
import { ConfigError } from '../config/config-error.ts';
import { fileChanges$, type FilesToWatch } from '../config/file-changes.ts';
import { findConfig } from '../config/find-config.ts';
import { asFarAsRight, type LoadedConfig, loadConfig } from '../config/load-config.ts';
import { type EffectiveConfig, resolveConfig } from '../config/resolve-config.ts';
import type { RightConfig } from '../config/right-part.ts';
import { listOf } from '../config/rsync-keys.ts';
import { pathFromText, type PathBytes } from '../model/path-bytes.ts';
import { type ConfigParts, findUnready, findWrong } from './check-config.ts';
import { findUnwritable } from './check-own-files.ts';
import { mirrorsOf, placesIn, settingsOf } from './config-mirrors.ts';
import { ConfigReload } from './config-reload.ts';
import type { ConfigRequest } from './config-request.ts';
import { createLuaHost } from './create-lua-host.ts';
import { explainUnable } from './explain-unable.ts';
import { guardLoading } from './guard-loading.ts';
import { tryModule } from './module-trial.ts';
import type { ProgramIo } from './program-io.ts';
import { runMirrors } from './run-mirrors.ts';
import type { Unable } from './run-parts.ts';
import { planRun } from './target-plan.ts';

/**
 * `syncline run`: mirrors what the configuration says, and goes over to what it says by then at each HUP, and at each
 * change of its files if `isWatched`; resolves as `runMirrors`. Throws a ConfigError before anything is started.
 */
export async function runConfig(request: ConfigRequest, io: ProgramIo): Promise<number> {
  const file = foundFile(request.file);
  let watched: FilesToWatch = new Map([[fileAt(file), Date.now()]]);
  const readAll = async (signal?: AbortSignal) => {
    const sinceMs = Date.now();
    const since = (files: readonly PathBytes[]): FilesToWatch => new Map(files.map((one) => [one, sinceMs]));
    const { loaded, config, wrong } = await read({ ...request, file }, io, signal);
    const further = [...(loaded.lsyncd?.files.keys() ?? [])].map((name) => name as PathBytes);
    const ownFiles = [fileAt(file), ...further];
    // Those of a configuration that turns out wrong may be mended.
    watched = new Map([...watched, ...since([...ownFiles, ...ruleFilesOf(config)])]);
    refuse(loaded, findWrong(partsOf({ loaded, config, wrong }, io)));
    const [mirrors, settings] = [mirrorsOf(config), settingsOf(config)];
    const plan = planRun(mirrors, settings, loadAddon());
    watched = since([...ownFiles, ...plan.targets.flatMap(({ rules }) => rules.files)]);
    return {
      mirrors,
      settings,
      plan,
      explain: (unable: readonly Unable[]) => explainUnable(unable, loaded.document, config),
    };
  };
  const changes$ = request.isWatched ? fileChanges$(() => watched) : NEVER;
  const changer = new ConfigReload(merge(io.hangUps$, changes$), readAll);
  try {
    const { mirrors, settings } = await readAll();
    const signals$ = io.signals$.pipe(filter((signal) => signal !== 'SIGHUP'));
    return await runMirrors(mirrors, settings, { ...io, signals$ }, { changer });
  } finally {
    changer.end();
  }
}

/** Files with rules that the configuration itself names. */
function ruleFilesOf({ syncs }: EffectiveConfig): readonly PathBytes[] {
  const keys = ['filterFrom', 'includeFrom', 'excludeFrom'] as const;
  return syncs
    .flatMap(({ targets }) => targets)
    .flatMap(({ values }) => keys.flatMap((key) => listOf(values[key])))
    .map(pathFromText);
}

function fileAt(file: string): PathBytes {
  return pathFromText(path.resolve(process.cwd(), file));
}

/** `syncline check`: 0 when `syncline run` would mirror everything. Throws a ConfigError with all that is in the way. */
export async function checkConfig(request: ConfigRequest, io: ProgramIo): Promise<number> {
  const parts = partsOf(await read(request, io), io);
  const { loaded, config } = parts;
  const ended = new AbortController();
  const signals = io.signals$.subscribe(() => {
    ended.abort();
  });
  try {
    const wrong = [...findWrong(parts), ...findUnwritable(loaded, config)];
    const unready = await findUnready(parts, ended.signal);
    refuse(loaded, [...wrong, ...unready], wrong.length > 0 ? 'CONFIG' : 'TARGET');
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
  const parts = partsOf(await read(request, io), io);
  const { loaded, config } = parts;
  refuse(loaded, findWrong(parts));
  const { describeConfig } = await import('../config/describe-config.ts');
  io.stdout.write(describeConfig(loaded, config, io.environment));
  return 0;
}

/** A configuration that is right as far as it goes, and what is `wrong` with the rest. */
type PartlyRead = Pick<ConfigParts, 'config' | 'wrong'> & { readonly loaded: LoadedConfig<RightConfig> };

/** `signal` ends the reading. */
async function read(
  { file, overrides }: ConfigRequest,
  io: ProgramIo,
  signal?: AbortSignal,
): Promise<PartlyRead> {
  const directory = process.cwd();
  const host = createLuaHost(io.environment, directory, io.stderr);
  const found = foundFile(file);
  const ended = (): void => {
    io.stderr.write(`syncline: ${found}: it has ended the program while it was loaded\n`);
    process.exitCode = 2;
  };
  const load = () =>
    asFarAsRight(loadConfig(found, directory, host, (name, at) => tryModule(name, at, signal)));
  const { loaded, wrong } = await guardLoading(found, load, ended);
  for (const notice of loaded.lsyncd?.notices ?? []) io.stderr.write(`syncline: ${notice}\n`);
  const places = placesIn(loaded.directory, io.environment.HOME ?? os.homedir());
  return { loaded, config: resolveConfig(loaded, overrides, places), wrong };
}

/** `file` itself; without it the one that is found, by its name alone where it is in the working directory. */
function foundFile(file: string | undefined): string {
  if (file !== undefined) return file;
  const directory = process.cwd();
  const found = findConfig(directory);
  return path.dirname(found) === directory ? path.basename(found) : found;
}

function partsOf(read: PartlyRead, { environment }: ProgramIo): ConfigParts & PartlyRead {
  return { ...read, addon: loadAddon(), environment };
}

function refuse(
  { document }: Pick<LoadedConfig, 'document'>,
  problems: ConfigError['problems'],
  code: 'CONFIG' | 'TARGET' = 'CONFIG',
): void {
  if (problems.length > 0) throw new ConfigError(document.file, problems, code);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
