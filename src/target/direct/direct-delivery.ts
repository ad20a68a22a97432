import { availableParallelism } from 'node:os';
import type { Batch, Move } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import type { Failed, Outcome } from '../../model/outcome.ts';
import { displayPath, ROOT_PATH } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { DeleteGuard } from '../delete-guard.ts';
import { deletesFor } from '../delete-policy.ts';
import { withMissedMoves } from '../move/missed-moves.ts';
import type { DeliveryContext, DeliveryEvent } from '../target.ts';
import type { DirectTargetOptions } from './direct-options.ts';
import { DirectRoots } from './direct-roots.ts';
import type { OpenRoots } from './direct-roots.ts';
import { runEngine } from './engine-run.ts';
import type { EngineReport } from './engine-run.ts';
import { LocalMover } from './local-mover.ts';

/** More threads than this wait for the disk, not for a processor. */
const MAX_THREADS = 4;
const NEW_CONTENT = HINT.modified | HINT.created;

/** How the engine is to bring a batch up to date. */
interface EngineMode {
  readonly deletes: boolean;
  readonly maxDeletes?: number;
  readonly dryRun: boolean;
}

/** Delivers batches to one local directory: moves first, then, if deletions are guarded, a dry run that counts them. */
export class DirectDelivery {
  readonly #options: DirectTargetOptions;
  readonly #roots: DirectRoots;
  readonly #mover: LocalMover;
  readonly #guard: DeleteGuard;
  readonly #refusals = new Set<string>();

  /** Throws a SynclineError (TARGET) for a target that is not on this machine. */
  constructor(options: DirectTargetOptions) {
    this.#options = options;
    this.#roots = new DirectRoots(options);
    this.#mover = new LocalMover({ ...options, targetPath: this.#roots.targetPath });
    this.#guard = new DeleteGuard({ ...options, targetName: options.target });
  }

  /** Changes nothing. Throws a SynclineError (SOURCE, TARGET) when this pair cannot be mirrored. */
  prepare(): void {
    this.#roots.prepare();
  }

  /** Never rejects for a reason outside this program. One at a time. */
  async deliver(asked: Batch, context: DeliveryContext): Promise<Outcome> {
    const roots = this.#roots.open();
    if ('kind' in roots) return roots;
    const deletes = deletesFor(this.#options.deletes ?? 'yes', asked.reason);
    const isEmpty = (): boolean => this.#roots.sourceIsEmpty();
    const mindsEmpty = deletes && this.#guard.mindsEmpty(asked, this.#roots.needsCompare, isEmpty);
    const missed = await this.#missedMoves(asked.moves, deletes && !mindsEmpty, context);
    if ('scope' in missed) return missed;
    const repaired = withMissedMoves(asked, missed);
    const comparedWhole = this.#roots.needsCompare;
    const batch = comparedWhole ? { ...repaired, subtrees: [ROOT_PATH] } : repaired;
    const outcome = await this.#deliverGuarded(roots, batch, { deletes, mindsEmpty }, context);
    if (outcome.kind === 'failed') return outcome;
    this.#roots.delivered();
    const { counts } = outcome;
    const moved = asked.moves.length - missed.length;
    return { ...outcome, ...(comparedWhole && { comparedWhole }), counts: { ...counts, moved } };
  }

  /** Makes the moves and gives those that were not made. None is made where nothing may be deleted. */
  async #missedMoves(
    moves: readonly Move[],
    deletes: boolean,
    context: DeliveryContext,
  ): Promise<readonly Move[] | Failed> {
    const { dryRun = false } = this.#options;
    return deletes && !dryRun && moves.length > 0 ? this.#mover.makeMoves(moves, context) : moves;
  }

  /** Counts by a dry run what would be deleted, where that may be too much, and leaves all deletions out if it is. */
  async #deliverGuarded(
    roots: OpenRoots,
    batch: Batch,
    { deletes, mindsEmpty }: { readonly deletes: boolean; readonly mindsEmpty: boolean },
    context: DeliveryContext,
  ): Promise<Outcome> {
    const { dryRun = false } = this.#options;
    if (!deletes || !this.#guard.watches(mindsEmpty))
      return this.#run(roots, batch, { deletes, dryRun }, context);
    const doomed = new Set<PathBytes>();
    const trial = await this.#run(roots, batch, { deletes, dryRun: true }, counting(context, doomed));
    if (trial.kind === 'failed') return trial;
    const permission = await this.#guard.judge(trial.counts.deleted, mindsEmpty, () =>
      this.#countSource(roots, context),
    );
    switch (permission.kind) {
      case 'failed':
        return permission;
      case 'allowed': {
        const mode = { deletes, maxDeletes: permission.maxDelete, dryRun };
        const outcome = await this.#run(roots, batch, mode, context);
        if (outcome.kind === 'delivered' && !dryRun) this.#guard.deleted(outcome.counts.deleted);
        return outcome;
      }
      case 'held': {
        const outcome = await this.#run(roots, batch, { deletes: false, dryRun }, context);
        if (outcome.kind === 'failed') return outcome;
        const missing = batch.entries.map(({ path }) => path).filter((path) => doomed.has(path));
        const paths = [...missing, ...batch.subtrees, ...batch.contentSubtrees];
        return { ...outcome, held: { ...permission.why, paths } };
      }
    }
  }

  /** The number of names of the source below its root, as far as the filter shows them. */
  async #countSource({ source }: OpenRoots, context: DeliveryContext): Promise<number | Failed> {
    const everything = { moves: [], entries: [], subtrees: [ROOT_PATH], contentSubtrees: [] };
    const mode = { deletes: false, dryRun: true };
    const report = await this.#engine({ source, target: undefined }, everything, mode, counting(context));
    return this.#failure(report, context) ?? report.updated;
  }

  async #run(roots: OpenRoots, batch: Batch, mode: EngineMode, context: DeliveryContext): Promise<Outcome> {
    const report = await this.#engine(roots, batch, mode, context);
    const failure = this.#roots.checkAfter(roots) ?? this.#failure(report, context);
    if (failure) return failure;
    for (const { message } of report.refusals) {
      if (this.#refusals.has(message)) continue;
      this.#refusals.add(message);
      context.report({
        kind: 'notice',
        message: `The target does not take all attributes: ${message} (said once)`,
      });
    }
    const { updated, deleted, bytes, problems, recheck } = report;
    return { kind: 'delivered', counts: { updated, deleted, bytes }, problems, recheck };
  }

  #engine(
    { source, target }: OpenRoots,
    { entries, subtrees, contentSubtrees }: Pick<Batch, 'entries' | 'subtrees' | 'contentSubtrees'>,
    mode: EngineMode,
    context: DeliveryContext,
  ): Promise<EngineReport> {
    const { addon, attributes, filters, threads } = this.#options;
    const request = {
      ...filters,
      ...mode,
      source,
      target,
      attributes,
      moves: [],
      entries: entries.map(({ path, hints }) => ({ path, newContent: (hints & NEW_CONTENT) !== 0 })),
      subtrees,
      contentSubtrees,
      threads: threads ?? Math.min(MAX_THREADS, availableParallelism()),
    };
    return runEngine(addon, request, context);
  }

  #failure({ failure }: EngineReport, { signal }: DeliveryContext): Failed | undefined {
    const { source, target } = this.#options;
    if (signal.aborted) return failed('batch', `The delivery to ${target} was ended before it was done.`);
    switch (failure?.scope) {
      case undefined:
        return undefined;
      case 'batch':
        return failed('batch', `The delivery to ${target} could not be made: ${failure.message}.`);
      case 'source':
        return failed('source', `Source ${displayPath(source)}: ${failure.message}.`);
      case 'target':
        return failed(
          'target',
          `Target ${target} cannot be written: ${failure.message}.`,
          'Make room there or make it writable; it goes on by itself.',
        );
    }
  }
}

/** For dry runs that only count: what they name is not done. `deleted` gets what would be deleted. */
function counting(context: DeliveryContext, deleted?: Set<PathBytes>): DeliveryContext {
  const report = (event: DeliveryEvent): void => {
    if (event.kind === 'deleted') deleted?.add(event.path);
    if (event.kind === 'progress') context.report(event);
  };
  return { signal: context.signal, report };
}

function failed(scope: Failed['scope'], message: string, remedy?: string): Failed {
  return { kind: 'failed', scope, message, ...(remedy !== undefined && { remedy }) };
}
