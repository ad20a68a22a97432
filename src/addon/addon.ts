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
  /** What {@link NativeWatchHistory.position} of an earlier watch of the tree was, to begin there; not every system can. */
  readonly since?: string;
}

/** What a watch knows of the time before it, and leaves to a later one. */
export interface NativeWatchHistory {
  /** True when it began at `since`: all that changed from there on is told. False: it began at its start. */
  readonly resumed: boolean;
  /** Opaque: where a later watch may begin, behind all that `take` has given. Null if there is no such place. */
  readonly position: string | null;
  /** Why `position` is null, or `since` was not taken; empty if neither is so. */
  readonly why: string;
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
  history(): NativeWatchHistory;
  /** Stops the threads and frees the watches. Afterwards `onReady` is not called again. Idempotent, synchronous. */
  close(): void;
}

/** A root by its absolute path (latin1 bytes), and which directory it must be when it is opened. */
export interface NativeRoot {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

/** One batch for the file engine. Paths are latin1 bytes relative to the roots, `''` is the root. */
export interface NativeDeliveryOptions {
  readonly source: NativeRoot;
  /** Undefined only in a dry run: there is none yet. */
  readonly target: NativeRoot | undefined;
  /** `hardLinks`: among the names of one delivery. */
  readonly attributes: Readonly<
    Record<
      | 'links'
      | 'perms'
      | 'times'
      | 'group'
      | 'owner'
      | 'devices'
      | 'specials'
      | 'hardLinks'
      | 'acls'
      | 'xattrs',
      boolean
    >
  >;
  /** Names that are gone on the source are deleted on the target. Without it nothing is moved either. */
  readonly deletes: boolean;
  /** One deletion more is a failure with the scope `batch`; no limit if not given. */
  readonly maxDeletes?: number | undefined;
  /** Tells what would be done and changes nothing; a name may be told more than once. Takes no moves. */
  readonly dryRun: boolean;
  /** What is not mirrored, what is not deleted, and what is not in a directory that is deleted itself. */
  readonly hidden?: NativeFilter | undefined;
  readonly kept?: NativeFilter | undefined;
  readonly keptInDeleted?: NativeFilter | undefined;
  /** In order. */
  readonly moves: readonly { readonly from: string; readonly to: string; readonly isDirectory: boolean }[];
  /** Sorted by bytes. `newContent`: copied whatever size and time say. */
  readonly entries: readonly { readonly path: string; readonly newContent: boolean }[];
  readonly subtrees: readonly string[];
  /** Files of equal size are compared by what is in them. */
  readonly contentSubtrees: readonly string[];
  /** At least 1. */
  readonly threads: number;
}

/**
 * What a delivery can tell of a path, in the order of the engine's numbers. For each move `moved` or `missed`, in their
 * order, with where to as its path; `directoryTime` in a dry run only.
 */
export const DELIVERY_RECORD_KINDS = [
  'updated',
  'directoryTime',
  'deleted',
  'moved',
  'missed',
  'problem',
  'recheck',
  'refused',
] as const;

/** What {@link NativeDelivery.take} gives; the counts are totals so far. The records are columns of equal length. */
export interface NativeDeliveryState {
  /** Places in {@link DELIVERY_RECORD_KINDS}. At most a few thousand; what is left rings again. */
  readonly kinds: Uint8Array;
  /** All paths behind each other, one character a byte, and where in it each ends. */
  readonly paths: string;
  readonly pathEnds: Uint32Array;
  /** Of a file that was copied, else 0. */
  readonly bytesOf: Float64Array;
  /** Of a problem or a refusal, and of what a dry run would update: rsync's `%i`; holes elsewhere. */
  readonly messages: readonly (string | undefined)[];
  readonly bytes: number;
  readonly entriesDone: number;
  /** Entries found so far; grows while directories are listed. */
  readonly entriesSeen: number;
  /** No more records will come. */
  readonly ended: boolean;
  /** Why nothing of the delivery counts. */
  readonly failure?: { readonly scope: 'batch' | 'target' | 'source'; readonly message: string };
}

/** A delivery under way on threads of its own; begins in the constructor. */
export interface NativeDelivery {
  take(): NativeDeliveryState;
  /** Ends it soon; `ended` then comes as usual. Idempotent. */
  abort(): void;
  /** Ends it and waits for its threads. Afterwards `onReady` is not called again. Idempotent, synchronous. */
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
  /** `onReady` rings when `take` has something to give, the end included; it is not repeated until `take` was called. */
  readonly Delivery: new (options: NativeDeliveryOptions, onReady: () => void) => NativeDelivery;
  /**
   * Locks the whole file behind a descriptor as lockf(3) does, without waiting; false: another process has it. The lock
   * ends with this process, or when it closes any descriptor of that file. Throws an Error with `errno`.
   */
  lockFile(descriptor: number): boolean;
  /** Sends one datagram to the Unix socket at `path` (both latin1 bytes) without waiting; 0 or the errno. */
  sendDatagram(path: string, bytes: string): number;
  /** Ends the process by _exit(2) with this status: nothing is waited for, no `exit` listener is called any more. */
  exitAtOnce(status: number): never;
}
