import type { Inlet } from './action-script.ts';
import { isReady } from './event-queue.ts';
import type { EventQueue } from './event-queue.ts';
import { asQueued, QueuedEvent, shown } from './queued-event.ts';

export interface InletParts {
  readonly queue: EventQueue;
  /** The script brings directories up to date itself. */
  readonly hasFull: boolean;
  readonly excludes: Pick<Inlet, 'addExclude' | 'rmExclude' | 'getExcludes'>;
  /** The script has seen this event. */
  readonly given: (event: QueuedEvent) => void;
  /** The script has made this event, which is to be queued. */
  readonly made: (event: QueuedEvent) => void;
  readonly discarded: (event: QueuedEvent) => void;
}

/** What a script sees of its target. */
export function scriptInlet({ queue, hasFull, excludes, given, made, discarded }: InletParts): Inlet {
  const make = (event: QueuedEvent): QueuedEvent => {
    made(event);
    return event;
  };
  return {
    getEvent: () => {
      const event = queue.first();
      if (event !== undefined) given(event);
      return event;
    },
    getEvents: (test) => {
      const events = queue.choose(test);
      for (const event of events) given(event);
      return { isList: true, events };
    },
    discardEvent: (event) => {
      const queued = asQueued(event);
      if (!isReady(queued, new Set())) throw new Error(`discardEvent: ${shown(queued)} is ${queued.status}`);
      discarded(queued);
    },
    createBlanketEvent: () => make(QueuedEvent.blanket()),
    createFullEvent: (path) => {
      if (!hasFull) throw new Error('createFullEvent: there is no full');
      return make(QueuedEvent.full(path));
    },
    addExclude: (pattern) => {
      excludes.addExclude(pattern);
    },
    rmExclude: (pattern) => {
      excludes.rmExclude(pattern);
    },
    getExcludes: () => excludes.getExcludes(),
  };
}
