import type { BatchEntry } from '../../model/batch.ts';
import type { Delivered, PathProblem } from '../../model/outcome.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { RunReport } from './rsync-run.ts';

/** Adds up what the rsync runs of one delivery did. */
export class DeliveryTally {
  rootCreated = false;
  moved = 0;
  comparedWhole = false;
  deferred: readonly BatchEntry[] = [];
  #updated = 0;
  #deleted = 0;
  #bytes = 0;
  readonly #problems = new Map<PathBytes, PathProblem>();
  readonly #recheck = new Set<PathBytes>();

  add(report: RunReport): void {
    this.#updated += report.updated;
    this.#deleted += report.deleted;
    this.#bytes += report.bytes;
    this.rootCreated ||= report.rootCreated;
    this.addProblems(report.problems.values());
    for (const path of report.recheck) this.#recheck.add(path);
  }

  addProblems(problems: Iterable<PathProblem>): void {
    for (const problem of problems)
      if (!this.#problems.has(problem.path)) this.#problems.set(problem.path, problem);
  }

  delivered(): Delivered {
    return {
      kind: 'delivered',
      counts: { updated: this.#updated, deleted: this.#deleted, bytes: this.#bytes, moved: this.moved },
      problems: [...this.#problems.values()],
      recheck: [...this.#recheck],
      ...(this.comparedWhole && { comparedWhole: true }),
      ...(this.deferred.length > 0 && { deferred: this.deferred }),
    };
  }
}
