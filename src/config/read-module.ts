import { createJiti } from 'jiti';
import type { ConfigDocument, Position } from './config-document.ts';
import { ConfigError } from './config-error.ts';
import { defineConfig } from './define-config.ts';

/**
 * Runs a configuration in TypeScript or JavaScript and gives its default export. `import ... from 'syncline'` is this
 * program, wherever the file is. Throws a ConfigError for what it throws.
 */
export async function readModule(file: string, absolutePath: string): Promise<ConfigDocument> {
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    virtualModules: { syncline: { defineConfig } },
  });
  try {
    const value: unknown = await jiti.import(absolutePath, { default: true });
    return { file, value, locate: () => undefined };
  } catch (error) {
    throw new ConfigError(file, [{ path: [], ...reasonOf(error, absolutePath) }], 'CONFIG', { cause: error });
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
