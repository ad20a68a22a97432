import type { Batch } from '../../model/batch.ts';
import type { Delivered, Failed, Outcome } from '../../model/outcome.ts';
import { afterMove, isWithinOne, parentPath } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { deletesFor } from '../delete-policy.ts';
import type { DeliveryContext, DeliveryEvent } from '../target.ts';
import { LEFTOVER_DELETION, leftoverInput } from './rsync-arguments.ts';
import type { RsyncSession, RunContext } from './rsync-session.ts';

/** More directories than this are not looked through one by one: then everything is compared. */
const MAX_DIRECTORIES = 1000;

/**
 * Temporary files (`.NAME.XXXXXX`) that receivers may have left on one target. A receiver removes its own when a run
 * breaks off, but not when it is killed or its host goes down, and no later list would name them.
 */
export class Leftovers {
  readonly #session: RsyncSession;
  readonly #directories: Set<PathBytes>;

  constructor(session: RsyncSession) {
    this.#session = session;
    this.#directories = session.known.leftovers;
  }

  /**
   * To be told of every delivery. After one that failed, the directories of its entries are remembered (its subtrees are
   * compared again anyway); after the next one that succeeds they are cleaned, unless something is being received there
   * still (`isBusy`). Returns the outcome, or why that failed.
   */
  async after(batch: Batch, outcome: Outcome, isBusy: boolean, context: RunContext): Promise<Outcome> {
    this.#follow(batch);
    if (outcome.kind === 'failed') {
      if (outcome.scope === 'batch' || outcome.scope === 'target') this.#remember(batch);
      return outcome;
    }
    if (isBusy || this.#directories.size === 0 || !this.#mayDelete(batch, outcome)) return outcome;
    return (await this.#remove(context)) ?? outcome;
  }

  /** A move that was made has taken the files along. */
  #follow({ moves }: Batch): void {
    for (const { from, to } of moves)
      for (const path of [...this.#directories]) {
        const now = afterMove(path, from, to);
        if (now !== undefined) this.#directories.add(now);
      }
  }

  #remember({ entries, subtrees, contentSubtrees }: Batch): void {
    const compared = new Set([...subtrees, ...contentSubtrees]);
    for (const { path } of entries) {
      const directory = parentPath(path);
      if (!isWithinOne(directory, compared)) this.#directories.add(directory);
    }
    if (this.#directories.size <= MAX_DIRECTORIES) return;
    this.#directories.clear();
    this.#session.known.needsCompare = true;
  }

  /** What looks like a temporary file may be somebody's own where deletions are not repeated or are held. */
  #mayDelete({ reason }: Batch, { held }: Delivered): boolean {
    const { deletes = 'yes', dryRun = false } = this.#session.options;
    return deletesFor(deletes, reason) && !dryRun && held === undefined && !this.#session.sourceIsEmpty();
  }

  async #remove(context: RunContext): Promise<Failed | undefined> {
    const { verdict, deleted } = await this.#session.run(
      { own: LEFTOVER_DELETION, input: [leftoverInput([...this.#directories])] },
      { ...context, report: onlyCommands(context) },
    );
    if (verdict.kind === 'failed') {
      this.#session.known.mayHaveChanged ||= verdict.scope === 'target';
      return verdict;
    }
    this.#directories.clear();
    if (deleted > 0) context.report({ kind: 'notice', message: notice(deleted, this.#session) });
    return undefined;
  }
}

function notice(deleted: number, { options: { target } }: RsyncSession): string {
  const files = deleted === 1 ? 'a temporary file' : `${deleted} temporary files`;
  return `Removed ${files} that a broken run had left on ${target}.`;
}

function onlyCommands({ report }: DeliveryContext): (event: DeliveryEvent) => void {
  return (event) => {
    if (event.kind === 'command') report(event);
  };
}
