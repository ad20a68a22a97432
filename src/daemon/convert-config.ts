import path from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { loadLsyncd } from '../config/load-config.ts';
import { writeConfig } from '../config/write-config.ts';
import { createLuaHost } from './create-lua-host.ts';
import type { ProgramIo } from './program-io.ts';

/**
 * `syncline convert`: writes a Lua configuration of Lsyncd's as one of ours, and on the standard error what it cannot say.
 * Resolves with 0 if that is nothing, else 1. Throws a ConfigError for a configuration that is wrong.
 */
export async function convertConfig(
  { file, form }: { readonly file: string; readonly form: 'yaml' | 'ts' },
  io: ProgramIo,
): Promise<number> {
  const directory = process.cwd();
  const host = createLuaHost(io.environment, directory, io.stderr);
  const { document, lsyncd } = await loadLsyncd([file], directory, host);
  const left = [...(lsyncd?.notices ?? []), ...(lsyncd?.unsaid ?? [])];
  for (const notice of left) io.stderr.write(`syncline: ${notice}\n`);
  if (lsyncd?.convertible === undefined)
    throw new ConfigError(file, [{ path: [], message: 'nothing of it can be carried over' }]);
  io.stdout.write(
    writeConfig(lsyncd.convertible, form, `From ${path.basename(document.file)} by syncline convert.`),
  );
  return left.length === 0 ? 0 : 1;
}
