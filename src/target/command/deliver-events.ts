import type { Batch, BatchEntry, Move } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import type { Delivered, Failed, HeldDeletions, Outcome, PathProblem } from '../../model/outcome.ts';
import { afterMove, displayPath } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { withMissedMoves } from '../move/missed-moves.ts';
import { lstatIfThere } from '../rsync/lstat-if-there.ts';
import { deletesFor } from '../delete-policy.ts';
import type { DeliveryContext } from '../target.ts';
import type { CommandEvent } from './command-event.ts';
import type { CommandLine } from './command-line.ts';
import type { CommandSession } from './command-session.ts';
import { runInOrder } from './ordered-runs.ts';
import { planEvents, toldAs, walkedKinds } from './plan-events.ts';
import type { EventPlan, PlannedWalk } from './plan-events.ts';
import { fullPath, walkSource } from './walk-source.ts';
import { ListInput } from './list-input.ts';

/** So many names of a walk are remembered, for the case that the delivery fails. */
const MAX_WALKED = 1_000_000;
const ROOT_EVENT: CommandEvent = { kind: 'startup', path: '' as PathBytes, isDirectory: true };

/** Tells one batch to the user's commands. Never rejects for what they do. */
export async function deliverEvents(
  session: CommandSession,
  batch: Batch,
  context: DeliveryContext,
): Promise<Outcome> {
  return session.source.check() ?? new EventDelivery(session, batch, context).deliver();
}

class EventDelivery {
  readonly #session: CommandSession;
  readonly #batch: Batch;
  readonly #context: DeliveryContext;
  readonly #problems: PathProblem[] = [];
  readonly #recheck: PathBytes[] = [];
  /** Names told that were met in a directory. */
  readonly #walked: PathBytes[] = [];
  #updated = 0;
  #deleted = 0;
  #moved = 0;
  #failure: Failed | undefined;

  constructor(session: CommandSession, batch: Batch, context: DeliveryContext) {
    this.#session = session;
    this.#batch = batch;
    this.#context = context;
  }

  async deliver(): Promise<Outcome> {
    const { startup, options, tells, untold, undeleted } = this.#session;
    const isFirst = this.#batch.reason === 'startup' && this.#batch.subtrees.includes('' as PathBytes);
    if (startup !== undefined && isFirst) return this.#startUp(startup);
    const deletes = deletesFor(options.deletes ?? 'yes', this.#batch.reason);
    // While the source is empty nothing is told that takes a name away.
    const mayMove = deletes && (options.allowEmptySource === true || !this.#session.source.isEmpty());
    const missed = mayMove ? await this.#tellMoves() : this.#batch.moves;
    const failed = this.#failed();
    if (failed) return failed;
    const moved = withOldNames(withMissedMoves(this.#batch, missed), missed);
    const batch = withGone(moved, this.#goneSince());
    const plan = await planEvents(batch, { source: options.source, tells, untold, undeleted });
    this.#problems.push(...plan.problems);
    const held = deletes ? await this.#judge(plan) : undefined;
    if (held !== undefined && 'scope' in held) return held;
    if (held !== undefined) for (const event of plan.deletes) this.#notTaken(event);
    const told = deletes && held === undefined ? plan : { ...plan, deletes: [] };
    if (options.mode.kind === 'event') await this.#tellEach(told);
    else await this.#tellList(options.mode.command, options.mode.list, told, missed);
    this.#noteWalked();
    return this.#failed() ?? { ...this.#delivered(), ...(held === undefined ? {} : { held }) };
  }

  /** What was told before in vain and has gone: nobody else may know of it, since a compare is due of its directory. */
  #goneSince(): readonly PathBytes[] {
    return [...this.#session.toldInVain].filter((path) => !this.#isThere(path));
  }

  #noteWalked(): void {
    const { toldInVain } = this.#session;
    if (this.#failure === undefined) toldInVain.clear();
    else for (const path of this.#walked) toldInVain.add(path);
  }

  #failed(): Failed | undefined {
    return this.#failure;
  }

  async #startUp(startup: CommandLine): Promise<Outcome> {
    if (this.#session.options.dryRun !== true) {
      const verdict = await this.#session.run(startup, ROOT_EVENT, this.#batch, this.#context);
      if (verdict.kind === 'failed') return verdict;
      if (verdict.kind === 'problem') return failedBatch(verdict.message);
    }
    this.#count(ROOT_EVENT);
    return this.#delivered();
  }

  /** Tells the moves in their order, each by a run of its own; those for a list come with the list. Gives those not taken. */
  async #tellMoves(): Promise<readonly Move[]> {
    const { moves } = this.#batch;
    if (this.#session.options.mode.kind === 'batch') return [];
    const missed = new Set<Move>();
    await runInOrder(moves, {
      maxRunning: this.#maxRunning,
      pathsOf: ({ from, to }) => [from, to],
      run: async (move) => {
        const event = moveEvent(move);
        const verdict = await this.#run(event);
        if (verdict === undefined) return false;
        if (verdict === 'ok') {
          this.#count(event);
          this.#followMove(move);
          return true;
        }
        missed.add(move);
        const what = `${displayPath(move.from)} to ${displayPath(move.to)}`;
        const message = `move of ${what} not made, told as a deletion and a new name: ${verdict}`;
        this.#context.report({ kind: 'notice', message });
        return true;
      },
    });
    return moves.filter((move) => missed.has(move));
  }

  #followMove({ from, to }: Move): void {
    const { untold } = this.#session;
    for (const path of [...untold]) {
      const now = afterMove(path, from, to);
      if (now === undefined) continue;
      untold.delete(path);
      untold.add(now);
    }
  }

  async #judge(plan: EventPlan): Promise<HeldDeletions | Failed | undefined> {
    const { deleteGuard: guard, source } = this.#session;
    const isEmpty = source.isEmpty();
    if (!guard.watches(isEmpty)) return undefined;
    const permission = await guard.judge(plan.deletes.length, isEmpty, async () => {
      let names = 0;
      for await (const { path } of this.#walk('' as PathBytes)) if (path !== '') names++;
      return names;
    });
    if (permission.kind !== 'held') return permission.kind === 'failed' ? permission : undefined;
    return { ...permission.why, paths: plan.deletes.map(({ path }) => path) };
  }

  async #tellEach(plan: EventPlan): Promise<void> {
    await runInOrder(this.#events(plan), {
      maxRunning: this.#maxRunning,
      pathsOf: ({ path }) => [path],
      run: async (event) => {
        const verdict = await this.#run(event);
        if (verdict === undefined) return false;
        if (verdict === 'ok') {
          this.#taken(event);
        } else if (event.kind !== 'delete' && !this.#isThere(event.path)) {
          // Gone while it was told: its deletion is on the way.
          this.#recheck.push(event.path);
        } else {
          this.#notTaken(event);
          this.#problems.push({ path: event.path, message: verdict });
        }
        return true;
      },
    });
  }

  /** Runs the command of an event: `ok`, the problem there was, or undefined when the delivery is over. */
  async #run(event: CommandEvent): Promise<'ok' | (string & {}) | undefined> {
    const { mode, dryRun } = this.#session.options;
    const line = mode.kind === 'event' ? mode.commands[event.kind] : undefined;
    if (line === undefined) throw new Error(`command target: no command for ${event.kind}`);
    if (this.#failure) return undefined;
    if (event.kind === 'delete') this.#failure = this.#session.source.check();
    if (this.#failure) return undefined;
    if (dryRun === true) return 'ok';
    const verdict = await this.#session.run(line, event, this.#batch, this.#context);
    if (verdict.kind === 'ok') return 'ok';
    if (verdict.kind === 'problem') return verdict.message;
    this.#failure ??= verdict;
    this.#notTaken(event);
    return undefined;
  }

  /** Tells all by one run. What is met in directories is counted, not named: that may be everything. */
  async #tellList(
    line: CommandLine,
    list: 'paths' | 'events',
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
      if (planned.has(event)) written.push(event);
      else walked++;
    };
    const input = new ListInput(prepend(first.value, events), list, note);
    if (this.#session.options.dryRun === true) await input.drain();
    else await this.#runList(line, input);
    for (const event of written) {
      if (this.#failure) this.#notTaken(event);
      else this.#taken(event);
    }
    this.#updated += walked;
  }

  async #runList(line: CommandLine, input: ListInput): Promise<void> {
    const verdict = await this.#session.run(line, ROOT_EVENT, this.#batch, this.#context, input.chunks());
    await input.end();
    if (verdict.kind === 'failed') this.#failure = verdict;
    if (verdict.kind === 'problem') this.#failure = failedBatch(verdict.message);
  }

  /** All there is to tell, in order; what is in a directory to walk is looked up when its turn has come. */
  async *#events(
    plan: EventPlan,
    moves: readonly CommandEvent[] = [],
  ): AsyncGenerator<CommandEvent, void, void> {
    const done = new Set(plan.changes.map(({ path }) => path));
    yield* moves;
    yield* plan.deletes;
    yield* plan.changes;
    for (const walk of plan.walks) yield* this.#walkedEvents(walk, done);
  }

  async *#walkedEvents(
    { path: directory, isNew }: PlannedWalk,
    done: ReadonlySet<PathBytes>,
  ): AsyncGenerator<CommandEvent, void, void> {
    let entriesDone = 0;
    for await (const { path, isDirectory } of this.#walk(directory)) {
      const kind = toldAs(walkedKinds(isNew, isDirectory), this.#session.tells);
      if (kind !== undefined && !done.has(path)) {
        if (this.#walked.length < MAX_WALKED) this.#walked.push(path);
        yield { kind, path, isDirectory };
      }
      this.#context.report({
        kind: 'progress',
        bytes: 0,
        entriesDone: ++entriesDone,
        entriesTotal: undefined,
      });
    }
  }

  #walk(directory: PathBytes): ReturnType<typeof walkSource> {
    const { source, isHidden = (): boolean => false } = this.#session.options;
    return walkSource(directory, {
      root: source,
      isHidden,
      onProblem: (path, message) => {
        this.#problems.push({ path, message });
      },
    });
  }

  #taken(event: CommandEvent): void {
    const { untold, undeleted } = this.#session;
    untold.delete(event.path);
    if (event.kind === 'delete') undeleted.delete(event.path);
    this.#count(event);
  }

  #notTaken({ kind, path, isDirectory }: CommandEvent): void {
    const { untold, undeleted } = this.#session;
    if (kind === 'create') untold.add(path);
    if (kind !== 'delete') return;
    untold.delete(path);
    if (isDirectory) undeleted.add(path);
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
    this.#session.deleteGuard.deleted(this.#deleted);
    const counts = { updated: this.#updated, deleted: this.#deleted, moved: this.#moved, bytes: 0 };
    return { kind: 'delivered', counts, problems: this.#problems, recheck: this.#recheck };
  }

  #isThere(path: PathBytes): boolean {
    return lstatIfThere(fullPath(this.#session.options.source, path)) !== undefined;
  }

  get #maxRunning(): number {
    return this.#session.options.maxProcesses ?? 1;
  }
}

async function* prepend<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  yield first;
  yield* others;
}

function moveEvent({ from, to, isDirectory }: Move): CommandEvent {
  return { kind: 'move', path: to, from, isDirectory };
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

function failedBatch(message: string): Failed {
  return { kind: 'failed', scope: 'batch', message };
}
