import type { Batch, BatchEntry, Move } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import type { Delivered, Failed, HeldDeletions, Outcome, PathProblem } from '../../model/outcome.ts';
import { afterMove, displayPath, ROOT_PATH } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { withMissedMoves } from '../move/missed-moves.ts';
import { lstatIfThere } from '../rsync/lstat-if-there.ts';
import { deletesFor } from '../delete-policy.ts';
import type { DeliveryContext } from '../target.ts';
import type { CommandEvent } from './command-event.ts';
import type { EventBooks } from './event-books.ts';
import { eventsInOrder, rootAbove } from './events-in-order.ts';
import { withoutMoved } from './moved-names.ts';
import { planEvents } from './plan-events.ts';
import type { EventPlan } from './plan-events.ts';
import { fullPath, walkSource } from './walk-source.ts';
import { ListInput } from './list-input.ts';
import type { CommandVerdict } from './run-command.ts';

/** So many names told are remembered, for the case that the delivery fails. */
const MAX_TOLD = 1_000_000;
/** Of what is about the whole source. */
export const ROOT_EVENT: CommandEvent = { kind: 'startup', path: ROOT_PATH, isDirectory: true };

/** Where an {@link EventTaker} says what became of an event. */
export interface ToldEvents {
  /** To be asked right before an event is begun: false when the delivery is over, and no further event is to be begun. */
  mayBegin(event: CommandEvent): boolean;
  /** The event, once begun, has ended in this way. */
  settled(event: CommandEvent, verdict: CommandVerdict): void;
  /** The delivery has failed for a reason that is none of an event's. */
  failed(why: Failed): void;
}

/** Who is told, and in which way. Neither function rejects for what a program of the user's does. */
export type EventTaker = {
  /** What is done in place of a first sync by names, if that is wanted. */
  readonly startUp?: (() => Promise<CommandVerdict>) | undefined;
} & (
  | {
      /** Every event has an end of its own. */
      readonly kind: 'each';
      /**
       * Takes the events in their order, those of related paths one after the other (`ordered-runs.ts`). Resolves when all
       * that were begun are settled, and all were begun or {@link ToldEvents.mayBegin} has said that it is over.
       */
      readonly tell: (
        events: Iterable<CommandEvent> | AsyncIterable<CommandEvent>,
        told: ToldEvents,
      ) => Promise<void>;
    }
  | {
      /** All by one run, which reads them as `listedEvent` writes them. */
      readonly kind: 'list';
      readonly list: 'paths' | 'events';
      readonly run: (input: AsyncIterable<Buffer>) => Promise<CommandVerdict>;
    }
);

/** Tells one batch. Never rejects for what the taker does. */
export async function deliverEvents(
  books: EventBooks,
  taker: EventTaker,
  batch: Batch,
  context: DeliveryContext,
): Promise<Outcome> {
  return books.source.check() ?? new EventDelivery(books, taker, batch, context).deliver();
}

class EventDelivery {
  readonly #books: EventBooks;
  readonly #taker: EventTaker;
  #batch: Batch;
  readonly #context: DeliveryContext;
  readonly #problems: PathProblem[] = [];
  readonly #recheck: PathBytes[] = [];
  /** Names told as being there. */
  readonly #there: PathBytes[] = [];
  #updated = 0;
  #deleted = 0;
  #moved = 0;
  #failure: Failed | undefined;

  constructor(books: EventBooks, taker: EventTaker, batch: Batch, context: DeliveryContext) {
    this.#books = books;
    this.#taker = taker;
    this.#batch = batch;
    this.#context = context;
  }

  async deliver(): Promise<Outcome> {
    const { options, tells, untold, undeleted } = this.#books;
    const { startUp } = this.#taker;
    const isFirst = this.#batch.reason === 'startup' && this.#batch.subtrees.includes(ROOT_PATH);
    if (startUp !== undefined && isFirst) {
      const failed = await this.#startUp(startUp);
      this.#batch = besideStartUp(this.#batch);
      if (failed || isNothing(this.#batch)) return failed ?? this.#delivered();
    }
    const deletes = deletesFor(options.deletes ?? 'yes', this.#batch.reason);
    // While the source is empty nothing is told that takes a name away.
    const mayMove = deletes && !this.#mindsEmpty();
    const missed = mayMove ? await this.#tellMoves() : this.#batch.moves;
    const moveFailed = this.#failed();
    if (moveFailed) return moveFailed;
    const moved = withOldNames(withMissedMoves(this.#batch, missed), missed);
    const batch = this.#withUndeleted(withGone(moved, this.#goneSince()));
    const { source, deletedNames } = options;
    const whole = await planEvents(batch, { source, tells, untold, undeleted, deletedNames });
    const notMade = new Set(missed);
    const made = this.#batch.moves.filter((move) => !notMade.has(move));
    const plan = withoutMoved(whole, batch.entries, made, (path) => untold.has(path) || undeleted.has(path));
    this.#problems.push(...plan.problems);
    const mindsEmpty = deletes && this.#mindsEmpty();
    // Whoever compares with an empty source can do nothing but delete.
    const deleting = [...plan.deletes, ...(mindsEmpty ? plan.changes.filter(isRescan) : [])];
    const held = deletes ? await this.#judge(deleting, mindsEmpty) : undefined;
    if (held !== undefined && 'scope' in held) return held;
    if (held !== undefined) for (const event of plan.deletes) this.#notTaken(event);
    const told = deletes && held === undefined ? plan : without(plan, deleting);
    if (this.#taker.kind === 'each') await this.#tellEach(told);
    else await this.#tellList(this.#taker, told, missed);
    this.#noteTold();
    return this.#failed() ?? { ...this.#delivered(), ...(held === undefined ? {} : { held }) };
  }

  /** What was told before in vain and has gone: nobody else may know of it, if a compare is due of its directory. */
  #goneSince(): readonly PathBytes[] {
    return [...this.#books.toldInVain].filter((path) => !this.#isThere(path));
  }

  /** A compare takes the place of all that was to be tried again below its directory. */
  #withUndeleted(batch: Batch): Batch {
    const { undeletedNames } = this.#books;
    if (undeletedNames.size === 0) return batch;
    const compared = new Set([...batch.subtrees, ...batch.contentSubtrees]);
    const below = [...undeletedNames].filter(([path]) => rootAbove(path, compared) !== undefined);
    const names = below.map(([path, isDirectory]) => ({ path, isDirectory }));
    return { ...batch, deletedNames: [...(batch.deletedNames ?? []), ...names] };
  }

  #noteTold(): void {
    const { toldInVain } = this.#books;
    if (this.#failure === undefined) toldInVain.clear();
    else for (const path of this.#there) toldInVain.add(path);
  }

  #failed(): Failed | undefined {
    return this.#failure;
  }

  async #startUp(startUp: () => Promise<CommandVerdict>): Promise<Failed | undefined> {
    if (this.#books.options.dryRun !== true) {
      const verdict = await startUp();
      if (verdict.kind === 'failed') return verdict;
      if (verdict.kind === 'problem') return failedBatch(verdict.message);
    }
    this.#count(ROOT_EVENT);
    return undefined;
  }

  /** Tells the moves in their order, each by itself; those for a list come with the list. Gives those not taken. */
  async #tellMoves(): Promise<readonly Move[]> {
    const { moves } = this.#batch;
    if (this.#taker.kind === 'list') return [];
    const told = new Map(moves.map((move) => [moveEvent(move), move]));
    const missed = new Set<Move>();
    await this.#tell(told.keys(), (event, verdict) => {
      const move = told.get(event);
      if (move === undefined) return;
      if (verdict === 'ok') {
        this.#count(event);
        this.#followMove(move);
        return;
      }
      missed.add(move);
      const what = `${displayPath(move.from)} to ${displayPath(move.to)}`;
      const message = `move of ${what} not made, told as a deletion and a new name: ${verdict}`;
      this.#context.report({ kind: 'notice', message });
    });
    return moves.filter((move) => missed.has(move));
  }

  #followMove({ from, to }: Move): void {
    const { untold } = this.#books;
    for (const path of [...untold]) {
      const now = afterMove(path, from, to);
      if (now === undefined) continue;
      untold.delete(path);
      untold.add(now);
    }
  }

  async #judge(
    deleting: readonly CommandEvent[],
    mindsEmpty: boolean,
  ): Promise<HeldDeletions | Failed | undefined> {
    const guard = this.#books.deleteGuard;
    if (!guard.watches(mindsEmpty)) return undefined;
    const gone = deleting.filter((event) => !isRescan(event)).length;
    const permission = await guard.judge(gone || deleting.length, mindsEmpty, async () => {
      let names = 0;
      for await (const { path } of this.#walk(ROOT_PATH)) if (path !== '') names++;
      return names;
    });
    if (permission.kind !== 'held') return permission.kind === 'failed' ? permission : undefined;
    return { ...permission.why, paths: deleting.map(({ path }) => path) };
  }

  #mindsEmpty(): boolean {
    const { deleteGuard, source } = this.#books;
    return deleteGuard.mindsEmpty(this.#batch, false, () => source.isEmpty());
  }

  #tellEach(plan: EventPlan): Promise<void> {
    return this.#tell(this.#events(plan), (event, verdict) => {
      if (verdict === 'ok') {
        this.#taken(event);
      } else if (event.kind !== 'delete' && !this.#isThere(event.path)) {
        // Gone while it was told: its deletion is on the way.
        this.#recheck.push(event.path);
      } else {
        this.#notTaken(event);
        this.#problems.push({ path: event.path, message: verdict });
      }
    });
  }

  /** `settled` is called with `ok`, or the problem there was, for each event that did not end the delivery. */
  async #tell(
    events: Iterable<CommandEvent> | AsyncIterable<CommandEvent>,
    settled: (event: CommandEvent, verdict: 'ok' | (string & {})) => void,
  ): Promise<void> {
    if (this.#taker.kind !== 'each') return;
    if (this.#books.options.dryRun === true) {
      for await (const event of events) settled(event, 'ok');
      return;
    }
    await this.#taker.tell(events, {
      mayBegin: (event) => {
        if (event.kind === 'delete') this.#failure ??= this.#books.source.check();
        if (this.#failure !== undefined) return false;
        this.#begun(event);
        return true;
      },
      settled: (event, verdict) => {
        if (verdict.kind === 'failed') {
          this.#failure ??= verdict;
          this.#notTaken(event);
        } else settled(event, verdict.kind === 'ok' ? 'ok' : verdict.message);
      },
      failed: (why) => {
        this.#failure ??= why;
      },
    });
  }

  /** Tells all by one run. What is met in directories is counted, not named: that may be everything. */
  async #tellList(
    { list, run }: EventTaker & { readonly kind: 'list' },
    plan: EventPlan,
    missed: readonly Move[],
  ): Promise<void> {
    const moves = this.#batch.moves.filter((move) => !missed.includes(move)).map(moveEvent);
    const planned = new Set([...moves, ...plan.deletes, ...plan.changes]);
    const events = this.#events(plan, moves);
    const first = await events.next();
    if (first.done === true) return;
    const written: CommandEvent[] = [];
    let walked = 0;
    const note = (event: CommandEvent): void => {
      this.#begun(event);
      if (planned.has(event)) written.push(event);
      else walked++;
    };
    const input = new ListInput(prepend(first.value, events), list, note);
    if (this.#books.options.dryRun === true) await input.drain();
    else await this.#runList(run, input);
    for (const event of written) {
      if (this.#failure) this.#notTaken(event);
      else this.#taken(event);
    }
    this.#updated += walked;
  }

  async #runList(
    run: (input: AsyncIterable<Buffer>) => Promise<CommandVerdict>,
    input: ListInput,
  ): Promise<void> {
    const verdict = await run(input.chunks());
    await input.end();
    if (verdict.kind === 'failed') this.#failure = verdict;
    if (verdict.kind === 'problem') this.#failure = failedBatch(verdict.message);
  }

  #events(plan: EventPlan, moves: readonly CommandEvent[] = []): AsyncGenerator<CommandEvent, void, void> {
    let entriesDone = 0;
    return eventsInOrder(plan, moves, {
      tells: this.#books.tells,
      walk: (directory) => this.#walk(directory),
      onWalked: () => {
        this.#context.report({
          kind: 'progress',
          bytes: 0,
          entriesDone: ++entriesDone,
          entriesTotal: undefined,
        });
      },
    });
  }

  #walk(directory: PathBytes): ReturnType<typeof walkSource> {
    const { source, isHidden = (): boolean => false } = this.#books.options;
    return walkSource(directory, {
      root: source,
      isHidden,
      onProblem: (path, message) => {
        this.#problems.push({ path, message });
      },
    });
  }

  #begun({ kind, path }: CommandEvent): void {
    const isThere = kind !== 'delete' && kind !== 'move' && kind !== 'rescan';
    if (isThere && this.#there.length < MAX_TOLD) this.#there.push(path);
  }

  #taken(event: CommandEvent): void {
    const { untold, undeleted, undeletedNames } = this.#books;
    untold.delete(event.path);
    undeletedNames.delete(event.path);
    if (event.kind === 'delete') undeleted.delete(event.path);
    this.#count(event);
  }

  #notTaken({ kind, path, isDirectory }: CommandEvent): void {
    const { options, untold, undeleted, undeletedNames } = this.#books;
    if (kind === 'create') untold.add(path);
    if (kind !== 'delete') return;
    untold.delete(path);
    if (isDirectory) undeleted.add(path);
    if (options.deletedNames === true && undeletedNames.size < MAX_TOLD)
      undeletedNames.set(path, isDirectory);
  }

  #count({ kind, path }: CommandEvent): void {
    const { report } = this.#context;
    switch (kind) {
      case 'delete':
        this.#deleted++;
        report({ kind: 'deleted', path, bytes: 0 });
        break;
      case 'move':
        this.#moved++;
        report({ kind: 'moved', path, bytes: 0 });
        break;
      case 'create':
      case 'modify':
      case 'attrib':
      case 'rescan':
      case 'startup':
        this.#updated++;
        report({ kind: 'updated', path, bytes: 0 });
        break;
    }
  }

  #delivered(): Delivered {
    this.#books.deleteGuard.deleted(this.#deleted);
    const counts = { updated: this.#updated, deleted: this.#deleted, moved: this.#moved, bytes: 0 };
    return { kind: 'delivered', counts, problems: this.#problems, recheck: this.#recheck };
  }

  #isThere(path: PathBytes): boolean {
    return lstatIfThere(fullPath(this.#books.options.source, path)) !== undefined;
  }
}

async function* prepend<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  yield first;
  yield* others;
}

function moveEvent({ from, to, isDirectory }: Move): CommandEvent {
  return { kind: 'move', path: to, from, isDirectory };
}

/**
 * What is left to be told after a start-up, which may have compared by size and time: content that is new whatever these
 * say, and directories that took the place of others.
 */
function besideStartUp(batch: Batch): Batch {
  const { entries, subtrees, ...others } = withMissedMoves(batch, batch.moves);
  return {
    ...others,
    moves: [],
    entries: entries.filter(({ path }) => path !== ROOT_PATH),
    subtrees: subtrees.filter((path) => path !== ROOT_PATH),
  };
}

function isNothing({ moves, entries, subtrees, contentSubtrees }: Batch): boolean {
  return moves.length + entries.length + subtrees.length + contentSubtrees.length === 0;
}

/** The old names of moves that were not made are to be looked at too: the target may have them still. */
function withOldNames(batch: Batch, missed: readonly Move[]): Batch {
  return withEntries(
    batch,
    missed.map(({ from, isDirectory }) => ({
      path: from,
      hints: HINT.deleted | (isDirectory ? HINT.isDirectory : 0),
    })),
  );
}

function withGone(batch: Batch, gone: readonly PathBytes[]): Batch {
  return withEntries(
    batch,
    gone.map((path) => ({ path, hints: HINT.deleted })),
  );
}

/** The batch with these entries as well, if it has none of their names. */
function withEntries(batch: Batch, further: readonly BatchEntry[]): Batch {
  if (further.length === 0) return batch;
  const known = new Set(batch.entries.map(({ path }) => path));
  const added = further.filter(({ path }) => !known.has(path));
  const entries = [...batch.entries, ...added].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { ...batch, entries };
}

function without(plan: EventPlan, events: readonly CommandEvent[]): EventPlan {
  const out = new Set(events);
  const left = (all: readonly CommandEvent[]): CommandEvent[] => all.filter((event) => !out.has(event));
  return { ...plan, deletes: left(plan.deletes), changes: left(plan.changes) };
}

function isRescan({ kind }: CommandEvent): boolean {
  return kind === 'rescan';
}

function failedBatch(message: string): Failed {
  return { kind: 'failed', scope: 'batch', message };
}
