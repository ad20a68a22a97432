import type { ConfigDocument } from '../../config/config-document.ts';
import { ConfigError } from '../../config/config-error.ts';
import { asFarAsRight, type LoadedConfig, loadLsyncd } from '../../config/load-config.ts';
import { type EffectiveConfig, type Override, resolveConfig } from '../../config/resolve-config.ts';
import { findWrong } from '../check-config.ts';
import { placesIn } from '../config-mirrors.ts';
import { createLuaHost } from '../create-lua-host.ts';
import type { ProgramIo } from '../program-io.ts';
import { loadAddon } from '../../addon/load-addon.ts';
import { syncsOfRequest } from './lsyncd-syncs.ts';
import type { LsyncdRequest, LsyncdSettings } from './lsyncd-request.ts';

/** What a command line of Lsyncd's comes to, with the Lua files that it names. */
export interface LoadedRequest {
  readonly document: ConfigDocument;
  readonly config: EffectiveConfig;
  /** Those of the command line over those of the Lua files. */
  readonly settings: LsyncdSettings;
  /** What is left out or means something else here, one line each. */
  readonly notices: readonly string[];
}

/**
 * Runs the Lua files of a request, if it names any, and checks all that is said. Relative names count from `directory`.
 * Throws a ConfigError; nothing has been started then.
 */
export async function loadRequest(
  request: LsyncdRequest,
  directory: string,
  io: Pick<ProgramIo, 'environment' | 'stdout'>,
): Promise<LoadedRequest> {
  const { configFile, scripts } = request;
  const files = [...scripts, ...(configFile === undefined ? [] : [configFile])];
  const syncs = syncsOfRequest(request);
  const { loaded, wrong: wrongBefore } = await asFarAsRight(
    files.length === 0
      ? Promise.resolve(ofCommandLine(syncs, directory))
      : loadLsyncd(files, directory, createLuaHost(io.environment, directory, io.stdout), syncs),
  );
  const settings = { ...Object.fromEntries(loaded.lsyncd?.settings ?? []), ...request.settings };
  const config = resolveConfig(loaded, overrides(request, settings), placesIn(directory, undefined));
  // A run looks at the same of what is said on the command line, and tells it in words that suit one.
  if (files.length === 0) return { document: loaded.document, config, settings, notices: [] };
  const parts = { loaded, config, wrong: wrongBefore, addon: loadAddon(), environment: io.environment };
  const wrong = findWrong(parts);
  if (wrong.length > 0) throw new ConfigError(loaded.document.file, wrong);
  return { document: loaded.document, config, settings, notices: loaded.lsyncd?.notices ?? [] };
}

/** A configuration that is not in a file. */
function ofCommandLine(syncs: LoadedConfig['config']['syncs'], directory: string): LoadedConfig {
  const config = { syncs };
  const document = { file: 'the command line', value: config, locate: () => undefined };
  return { path: directory, directory, document, config, program: '' };
}

/** What Lsyncd puts over what the syncs say. */
function overrides({ delay }: LsyncdRequest, { onepass, maxDelays }: LsyncdSettings): Override[] {
  return [
    { option: 'lsyncd', options: { allowEmptySource: 'running' } },
    ...(maxDelays === undefined ? [] : [{ option: 'settings.maxDelays', options: { maxNames: maxDelays } }]),
    ...(delay === undefined ? [] : [{ option: '-delay', options: { delay, maxDelay: delay } }]),
    ...(onepass === true ? [{ option: '-onepass', options: { once: true } }] : []),
  ];
}
