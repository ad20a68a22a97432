/** Where in a configuration: keys and indexes from the top. */
export type ConfigPath = readonly (string | number)[];

/** Counted from 1. */
export interface Position {
  readonly line: number;
  /** Not known where a program went wrong. */
  readonly column?: number;
}

/** A configuration that is a program. */
export interface ConfigModule {
  /** Absolute. */
  readonly path: string;
  /** What was made of its texts, as `readModule` takes it, so that it need not be made again. */
  readonly compiled: ReadonlyMap<string, string>;
}

/** A configuration file that has been read, not yet checked. */
export interface ConfigDocument {
  /** As it is to be shown. */
  readonly file: string;
  readonly value: unknown;
  /**
   * Where the value at `path` stands, or its key with `of: 'key'`; the nearest thing around it if it is not written
   * there. Undefined where a file is a program.
   */
  readonly locate: (path: ConfigPath, of: 'key' | 'value') => Position | undefined;
  /** The program that it is. */
  readonly module?: ConfigModule;
}

/** `syncs[0].rsync.extra`; the whole is `''`. */
export function pathText(path: ConfigPath): string {
  return path
    .map((part) =>
      typeof part === 'number'
        ? `[${part}]`
        : /^[\w$]+$/.test(part)
          ? `.${part}`
          : `[${JSON.stringify(part)}]`,
    )
    .join('')
    .replace(/^\./, '');
}
