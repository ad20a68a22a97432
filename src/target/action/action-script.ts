import type { PathBytes } from '../../model/path-bytes.ts';

/**
 * `Create`: the name is new, as far as is known. `Modify`: its content may be. `Attrib`: mode, owner or times. `Delete`: it is
 * gone, with all that was below it. `Move`: it was renamed. `Full`: a directory with anything below it is to be brought
 * up to date. `Init`: the whole tree is, for the first time. `Blanket`: nothing of the source; made by the script itself.
 */
export type ActionEventType =
  'Attrib' | 'Create' | 'Modify' | 'Delete' | 'Move' | 'Init' | 'Blanket' | 'Full';

/**
 * `wait`: nobody works at it. `block`: it waits for an earlier event of the same path, or of one above or below.
 * `active`: a child works at it. `done`: it is over, or its delivery is; nothing can be done with it any more.
 */
export type ActionEventStatus = 'wait' | 'block' | 'active' | 'done';

/** One thing that is to be done. The same object from its making to its end. */
export interface ActionEvent {
  readonly isList: false;
  readonly etype: ActionEventType;
  /** As it is at the moment of reading. */
  readonly status: ActionEventStatus;
  /** Of a deleted name: what it was, as far as is known. */
  readonly isDirectory: boolean;
  /** Relative to the source root, which is `''`, without a slash at either end. Of a move: the old name. */
  readonly path: PathBytes;
  /** Of a move: the new name. */
  readonly to?: PathBytes;
}

/** Events that one child works at. */
export interface ActionEventList {
  readonly isList: true;
  /** In their order. Those that were `block` wait for no other than events of this list. */
  readonly events: readonly ActionEvent[];
}

/** What a child works at: it is `active` from `spawn` to the end of `collect`. */
export type Agent = ActionEvent | ActionEventList;

/** True: into the list. False: not, nor anything that waits for it. `break`: not, nor any event behind it. */
export type EventTest = (event: ActionEvent) => boolean | 'break';

/** What a script sees of its sync: the events that are to be done, in their order. */
export interface Inlet {
  /** The first event that is `wait`; it stays first until it is spawned for or discarded. */
  getEvent(): ActionEvent | undefined;
  /**
   * All that are `wait`, and those that are `block` behind events of the list alone: one child may do a whole chain. At
   * most {@link ActionWindow.maxEvents} are known at a time. A list may be empty.
   */
  getEvents(test?: EventTest): ActionEventList;
  /** The event is done without a child. Throws an Error for one that is not `wait` (or `block` behind nothing else). */
  discardEvent(event: ActionEvent): void;
  /** An event that waits for all there are now, and for which all later ones wait. May be made at any time. */
  createBlanketEvent(): ActionEvent;
  /** Asks for a directory to be brought up to date with all below it: `full` will be called. May be made at any time. */
  createFullEvent(path: PathBytes): ActionEvent;
  /** A pattern of rsync's language, beside the filter of the configuration: names that match are no more events. */
  addExclude(pattern: PathBytes): void;
  /** Takes back what {@link addExclude} added; what the configuration excludes stays so. */
  rmExclude(pattern: PathBytes): void;
  /** What was added, in order. */
  getExcludes(): readonly PathBytes[];
}

/** How an event list is bounded: what is beyond is known when the first of these are done. */
export interface ActionWindow {
  readonly maxEvents: number;
}

/** What a script can have done. Every method may be called at any time, in an alarm of the script's own too. */
export interface ActionHost {
  /**
   * Starts a program (no shell; names are given byte by byte) that works at the agent, with `input` on its standard input.
   * It is begun when there is a process slot. Throws an Error when an event of the agent is not `wait` (those of a list
   * may be `block` behind one another). Once the target is closing it does nothing.
   */
  spawn(agent: Agent, words: readonly PathBytes[], input?: PathBytes): void;
  /** A line for the log, shown with the name of the target. Category: `Normal`, `Warn`, `Error`, `Debug` or any other. */
  log(category: string, message: string): void;
  /** Ends the whole program in order, with this status. */
  terminate(exitCode: number): void;
}

/**
 * What becomes of the events after a child. `ok`: they are done. `again`: a name is told again after a pause that grows
 * from 5 s to 10 minutes while the others go on; a list, an `Init`, a `Full` and a `Blanket` with all of the delivery, after
 * 1 s to 60 s. `die`: this target stops; all others go on.
 */
export type CollectVerdict = 'ok' | 'again' | 'die';

/**
 * The user's side of an action target. Every function may return a promise (its time is limited) or throw: it is then
 * named in the log, and what it left undone is told again as after `again`. They are called one at a time.
 */
export interface ActionScript {
  /** Called once, before anything else. */
  start?(host: ActionHost, inlet: Inlet): void | PromiseLike<void>;
  /** The first sync: spawns for the event or discards it. Without it each name is told as `Create`. */
  init?(event: ActionEvent, inlet: Inlet): void | PromiseLike<void>;
  /**
   * Called while there are events that wait and processes are free. It takes one or more of them and spawns or discards.
   * What it leaves is offered again: after the end of a child, or once a second.
   */
  action(inlet: Inlet): void | PromiseLike<void>;
  /**
   * After the end of a child. One that was killed has the exit code 128 + the signal's number, and the signal's name.
   * Without it, or if it gives undefined, the exit codes of the configuration decide: 0 is ok, all others `again`.
   */
  collect?(
    agent: Agent,
    exitCode: number,
    signal: string | undefined,
  ): CollectVerdict | undefined | PromiseLike<CollectVerdict | undefined>;
  /** A directory to compare: spawns for the event or discards it. Without it each name found there is told. */
  full?(event: ActionEvent, inlet: Inlet): void | PromiseLike<void>;
}
