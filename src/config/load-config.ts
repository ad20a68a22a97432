import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConfigDocument } from './config-document.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { explainIssues } from './explain-issues.ts';
import type { LuaHost } from './lsyncd/lua-host.ts';
import type { LsyncdConfig } from './lsyncd/read-lsyncd.ts';
import { type RightConfig, rightPart } from './right-part.ts';
import { configSchema, type ReadConfig } from './schema.ts';

/** A configuration whose keys, types and values are right, each by itself. */
export interface LoadedConfig<C extends RightConfig = ReadConfig> {
  /** Of its file, absolute. */
  readonly path: string;
  /** What relative paths in it count from, absolute: its own directory; of a Lua file the working directory. */
  readonly directory: string;
  readonly document: ConfigDocument;
  readonly config: C;
  /** Another one when a text has changed that the configuration is made of; what a module imports is not known. */
  readonly program: string;
  /** What a Lua configuration says beyond that. */
  readonly lsyncd?: Omit<LsyncdConfig, 'document' | 'problems'>;
}

/** A configuration with wrong keys, types or values. */
export class WrongConfigError extends ConfigError {
  constructor(
    file: string,
    problems: readonly ConfigProblem[],
    /** The same without them, to look for more that is wrong; undefined where too little is left. */
    readonly right: LoadedConfig<RightConfig> | undefined,
  ) {
    super(file, problems);
  }
}

/** What of a configuration is right, and what is wrong with the rest. Rejects where too little is left. */
export async function asFarAsRight(
  loading: Promise<LoadedConfig>,
): Promise<{ readonly loaded: LoadedConfig<RightConfig>; readonly wrong: readonly ConfigProblem[] }> {
  try {
    return { loaded: await loading, wrong: [] };
  } catch (error) {
    if (!(error instanceof WrongConfigError) || error.right === undefined) throw error;
    return { loaded: error.right, wrong: error.problems };
  }
}

/** Runs a program elsewhere before it is run here, and gives what `readModule` takes. Rejects where it is not to be run here. */
export type ModuleTrial = (file: string, absolutePath: string) => Promise<ReadonlyMap<string, string>>;

const UNTRIED: ModuleTrial = () => Promise.resolve(new Map());

/**
 * Reads the file at `file`, relative to `directory`; `.lua` or `.conf` is one of Lsyncd's, which runs in `host`. Throws a
 * WrongConfigError with all that is wrong in it, or a ConfigError where it cannot be read.
 */
export async function loadConfig(
  file: string,
  directory: string,
  host: LuaHost,
  tryFirst = UNTRIED,
): Promise<LoadedConfig> {
  const absolutePath = path.resolve(directory, file);
  if (['lua', 'conf'].includes(endingOf(file))) return loadLsyncd([file], directory, host);
  const document = await readDocument(file, absolutePath, tryFirst);
  return check({
    path: absolutePath,
    directory: path.dirname(absolutePath),
    document,
    program: programOf([bytesOf(file, absolutePath)]),
  });
}

/**
 * Runs Lua files of Lsyncd's in their order; the last one is the configuration, and `syncs` are those that are said
 * elsewhere, before its own. Throws as `loadConfig`.
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
  const { document, problems, ...lsyncd } = readLsyncd(sources, host);
  const absolutePath = path.resolve(directory, document.file);
  const value = document.value as { readonly syncs: readonly unknown[] };
  const whole = { ...document, value: { ...value, syncs: [...syncs, ...value.syncs] } };
  const program = programOf([...sources.map(({ text }) => text), ...lsyncd.files.values()]);
  return check({ path: absolutePath, directory, document: whole, program, lsyncd }, problems);
}

function programOf(texts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}\n`).update(text);
  return hash.digest('hex');
}

/** `problems`: what has been found before. */
function check(parts: Omit<LoadedConfig, 'config'>, problems: readonly ConfigProblem[] = []): LoadedConfig {
  const { document } = parts;
  const result = configSchema.safeParse(document.value, { reportInput: false });
  if (result.success && problems.length === 0) return { ...parts, config: result.data };
  const issues = (result.error?.issues ?? []).filter(({ path: where }) => !isLeftOut(document, where));
  const found = explainIssues(issues, document);
  const config = rightPart(
    document.value,
    found.map(({ path: where }) => where),
  );
  throw new WrongConfigError(document.file, [...problems, ...found], config && { ...parts, config });
}

/** A sync that is undefined, of which it has been told why. */
function isLeftOut({ value }: ConfigDocument, [first, index, ...others]: readonly PropertyKey[]): boolean {
  const { syncs } = (value ?? {}) as { readonly syncs?: unknown };
  if (first !== 'syncs' || typeof index !== 'number' || others.length > 0) return false;
  return Array.isArray(syncs) && syncs[index] === undefined;
}

function endingOf(file: string): string {
  return path.extname(file).slice(1).toLowerCase();
}

async function readDocument(
  file: string,
  absolutePath: string,
  tryFirst: ModuleTrial,
): Promise<ConfigDocument> {
  const ending = endingOf(file);
  switch (ending) {
    case 'yaml':
    case 'yml':
      return (await import('./read-text.ts')).readYaml(file, textOf(file, absolutePath));
    case 'json':
      return (await import('./read-text.ts')).readJson(file, textOf(file, absolutePath));
    case 'ts':
    case 'mts':
    case 'js':
    case 'mjs': {
      // Read first, so that a missing file is told of in the same way.
      textOf(file, absolutePath);
      const compiled = await tryFirst(file, absolutePath);
      return (await import('./read-module.ts')).readModule(file, absolutePath, compiled);
    }
    default:
      throw new ConfigError(file, [
        {
          path: [],
          message: `found the ending "${ending}"; allowed: ts, mts, js, mjs, json, yaml, yml, lua, conf`,
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
