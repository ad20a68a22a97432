/** The types of what the native addon offers. Everything that crosses is bytes and numbers; see `native/addon/`. */

/** One rule of rsync's filter language, already parsed: `src/filter` reads the text, the addon matches. */
export interface NativeFilterRule {
  /** True: what matches is kept. False: it is left out. */
  readonly include: boolean;
  /** Raw bytes (latin1) as in the rule, without the leading `/` of an anchor and the trailing `/` of a directory rule. */
  readonly pattern: string;
  readonly anchored: boolean;
  readonly directoryOnly: boolean;
  /** The `!` modifier: the rule acts where the pattern does not match. */
  readonly negated: boolean;
  /**
   * The `/` modifier: the absolute path of the tree without its first slash. A pattern with a slash or `**` is then
   * matched against `prefix/path` instead of `path`.
   */
  readonly prefix?: string;
}

/** A compiled list of rules; immutable, may be shared by watches. */
export interface NativeFilter {
  /** True when the rules hide `path` itself or a directory above it. `path` is latin1 bytes relative to the root. */
  excludes(path: string, isDirectory: boolean): boolean;
  /** An event batch without what the rules exclude; a move across the border becomes a `changed`. The same buffer if nothing is dropped. */
  select(batch: Buffer): Buffer;
}

/** A part of a watched tree, or all of it, that has rules of its own. */
export interface NativeWatchedTree {
  /** Relative to the root, raw bytes; empty is all of it. */
  readonly directory: Buffer;
  /** Keeps everything if it is not given. */
  readonly filter?: NativeFilter;
}

export interface NativeWatchOptions {
  /** Absolute path of the directory to watch, raw bytes. */
  readonly root: Buffer;
  /** Directories it excludes are neither entered nor watched. */
  readonly filter?: NativeFilter;
  /** Parts of the tree that somebody watches by other rules: what these keep, `filter` does not leave out. */
  readonly trees?: readonly NativeWatchedTree[];
  readonly scanThreads?: number;
  /** Cap for the records waiting for JavaScript; above it they collapse into `rescan`. */
  readonly maxPendingBytes?: number;
  /** How long an unpaired half of a move is kept after the queue ran dry. */
  readonly moveDeadlineMs?: number;
}

export interface NativeWatchStats {
  readonly directories: number;
  /** Directories the scan has listed so far, and names it has seen in them. */
  readonly scannedDirectories: number;
  readonly scannedEntries: number;
  /** True until the first scan is through. */
  readonly scanning: boolean;
  readonly events: number;
  readonly overflows: number;
}

/** A running watch. Starts in its constructor; throws an Error with `errno` and `syscall` if the root cannot be watched. */
export interface NativeWatch {
  /** The records merged since the last call as one flat buffer, or null if there are none. */
  take(): Buffer | null;
  /** Asks for a `barrier` record with this 32-bit token behind everything that has happened so far (first scan included). */
  barrier(token: number): void;
  stats(): NativeWatchStats;
  /** Stops the threads and frees the watches. Afterwards `onReady` is not called again. Idempotent, synchronous. */
  close(): void;
}

export interface NativeAddon {
  readonly Filter: {
    new (rules: readonly NativeFilterRule[]): NativeFilter;
    /** What is wrong with a pattern (latin1 bytes, as in the rule) that rsync would take and never match; null if nothing is. */
    patternProblem(pattern: string): string | null;
  };
  /** `onReady` rings when `take` has something to give; it is not repeated until `take` was called. */
  readonly Watch: new (options: NativeWatchOptions, onReady: () => void) => NativeWatch;
}
