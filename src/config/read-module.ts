import { createJiti } from 'jiti';
import type { ConfigDocument, Position } from './config-document.ts';
import { ConfigError } from './config-error.ts';
import { defineConfig } from './define-config.ts';

/**
 * Runs a configuration in TypeScript or JavaScript and gives its default export. `import ... from 'syncline'` is this
 * program, wherever the file is. Texts that are `known` as they are once compiled are not compiled again. Throws a
 * ConfigError for what it throws.
 */
export async function readModule(
  file: string,
  absolutePath: string,
  known: ReadonlyMap<string, string> = new Map(),
): Promise<ConfigDocument> {
  const options = { fsCache: false, moduleCache: false };
  const compiler = createJiti(import.meta.url, options);
  const compiled = new Map(known);
  const jiti = createJiti(import.meta.url, {
    ...options,
    virtualModules: { syncline: { defineConfig } },
    transform: (text) => {
      const key = [text.filename, text.async, text.source].join('\n');
      const code = compiled.get(key) ?? compiler.transform(text);
      compiled.set(key, code);
      return { code };
    },
  });
  try {
    const exported = await loaded(jiti.import<Readonly<Record<string, unknown>>>(absolutePath));
    if (!('default' in exported)) {
      const message =
        'it has no default export; write: export default { syncs: [...] }, or export default defineConfig({ ... })';
      throw new ConfigError(file, [{ path: [], message }]);
    }
    const module = { path: absolutePath, compiled };
    return { file, value: exported.default, locate: () => undefined, module };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(file, [{ path: [], ...reasonOf(error, absolutePath) }], 'CONFIG', { cause: error });
  }
}

/** A configuration may do no more than this before it is there, as a Lua file. */
const LOAD_LIMIT_MS = 10_000;

/** What `loading` comes to; fails when it takes too long. */
async function loaded<T>(loading: Promise<T>): Promise<T> {
  let give = (_error: unknown): void => undefined;
  const wrong = new Promise<never>((_resolve, reject) => {
    give = reject;
  });
  // Keeps the program alive where nothing else would: an await that nothing can end is told of too.
  const timer = setTimeout(() => {
    give(
      new Error(`it was not loaded after ${LOAD_LIMIT_MS / 1000} s: an await at its top level does not end`),
    );
  }, LOAD_LIMIT_MS);
  try {
    return await Promise.race([loading, wrong]);
  } finally {
    clearTimeout(timer);
  }
}

/** What was thrown in one line, and where in the file, if that is said: by jiti's parser or by the stack. */
function reasonOf(error: unknown, absolutePath: string): { message: string; position?: Position } {
  const text = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
  const [parsed, line, column] = placeIn(text, absolutePath);
  if (parsed !== undefined) {
    const message = text
      .replace(parsed, '')
      .replace(/^ParseError: /, '')
      .trim();
    return { message, position: { line: Number(line), column: Number(column) + 1 } };
  }
  // Lines are those of the file, columns those of what was made of it.
  const [, thrownLine] = placeIn(error instanceof Error ? (error.stack ?? '') : '', absolutePath);
  return thrownLine === undefined
    ? { message: text }
    : { message: text, position: { line: Number(thrownLine) } };
}

/** The first `FILE:LINE:COLUMN` in `text`: all of it, line, column. */
function placeIn(text: string, file: string): readonly (string | undefined)[] {
  const start = text.indexOf(`${file}:`);
  const [numbers, line, column] =
    start < 0 ? [] : (/^:(\d+):(\d+)/.exec(text.slice(start + file.length)) ?? []);
  return numbers === undefined ? [] : [`${file}${numbers}`, line, column];
}
