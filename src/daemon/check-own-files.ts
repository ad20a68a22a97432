import { accessSync, constants, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { type ConfigProblem, problemAt } from '../config/config-error.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { EffectiveConfig } from '../config/resolve-config.ts';

/** Why the files that a run itself writes (log, pid file, status file) cannot be written as things are now; makes none. */
export function findUnwritable(
  { document }: Pick<LoadedConfig, 'document'>,
  { settings, origins }: Pick<EffectiveConfig, 'settings' | 'origins'>,
): readonly ConfigProblem[] {
  const { R_OK, W_OK } = constants;
  const files = [
    ['log.file', settings.log.file, W_OK],
    ['pidFile', settings.pidFile, R_OK | W_OK],
    // It is renamed into its place.
    ['statusFile', settings.statusFile, undefined],
  ] as const;
  return files.flatMap(([name, file, mode]) => {
    const reason = file === undefined ? undefined : reasonAgainst(file, mode);
    if (file === undefined || reason === undefined) return [];
    const origin = origins.get(name);
    const said = origin?.kind === 'file' ? origin.path : name.split('.');
    return [problemAt(document, said, `${file} cannot be written: ${reason}`)];
  });
}

/** `mode`: how a file that is there has to be open to us; undefined where another takes its place. */
function reasonAgainst(file: string, mode: number | undefined): string | undefined {
  const there = lookAt(file);
  if (typeof there === 'string') return there;
  if (there?.isDirectory() === true) return 'it is a directory';
  if (there !== undefined && mode !== undefined) return refusal(file, mode, 'no permission');
  const directory = path.dirname(file);
  const around = lookAt(directory);
  if (typeof around === 'string') return around;
  if (around === undefined) return `the directory ${directory} does not exist`;
  return refusal(directory, constants.W_OK | constants.X_OK, `no permission to make a file in ${directory}`);
}

/** Undefined where there is nothing; a text where that cannot be told. */
function lookAt(file: string): Stats | undefined | string {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return code === 'ENOTDIR' ? 'a part of the path is not a directory' : code;
  }
}

function refusal(file: string, mode: number, denied: string): string | undefined {
  try {
    accessSync(file, mode);
    return undefined;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return code === 'EACCES' ? denied : code;
  }
}
