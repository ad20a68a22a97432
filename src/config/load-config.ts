import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConfigDocument } from './config-document.ts';
import { ConfigError } from './config-error.ts';
import { explainIssues } from './explain-issues.ts';
import { readModule } from './read-module.ts';
import { readJson, readYaml } from './read-text.ts';
import { configSchema, type ReadConfig } from './schema.ts';

/** A configuration whose keys, types and values are right, each by itself. */
export interface LoadedConfig {
  /** Absolute; relative paths in it count from its directory. */
  readonly path: string;
  readonly document: ConfigDocument;
  readonly config: ReadConfig;
}

/** Reads the file at `file`, relative to `directory`. Throws a ConfigError with all that is wrong with it. */
export async function loadConfig(file: string, directory: string): Promise<LoadedConfig> {
  const absolutePath = path.resolve(directory, file);
  const document = await readDocument(file, absolutePath);
  const result = configSchema.safeParse(document.value, { reportInput: false });
  if (result.success) return { path: absolutePath, document, config: result.data };
  throw new ConfigError(file, explainIssues(result.error.issues, document));
}

async function readDocument(file: string, absolutePath: string): Promise<ConfigDocument> {
  const ending = path.extname(file).slice(1).toLowerCase();
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
        { path: [], message: `found the ending "${ending}"; allowed: ts, mts, js, mjs, json, yaml, yml` },
      ]);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'a directory, not a file',
};

function textOf(file: string, absolutePath: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(absolutePath));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const message =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? 'it is not UTF-8; names in other bytes can stand in a file for excludeFrom or filterFrom'
        : (REASONS[code] ?? code);
    throw new ConfigError(file, [{ path: [], message }], 'CONFIG', { cause: error });
  }
}
