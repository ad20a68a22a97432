import type { Batch, Move } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import type { Failed, Outcome } from '../../model/outcome.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { isWithinOne, joinPath, parentPath, pathFromText, ROOT_PATH } from '../../model/path-bytes.ts';
import { deletesFor } from '../delete-policy.ts';
import { withMissedMoves } from '../move/missed-moves.ts';
import type { DeliveryEvent } from '../target.ts';
import { DeliveryTally } from './delivery-tally.ts';
import { withoutSettledDeletions } from './local-target.ts';
import { lstatIfThere } from './lstat-if-there.ts';
import { normalizeList } from './normalize-list.ts';
import type { ListedEntry, NormalizedList } from './normalize-list.ts';
import {
  compareArguments,
  COUNT_SOURCE,
  FILTER_DELETION,
  filterDeletionInput,
  listArguments,
  listInput,
  partialDirectoryArguments,
  protectArguments,
  ROOT_ONLY,
} from './rsync-arguments.ts';
import type { OwnArguments } from './rsync-arguments.ts';
import type { RunReport } from './rsync-run.ts';
import type { RsyncSession, RunContext } from './rsync-session.ts';
import { splitList } from './split-list.ts';

/** Files whose attributes alone changed are sent along with rewritten ones up to this size: cheaper than a second run. */
const RESENT_MAX_BYTES = 256 * 1024;
/** More unreadable names than this are not worked around: the compare then fails as a whole and is tried again. */
const PROTECTED_MAX_NAMES = 1000;

/** Delivers one batch by as few rsync runs as possible, one in the common case. Never rejects for what rsync does. */
export async function deliverBatch(
  session: RsyncSession,
  batch: Batch,
  context: RunContext,
): Promise<Outcome> {
  if (batch.large === 'only') return deliverLarge(session, batch, context).catch(asFailure);
  const outcome = await deliverGuarded(session, batch, context).catch(asFailure);
  if (outcome.kind === 'delivered') {
    session.delivered();
  } else if (outcome.scope === 'target') {
    // The far side may be another one when it comes back.
    session.missingArgs = undefined;
    session.known.mayHaveChanged = true;
  }
  return outcome;
}

/** One file beside another delivery, which alone looks after deletions and after what has become of the target. */
async function deliverLarge(session: RsyncSession, batch: Batch, context: RunContext): Promise<Outcome> {
  const state = await session.check(false, context);
  if (typeof state !== 'string') return state;
  if (state === 'new')
    return { kind: 'failed', scope: 'batch', message: 'The target is to be compared as a whole first.' };
  const mode = { isWhole: false, deletes: false, moved: 0, first: [] };
  return new BatchDelivery(session, batch, context, mode).deliver();
}

/** This machine's own refusals (no room for temporary files, no descriptors left) pass; anything else is a bug here. */
function asFailure(error: unknown): Failed {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) throw error;
  return { kind: 'failed', scope: 'batch', message: `The delivery could not be made: ${message}.` };
}

/**
 * Makes the moves, then counts by a dry run what would be deleted, where that may be too much, and leaves all deletions
 * out if it is.
 */
async function deliverGuarded(session: RsyncSession, asked: Batch, context: RunContext): Promise<Outcome> {
  const { deleteGuard: guard } = session;
  const deletes = deletesFor(session.options.deletes ?? 'yes', asked.reason);
  const state = await session.check(deletes, context);
  if (typeof state !== 'string') return state;
  const mindsEmpty = deletes && guard.mindsEmpty(asked, state === 'new', () => session.sourceIsEmpty());
  const missed = await missedMoves(session, asked.moves, deletes && !mindsEmpty, context);
  if ('scope' in missed) return missed;
  const batch = withMissedMoves(asked, missed);
  const moved = asked.moves.length - missed.length;
  const isWhole = state === 'new' || [...batch.subtrees, ...batch.contentSubtrees].includes(ROOT_PATH);
  if (!deletes || !guard.watches(mindsEmpty))
    return new BatchDelivery(session, batch, context, { isWhole, deletes, moved, first: [] }).deliver();

  const dryRun = { isWhole, deletes, moved, first: [DRY_RUN] };
  const trial = new BatchDelivery(session, batch, withoutNames(context), dryRun);
  const counted = await trial.deliver();
  if (counted.kind === 'failed') return counted;
  const permission = await guard.judge(counted.counts.deleted, mindsEmpty, () =>
    countSource(session, context),
  );
  switch (permission.kind) {
    case 'failed':
      return permission;
    case 'allowed': {
      const first = [`--max-delete=${Math.min(permission.maxDelete, RSYNC_MAX_DELETE)}`];
      const mode = { isWhole, deletes, moved, first };
      const outcome = await new BatchDelivery(session, batch, context, mode).deliver();
      if (outcome.kind === 'delivered') guard.deleted(outcome.counts.deleted);
      return outcome;
    }
    case 'held': {
      const kept = { isWhole, deletes: false, moved, first: [] };
      const outcome = await new BatchDelivery(session, batch, context, kept).deliver();
      if (outcome.kind === 'failed') return outcome;
      return { ...outcome, held: { ...permission.why, paths: trial.deletable } };
    }
  }
}

/**
 * Makes the moves where there is a way to, and gives those that were not made. They come first: what was moved is as
 * good as sent. A move takes its old name away, so none is made where nothing may be deleted.
 */
async function missedMoves(
  { options: { mover } }: RsyncSession,
  moves: readonly Move[],
  deletes: boolean,
  context: RunContext,
): Promise<readonly Move[] | Failed> {
  return mover !== undefined && deletes && moves.length > 0 ? mover.makeMoves(moves, context) : moves;
}

const DRY_RUN = '-n';
/** rsync reads it as an int. */
const RSYNC_MAX_DELETE = 2 ** 31 - 1;

/** The number of names of the source below its root, as far as the filter shows them. */
async function countSource(session: RsyncSession, context: RunContext): Promise<number | Failed> {
  const { verdict, sourceNames } = await session.run({ own: COUNT_SOURCE }, withoutNames(context));
  if (verdict.kind === 'failed') return verdict;
  return Math.max(0, sourceNames - 1);
}

/** For dry runs: what they name is not done. */
function withoutNames(context: RunContext): RunContext {
  const report = (event: DeliveryEvent): void => {
    if (event.kind === 'command' || event.kind === 'progress') context.report(event);
  };
  return { ...context, report };
}

/** How one batch is to be delivered. */
interface DeliveryMode {
  /** Everything is to be compared, whatever the batch names. */
  readonly isWhole: boolean;
  readonly deletes: boolean;
  /** So many moves have been made. */
  readonly moved: number;
  /** Arguments of every run, in front of its own. */
  readonly first: readonly string[];
}

class BatchDelivery {
  readonly #session: RsyncSession;
  readonly #batch: Batch;
  readonly #context: RunContext;
  readonly #deletes: boolean;
  readonly #mode: DeliveryMode;
  #deletable: readonly PathBytes[] = [];
  readonly #tally = new DeliveryTally();

  constructor(session: RsyncSession, batch: Batch, context: RunContext, mode: DeliveryMode) {
    this.#session = session;
    this.#batch = batch;
    this.#context = context;
    this.#mode = mode;
    this.#deletes = mode.deletes;
    this.#tally.moved = mode.moved;
  }

  /** Where deletions were looked for: missing names, and subtrees that were compared. */
  get deletable(): readonly PathBytes[] {
    return this.#deletable;
  }

  async deliver(): Promise<Outcome> {
    return (await this.#deliverParts()) ?? this.#tally.delivered();
  }

  async #deliverParts(): Promise<Failed | undefined> {
    const { source } = this.#session.options;
    const { entries, subtrees, contentSubtrees } = this.#batch;
    const list = await normalizeList(source, entries, [...subtrees, ...contentSubtrees]);
    this.#tally.addProblems(list.problems);
    const byContent = new Set(contentSubtrees);
    const content = list.subtrees.filter((path) => byContent.has(path));
    const quick = this.#mode.isWhole ? [ROOT_PATH] : list.subtrees.filter((path) => !byContent.has(path));
    if (content.includes(ROOT_PATH)) quick.length = 0;
    const compared = new Set([...quick, ...content]);
    // Counted once: a comparison deletes what is missing too.
    const listed = list.entries.filter(({ path, kind }) => kind !== 'missing' || !isBelowOne(path, compared));
    const missing = listed.filter(({ kind }) => kind === 'missing').map(({ path }) => path);
    this.#deletable = [...missing, ...compared];
    const now = this.#defer(listed, compared);
    const failed =
      (await this.#deliverList(this.#wanted({ ...list, entries: now }))) ??
      (await this.#compare(quick, false)) ??
      (await this.#compare(
        this.#isTrial() ? content.filter((path) => !isBelowOne(path, new Set(quick))) : content,
        true,
      ));
    this.#tally.comparedWhole = this.#mode.isWhole || this.#tally.rootCreated;
    if (failed || this.#mode.isWhole) return failed;
    // The target directory was gone: what it held beside these names has to come back too.
    return this.#tally.rootCreated ? this.#compare([ROOT_PATH], false) : undefined;
  }

  /** Puts off the files above the limit; hard links go together. Returns what is left to do now. */
  #defer(entries: readonly ListedEntry[], compared: ReadonlySet<PathBytes>): readonly ListedEntry[] {
    const { location } = this.#session;
    const { largeFileBytes = Infinity, attributes } = this.#session.options;
    if (this.#batch.large !== 'defer' || largeFileBytes === Infinity || attributes?.hardLinks === true)
      return entries;
    // A directory of that name has to be deleted first; of a remote one only the attempt tells.
    const needsRoom = (path: PathBytes): boolean =>
      location.kind === 'local' &&
      lstatIfThere(joinPath(pathFromText(location.path), path))?.isDirectory() === true;
    const isLarge = ({ path, bytes }: ListedEntry): boolean =>
      bytes > largeFileBytes && !isBelowOne(path, compared) && !needsRoom(path);
    const large = new Set(entries.filter(isLarge));
    this.#tally.deferred = [...large].map(({ path, rewrite }) => ({
      path,
      hints: rewrite ? HINT.modified : HINT.attrib,
    }));
    return entries.filter((entry) => !large.has(entry));
  }

  /** Nothing is done, so what lies in two comparisons would be told twice. */
  #isTrial(): boolean {
    return this.#session.options.dryRun === true || this.#mode.first.includes(DRY_RUN);
  }

  #wanted(list: NormalizedList): readonly ListedEntry[] {
    const { location } = this.#session;
    if (!this.#deletes) return list.entries.filter(({ kind }) => kind !== 'missing');
    return location.kind === 'local' ? withoutSettledDeletions(list, location.path) : list.entries;
  }

  async #deliverList(entries: readonly ListedEntry[]): Promise<Failed | undefined> {
    const hasRoot = entries.some(({ path }) => path === '');
    const below = hasRoot ? entries.filter(({ path }) => path !== '') : entries;
    const { attributes, fuzzy } = this.#session.options;
    const gone = below.filter(({ kind }) => kind === 'missing');
    const present = below.filter(({ kind }) => kind !== 'missing');
    // rsync opens a file that --fuzzy has found only after it has deleted what the same list names as missing.
    for (const part of fuzzy === true ? [present, gone] : [below]) {
      const missing = part === present ? [] : gone.map(({ path }) => path);
      for (const run of splitByRewrite(part, attributes?.hardLinks ?? false)) {
        const failed = await this.#runList(run.entries, run.rewrite, missing);
        if (failed) return failed;
      }
    }
    if (!hasRoot || below.length > 0) return undefined;
    return this.#finish(await this.#run(ROOT_ONLY));
  }

  async #runList(
    entries: readonly ListedEntry[],
    rewrite: boolean,
    missing: readonly PathBytes[],
  ): Promise<Failed | undefined> {
    if (this.#session.missingArgs !== false || missing.length === 0) {
      const reports = await this.#listRuns(entries, rewrite);
      if (!reports.some(({ verdict }) => verdict.kind === 'missingArgsBroken'))
        return this.#finish(...reports);
      this.#session.missingArgs = false;
    }
    // Deletions first: where the target takes two names for one (`A` and `a`), the new one must be the last.
    const present = entries.filter(({ kind }) => kind !== 'missing');
    const failed =
      present.length < entries.length
        ? this.#finish(await this.#run(FILTER_DELETION, [filterDeletionInput(missing)]))
        : undefined;
    return failed ?? this.#finish(...(await this.#listRuns(present, rewrite)));
  }

  #listRuns(entries: readonly ListedEntry[], rewrite: boolean): Promise<RunReport[]> {
    const { attributes, maxProcesses = 1 } = this.#session.options;
    const parts = splitList(entries, attributes?.hardLinks ? 1 : maxProcesses);
    return Promise.all(parts.map((part) => this.#listRun(part, rewrite)));
  }

  #listRun(entries: readonly ListedEntry[], rewrite: boolean): Promise<RunReport> {
    const deletesHere = this.#deletes && entries.some(({ kind }) => kind === 'missing');
    const own = listArguments({ missing: deletesHere ? 'delete' : 'ignore', force: this.#deletes, rewrite });
    return this.#run({ first: own }, listInput(entries.map(({ path }) => path)));
  }

  /** Compares these subtrees with all that is below them. */
  async #compare(subtrees: readonly PathBytes[], byContent: boolean): Promise<Failed | undefined> {
    if (subtrees.length === 0) return undefined;
    const { fuzzy = false, deletesExcluded = false, extraArguments = [] } = this.#session.options;
    const isWhole = subtrees.includes(ROOT_PATH);
    const last = deletesExcluded ? partialDirectoryArguments(extraArguments) : [];
    const own = compareArguments({
      deletes: this.#deletes,
      deletesLast: fuzzy,
      deletesExcluded,
      comparesNanoseconds: await this.#session.keepsNanoseconds(this.#context),
      byContent,
      fromList: !isWhole,
    });
    const input = (): Iterable<Buffer> | undefined => (isWhole ? undefined : listInput(subtrees));
    const first = await this.#run({ first: own, last }, input());
    const failed = this.#finish(first);
    if (failed || !first.deletionsSkipped) return failed;
    // rsync leaves out all deletions once it could not read something. Without what it could not read, it does the rest.
    const unreadable = [...first.unreadable];
    const second =
      unreadable.length > 0 &&
      unreadable.length <= PROTECTED_MAX_NAMES &&
      !first.unreadable.has('' as PathBytes)
        ? await this.#run({ first: [...protectArguments(unreadable), ...own], last }, input())
        : undefined;
    if (second && !second.deletionsSkipped) return this.#finish(second);
    return {
      kind: 'failed',
      scope: 'batch',
      message: `${first.unreadable.size} names of the source cannot be read, so nothing was deleted on ${this.#session.options.target}.`,
    };
  }

  #run(own: OwnArguments, input?: Iterable<Buffer>): Promise<RunReport> {
    const first = [...this.#mode.first, ...own.first];
    return this.#session.run({ own: { ...own, first }, ...(input ? { input } : {}) }, this.#context);
  }

  #failed(why: string): Failed {
    return {
      kind: 'failed',
      scope: 'batch',
      message: `rsync to ${this.#session.options.target} failed: ${why}.`,
    };
  }

  /** Takes what the runs did into the books; the first failure among them, if any. */
  #finish(...reports: readonly RunReport[]): Failed | undefined {
    for (const report of reports) this.#tally.add(report);
    for (const { verdict } of reports) {
      switch (verdict.kind) {
        case 'failed':
          return verdict;
        case 'done':
        case 'doneBySay':
          break;
        case 'missingArgsBroken':
          return this.#failed('the two rsync programs do not understand each other (exit 2)');
        case 'sourceSuspect':
          return this.#failed('the source could not be entered (exit 3)');
      }
    }
    return undefined;
  }
}

/** True for a path below one of these. */
function isBelowOne(path: PathBytes, subtrees: ReadonlySet<PathBytes>): boolean {
  return path !== ROOT_PATH && isWithinOne(parentPath(path), subtrees);
}

/**
 * Names whose content is new whatever size and time say (`-I`) apart from files of which only attributes changed, which
 * would be sent again with it. One run where the difference is small, and with hard links, whose names must be together.
 */
function splitByRewrite(
  entries: readonly ListedEntry[],
  hardLinks: boolean,
): { readonly entries: readonly ListedEntry[]; readonly rewrite: boolean }[] {
  if (entries.length === 0) return [];
  const kept = entries.filter(({ kind, rewrite }) => kind === 'file' && !rewrite);
  const rewrite = entries.some((entry) => entry.rewrite);
  const keptBytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  if (!rewrite || hardLinks || keptBytes <= RESENT_MAX_BYTES) return [{ entries, rewrite }];
  const others = entries.filter((entry) => entry.kind !== 'file' || entry.rewrite);
  return [
    { entries: others, rewrite: true },
    { entries: kept, rewrite: false },
  ];
}
