import { ROOT_PATH, parentPath } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { ActionEventStatus, EventTest } from './action-script.ts';
import type { QueuedEvent } from './queued-event.ts';

/**
 * Events that are not done, in their order. One is `block` while an earlier one of the same path, or of a path above or
 * below, is not done; a `Blanket` waits for all before it, and all behind it wait for it.
 */
export class EventQueue {
  readonly #undone = new Set<QueuedEvent>();
  readonly #comparisons = new Set<QueuedEvent>();
  /** How many are `wait`, but for those for `init` and `full`. */
  #waiting = 0;
  /** The undone events of a path, and those of all paths below it. */
  readonly #at = new Map<PathBytes, Set<QueuedEvent>>();
  readonly #below = new Map<PathBytes, Set<QueuedEvent>>();
  #blanket: QueuedEvent | undefined;
  /** Where {@link first} is in the undone ones: none before it is to be given. */
  #cursor: Iterator<QueuedEvent> | undefined;
  #first: QueuedEvent | undefined;

  /** How many are not done. */
  get size(): number {
    return this.#undone.size;
  }

  /** Those that the script has made itself. */
  made(): readonly QueuedEvent[] {
    return [...this.#undone].filter(({ told }) => told === undefined);
  }

  /** Those for `init` and `full` that are `wait`. */
  get comparisons(): readonly QueuedEvent[] {
    return this.#comparisons.size === 0
      ? []
      : [...this.#comparisons].filter(({ status }) => status === 'wait');
  }

  /** Whether {@link first} has one to give. */
  get hasFirst(): boolean {
    return this.#waiting > 0;
  }

  /** The first that is `wait`, but for those for `init` and `full`. */
  first(): QueuedEvent | undefined {
    if (this.#waiting === 0) return undefined;
    if (this.#first?.status === 'wait') return this.#first;
    this.#first = undefined;
    const cursor = (this.#cursor ??= this.#undone.values());
    for (let next = cursor.next(); next.done !== true; next = cursor.next()) {
      if (next.value.status !== 'wait' || isComparison(next.value)) continue;
      this.#first = next.value;
      break;
    }
    return this.#first;
  }

  add(event: QueuedEvent): void {
    for (const blocker of this.#blockersOf(event)) {
      event.blockers.add(blocker);
      blocker.blocked.push(event);
    }
    this.#undone.add(event);
    if (isComparison(event)) this.#comparisons.add(event);
    if (event.etype === 'Blanket') this.#blanket = event;
    else
      for (const path of pathsOf(event)) {
        put(this.#at, path, event);
        for (const above of pathsAbove(path)) put(this.#below, above, event);
      }
    event.status = 'block';
    // It is the last one: the cursor comes to it.
    this.#set(event, statusOf(event));
  }

  /** A child works at it. */
  activate(event: QueuedEvent): void {
    this.#set(event, 'active');
  }

  /** Nobody works at it any more, and it is not done. */
  giveBack(event: QueuedEvent): void {
    this.#free(event);
  }

  /** It is to wait, although nothing is before it. */
  hold(event: QueuedEvent): void {
    this.#set(event, 'block');
  }

  end(event: QueuedEvent): void {
    this.#set(event, 'done');
    this.#undone.delete(event);
    this.#comparisons.delete(event);
    if (this.#blanket === event) this.#blanket = undefined;
    for (const path of pathsOf(event)) {
      take(this.#at, path, event);
      for (const above of pathsAbove(path)) take(this.#below, above, event);
    }
    for (const next of event.blocked) {
      next.blockers.delete(event);
      if (next.status === 'block') this.#free(next);
    }
    event.blocked.length = 0;
  }

  /**
   * Those of which `test` says true and which wait for none but these. A `Blanket` ends the list where there is no test.
   * Events for `init` and `full` are left out.
   */
  choose(test: EventTest = (event) => (event.etype === 'Blanket' ? 'break' : true)): readonly QueuedEvent[] {
    const chosen = new Set<QueuedEvent>();
    for (const event of this.#undone) {
      if (isComparison(event) || !isReady(event, chosen)) continue;
      const verdict = test(event);
      if (verdict === 'break') break;
      if (verdict) chosen.add(event);
    }
    return [...chosen];
  }

  #free(event: QueuedEvent): void {
    this.#set(event, statusOf(event));
    this.#cursor = undefined;
    this.#first = undefined;
  }

  #set(event: QueuedEvent, status: ActionEventStatus): void {
    if (!isComparison(event)) this.#waiting += Number(status === 'wait') - Number(event.status === 'wait');
    event.status = status;
  }

  *#blockersOf(event: QueuedEvent): Generator<QueuedEvent> {
    if (event.etype === 'Blanket') {
      yield* this.#undone;
      return;
    }
    if (this.#blanket !== undefined) yield this.#blanket;
    for (const path of pathsOf(event)) {
      yield* this.#at.get(path) ?? [];
      yield* this.#below.get(path) ?? [];
      for (const above of pathsAbove(path)) yield* this.#at.get(above) ?? [];
    }
  }
}

/** Of one that nobody works at. */
function statusOf({ blockers }: QueuedEvent): ActionEventStatus {
  return blockers.size === 0 ? 'wait' : 'block';
}

/** True for one that waits for nobody but `others`. */
export function isReady(event: QueuedEvent, others: ReadonlySet<QueuedEvent>): boolean {
  if (event.status === 'wait') return true;
  if (event.status !== 'block' || event.blockers.size === 0) return false;
  for (const blocker of event.blockers) if (!others.has(blocker)) return false;
  return true;
}

function isComparison({ etype }: QueuedEvent): boolean {
  return etype === 'Init' || etype === 'Full';
}

function pathsOf({ etype, path, to }: QueuedEvent): readonly PathBytes[] {
  if (etype === 'Blanket') return [];
  return to === undefined ? [path] : [path, to];
}

function* pathsAbove(path: PathBytes): Generator<PathBytes> {
  for (let up = path; up !== ROOT_PATH;) {
    up = parentPath(up);
    yield up;
  }
}

function put(sets: Map<PathBytes, Set<QueuedEvent>>, path: PathBytes, event: QueuedEvent): void {
  const set = sets.get(path);
  if (set === undefined) sets.set(path, new Set([event]));
  else set.add(event);
}

function take(sets: Map<PathBytes, Set<QueuedEvent>>, path: PathBytes, event: QueuedEvent): void {
  const set = sets.get(path);
  set?.delete(event);
  if (set?.size === 0) sets.delete(path);
}
