import { DELIVERY_RECORD_KINDS } from '../../addon/addon.ts';
import type { NativeAddon, NativeDeliveryOptions, NativeDeliveryState } from '../../addon/addon.ts';
import type { PathProblem } from '../../model/outcome.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { DeliveryContext } from '../target.ts';

/** What the engine did of one batch; in a dry run, what it would do. */
export interface EngineReport {
  /** How many names. */
  readonly updated: number;
  readonly deleted: number;
  /** Of file data. */
  readonly bytes: number;
  /** Of each move, in their order, whether it was made. */
  readonly moved: readonly boolean[];
  readonly problems: readonly PathProblem[];
  readonly recheck: readonly PathBytes[];
  /** What the target does not take of an entry, the path as in the problems. */
  readonly refusals: readonly PathProblem[];
  readonly failure?: NativeDeliveryState['failure'];
}

/** Runs one batch on the engine's threads, with its events as they come. Ends early, but in order, when the signal says so. */
export function runEngine(
  addon: Pick<NativeAddon, 'Delivery'>,
  options: NativeDeliveryOptions,
  context: DeliveryContext,
): Promise<EngineReport> {
  return new Promise((resolve, reject) => {
    const tally = new EngineTally(context, options.dryRun);
    const delivery = new addon.Delivery(options, () => {
      try {
        const state = delivery.take();
        tally.add(state);
        if (!state.ended) return;
        end();
        resolve(tally.report(state.failure));
      } catch (error) {
        end();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    const abort = (): void => {
      delivery.abort();
    };
    const end = (): void => {
      context.signal.removeEventListener('abort', abort);
      delivery.close();
    };
    context.signal.addEventListener('abort', abort);
    if (context.signal.aborted) abort();
  });
}

/** Turns the engine's records into events, and adds them up. */
class EngineTally {
  readonly #context: DeliveryContext;
  /** In a dry run, the names told already: what is not done is found again. */
  readonly #told: Set<string> | undefined;
  readonly #problems = new Map<PathBytes, PathProblem>();
  readonly #recheck = new Set<PathBytes>();
  readonly #refusals: PathProblem[] = [];
  readonly #moved: boolean[] = [];
  #updated = 0;
  #deleted = 0;
  #bytes = 0;

  constructor(context: DeliveryContext, dryRun: boolean) {
    this.#context = context;
    this.#told = dryRun ? new Set() : undefined;
  }

  add(state: NativeDeliveryState): void {
    const { kinds, paths, pathEnds, bytesOf, messages } = state;
    let from = 0;
    for (const [i, number] of kinds.entries()) {
      const to = pathEnds[i] ?? 0;
      const path = paths.slice(from, to) as PathBytes;
      from = to;
      const [kind, bytes = 0, message = ''] = [DELIVERY_RECORD_KINDS[number], bytesOf[i], messages[i]];
      switch (kind) {
        case 'updated':
          if (this.#isTold(`u${path}`)) break;
          this.#updated++;
          this.#bytes += bytes;
          this.#context.report({ kind, path, bytes, ...(message !== '' && { change: message }) });
          break;
        case 'directoryTime':
          if (!this.#isTold(`t${path}`)) this.#context.report({ kind, path });
          break;
        case 'deleted':
          if (this.#isTold(`d${path}`)) break;
          this.#deleted++;
          this.#context.report({ kind, path, bytes });
          break;
        case 'moved':
          this.#moved.push(true);
          this.#context.report({ kind, path, bytes });
          break;
        case 'missed':
          this.#moved.push(false);
          break;
        case 'problem':
          if (!this.#problems.has(path)) this.#problems.set(path, { path, message });
          break;
        case 'recheck':
          this.#recheck.add(path);
          break;
        case 'refused':
          this.#refusals.push({ path, message });
          break;
        case undefined:
          throw new Error(`the engine told of a record of kind ${number}`);
      }
    }
    const { bytes, entriesDone } = state;
    const entriesTotal = state.ended ? state.entriesSeen : undefined;
    this.#context.report({ kind: 'progress', bytes, entriesDone, entriesTotal });
  }

  report(failure: NativeDeliveryState['failure']): EngineReport {
    return {
      updated: this.#updated,
      deleted: this.#deleted,
      bytes: this.#bytes,
      moved: this.#moved,
      problems: [...this.#problems.values()],
      recheck: [...this.#recheck].filter((path) => !this.#problems.has(path)),
      refusals: this.#refusals,
      ...(failure && { failure }),
    };
  }

  #isTold(what: string): boolean {
    if (this.#told === undefined) return false;
    if (this.#told.has(what)) return true;
    this.#told.add(what);
    return false;
  }
}
