import { isBelow, type PathBytes } from '../model/path-bytes.ts';

/**
 * Of names deleted one after the other, those that people want to read: a directory for all that was in it. What is
 * below a directory is expected right before it, as rsync names it. Keeps at most `maxKept` names.
 */
export class TopmostDeleted {
  readonly #maxKept: number;
  readonly #kept: { readonly path: PathBytes; readonly hiddenBefore: number }[] = [];
  #hidden = 0;

  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  add(path: PathBytes): void {
    for (
      let last = this.#kept.at(-1);
      last !== undefined && isBelow(last.path, path);
      last = this.#kept.at(-1)
    ) {
      this.#hidden = last.hiddenBefore;
      this.#kept.pop();
    }
    if (this.#kept.length < this.#maxKept) this.#kept.push({ path, hiddenBefore: this.#hidden });
    else this.#hidden++;
  }

  /** The names kept, in order, and how many more there were; then begins anew. */
  take(): { readonly paths: readonly PathBytes[]; readonly hidden: number } {
    const paths = this.#kept.splice(0).map(({ path }) => path);
    const hidden = this.#hidden;
    this.#hidden = 0;
    return { paths, hidden };
  }
}
