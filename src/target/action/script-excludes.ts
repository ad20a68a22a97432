import type { PathBytes } from '../../model/path-bytes.ts';
import type { ActionTargetOptions, IsExcluded } from './action-options.ts';
import type { Inlet } from './action-script.ts';

const NOTHING: IsExcluded = () => false;

/**
 * The patterns that a script has added. What happens to a name in the time of a delivery is told by the next one, so a
 * pattern that was taken back counts to the end of the delivery that follows.
 */
export class ScriptExcludes implements Pick<Inlet, 'addExclude' | 'rmExclude' | 'getExcludes'> {
  readonly #compile: ActionTargetOptions['compileExcludes'];
  #patterns: readonly PathBytes[] = [];
  /** Taken back, and how many ends of deliveries they count for yet. */
  readonly #leaving = new Map<PathBytes, number>();
  #isDelivering = false;
  #matcher: IsExcluded = NOTHING;

  constructor(compile: ActionTargetOptions['compileExcludes']) {
    this.#compile = compile;
  }

  readonly isExcluded: IsExcluded = (path, isDirectory) => this.#matcher(path, isDirectory);

  addExclude(pattern: PathBytes): void {
    // Throws before anything is changed.
    this.#compile([pattern]);
    this.#leaving.delete(pattern);
    this.#patterns = [...this.#patterns.filter((known) => known !== pattern), pattern];
    this.#update();
  }

  rmExclude(pattern: PathBytes): void {
    if (!this.#patterns.includes(pattern)) return;
    this.#patterns = this.#patterns.filter((known) => known !== pattern);
    this.#leaving.set(pattern, this.#isDelivering ? 2 : 1);
  }

  getExcludes(): readonly PathBytes[] {
    return this.#patterns;
  }

  deliveryBegins(): void {
    this.#isDelivering = true;
  }

  deliveryEnds(): void {
    this.#isDelivering = false;
    if (this.#leaving.size === 0) return;
    for (const [pattern, ends] of [...this.#leaving])
      if (ends === 1) this.#leaving.delete(pattern);
      else this.#leaving.set(pattern, ends - 1);
    this.#update();
  }

  #update(): void {
    const all = [...this.#patterns, ...this.#leaving.keys()];
    this.#matcher = all.length === 0 ? NOTHING : this.#compile(all);
  }
}
