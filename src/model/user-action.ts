/*
 * What a configuration in TypeScript or JavaScript may do with events by itself. All names are text as `exactText` has it:
 * given to `spawn`, they are the same bytes again.
 */

/** The names of one place. `...path` ends in a slash for a directory, `...pathname` does not, `...pathdir` is the directory that holds it, with a slash. */
export interface EventNames {
  /** Relative to the source; the source itself is `.` as `pathname`. */
  readonly path: string;
  readonly pathname: string;
  readonly pathdir: string;
  readonly sourcePath: string;
  readonly sourcePathname: string;
  readonly sourcePathdir: string;
  readonly targetPath: string;
  readonly targetPathname: string;
  readonly targetPathdir: string;
}

/** A program and its arguments; lists in it are flattened, and what is undefined is left out. */
export type SpawnWords = readonly [
  program: string,
  ...words: (string | undefined | readonly (string | undefined)[])[],
];

/** What a child can work at: it is `active` until the child has ended and that was judged. */
interface Worked {
  /** Starts a program; no shell reads the arguments. Throws when an event is not `wait`. */
  spawn(...words: SpawnWords): void;
  /** The same with `input` on its standard input. */
  spawnWithInput(input: string, ...words: SpawnWords): void;
  /** Has `sh` read a text, with `parameters` as its `$1`, `$2`, ... */
  spawnShell(text: string, ...parameters: readonly string[]): void;
  /** A line for the log. Category: `Normal`, `Warn`, `Error` or any other, which is shown at the level `debug`. */
  log(category: string, message: string): void;
  /** Ends the whole program in order, with this status. */
  terminate(exitCode: number): void;
}

/** One thing that has happened, or is to be done. */
export interface SyncEvent extends EventNames, Worked {
  readonly isList: false;
  /** `Init` is the first sync, `Full` a directory to be brought up to date, `Blanket` what an action has made itself. */
  readonly etype: 'Create' | 'Modify' | 'Attrib' | 'Delete' | 'Move' | 'Init' | 'Full' | 'Blanket';
  /** As it is at the moment of reading. */
  readonly status: 'wait' | 'block' | 'active' | 'done';
  readonly isDirectory: boolean;
  /** The last part of its path. */
  readonly name: string;
  /** The roots: of the source absolute, of the target as it is written. */
  readonly source: string;
  readonly target: string;
  /** Of a `Move`: the old names. The event's own are the new ones. */
  readonly origin: EventNames | undefined;
}

export interface SyncEventList extends Worked {
  readonly isList: true;
  /** In their order. */
  readonly events: readonly SyncEvent[];
  readonly size: number;
}

export interface SyncInlet {
  /** The first event that waits; it stays first until it is spawned for or discarded. */
  getEvent(): SyncEvent | undefined;
  /**
   * All that wait, and those that wait for events of the list alone. Test: true for those to take; false: not, nor what
   * waits for it; `break`: not, nor any behind it.
   */
  getEvents(test?: (event: SyncEvent) => boolean | 'break'): SyncEventList;
  /** It is done without a child. */
  discardEvent(event: SyncEvent): void;
  /** An event that waits for all there are now, and for which all later ones wait. */
  createBlanketEvent(): SyncEvent;
  /** Asks `full` to bring a directory up to date; path relative to the source. */
  createFullEvent(path: string): SyncEvent;
  /** A pattern of rsync's language: names that match are no more events until it is taken back. */
  addExclude(pattern: string): void;
  rmExclude(pattern: string): void;
  getExcludes(): readonly string[];
  /** As those of an event. */
  log(category: string, message: string): void;
  terminate(exitCode: number): void;
}

/** May return a promise, which is waited for. */
export type EventFunction = (event: SyncEvent, inlet: SyncInlet) => unknown;

export type CollectFunction = (
  agent: SyncEvent | SyncEventList,
  exitCode: number,
  signal: string | undefined,
) => unknown;

/** Functions for single events, by the name of the event. */
export interface EventFunctions {
  readonly onCreate?: EventFunction | undefined;
  readonly onModify?: EventFunction | undefined;
  readonly onAttrib?: EventFunction | undefined;
  readonly onDelete?: EventFunction | undefined;
  readonly onMove?: EventFunction | undefined;
  readonly onStartup?: EventFunction | undefined;
  readonly onFull?: EventFunction | undefined;
}

/** The whole of what a sync does. */
export interface UserAction {
  readonly action: (inlet: SyncInlet) => unknown;
  /** Called once, before anything else. */
  readonly start?: ((inlet: SyncInlet) => unknown) | undefined;
  readonly init?: ((event: SyncEvent, inlet: SyncInlet) => unknown) | undefined;
  readonly full?: ((event: SyncEvent, inlet: SyncInlet) => unknown) | undefined;
  /** `ok`, `again` or `die`; undefined: the exit codes decide. */
  readonly collect?: CollectFunction | undefined;
}
