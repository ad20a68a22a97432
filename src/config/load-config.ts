import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConfigDocument } from './config-document.ts';
import { ConfigError } from './config-error.ts';
import { explainIssues } from './explain-issues.ts';
import type { LuaHost } from './lsyncd/lua-host.ts';
import type { LsyncdConfig } from './lsyncd/read-lsyncd.ts';
import { readModule } from './read-module.ts';
import { readJson, readYaml } from './read-text.ts';
import { configSchema, type ReadConfig } from './schema.ts';

/** A configuration whose keys, types and values are right, each by itself. */
export interface LoadedConfig {
  /** Of its file, absolute. */
  readonly path: string;
  /** What relative paths in it count from, absolute: its own directory; of a Lua file the working directory. */
  readonly directory: string;
  readonly document: ConfigDocument;
  readonly config: ReadConfig;
  /** What a Lua configuration says beyond that. */
  readonly lsyncd?: Omit<LsyncdConfig, 'document'>;
}

/**
 * Reads the file at `file`, relative to `directory`; `.lua` is one of Lsyncd's, which runs in `host`. Throws a ConfigError
 * with all that is wrong with it.
 */
export async function loadConfig(file: string, directory: string, host: LuaHost): Promise<LoadedConfig> {
  const absolutePath = path.resolve(directory, file);
  if (endingOf(file) === 'lua') return loadLsyncd([file], directory, host);
  const document = await readDocument(file, absolutePath);
  return { path: absolutePath, directory: path.dirname(absolutePath), document, config: check(document) };
}

/**
 * Runs Lua files of Lsyncd's in their order; the last one is the configuration, and `syncs` are those that are said
 * elsewhere, before its own. Throws a ConfigError as `loadConfig`.
 */
export async function loadLsyncd(
  files: readonly string[],
  directory: string,
  host: LuaHost,
  syncs: ReadConfig['syncs'] = [],
): Promise<LoadedConfig> {
  const { readLsyncd } = await import('./lsyncd/read-lsyncd.ts');
  const sources = files.map((file) => ({
    name: file,
    text: bytesOf(file, path.resolve(directory, file)).toString('latin1'),
  }));
  const { document, ...lsyncd } = readLsyncd(sources, host);
  const absolutePath = path.resolve(directory, document.file);
  const value = document.value as { readonly syncs: readonly unknown[] };
  const whole = { ...document, value: { ...value, syncs: [...syncs, ...value.syncs] } };
  return { path: absolutePath, directory, document: whole, config: check(whole), lsyncd };
}

function check(document: ConfigDocument): ReadConfig {
  const result = configSchema.safeParse(document.value, { reportInput: false });
  if (result.success) return result.data;
  throw new ConfigError(document.file, explainIssues(result.error.issues, document));
}

function endingOf(file: string): string {
  return path.extname(file).slice(1).toLowerCase();
}

async function readDocument(file: string, absolutePath: string): Promise<ConfigDocument> {
  const ending = endingOf(file);
  switch (ending) {
    case 'yaml':
    case 'yml':
      return readYaml(file, textOf(file, absolutePath));
    case 'json':
      return readJson(file, textOf(file, absolutePath));
    case 'ts':
    case 'mts':
    case 'js':
    case 'mjs':
      // Read first, so that a missing file is told of in the same way.
      textOf(file, absolutePath);
      return readModule(file, absolutePath);
    default:
      throw new ConfigError(file, [
        {
          path: [],
          message: `found the ending "${ending}"; allowed: ts, mts, js, mjs, json, yaml, yml, lua`,
        },
      ]);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'a directory, not a file',
};

function textOf(file: string, absolutePath: string): string {
  const bytes = bytesOf(file, absolutePath);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const message = 'it is not UTF-8; names in other bytes can stand in a file for excludeFrom or filterFrom';
    throw new ConfigError(file, [{ path: [], message }], 'CONFIG', { cause: error });
  }
}

function bytesOf(file: string, absolutePath: string): Buffer {
  try {
    return readFileSync(absolutePath);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new ConfigError(file, [{ path: [], message: REASONS[code] ?? code }], 'CONFIG', { cause: error });
  }
}
