import type { Failed } from '../../model/outcome.ts';
import type { CommandEvent } from '../command/command-event.ts';
import type { TakenEvents } from './engine-options.ts';
import type { QueuedEvent } from './queued-event.ts';

/** The events of one delivery. */
export interface EventFeed {
  readonly events: AsyncIterator<CommandEvent> | Iterator<CommandEvent>;
  readonly taken: TakenEvents;
  readonly signal: AbortSignal;
  /** For its children: aborted with the delivery, or when all is closed. */
  readonly ending: AbortSignal;
  readonly open: Set<QueuedEvent>;
  isExhausted: boolean;
  /** No further event of it is to be begun. */
  isOver: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Of what was under way when its target or its delivery was ended. */
export const ENDED = failed('batch', 'It was ended before it was done.');

/** The target is stopped: what was ended in the middle may be half done, and would go the same way again. */
export function stopped(message: string): Failed {
  return { ...failed('configuration', message), remedy: 'Mend the function and reload, or restart.' };
}

export function failed(scope: Failed['scope'], message: string): Failed {
  return { kind: 'failed', scope, message };
}

/** True for what is told again by itself; a list or a whole tree is, with all of the delivery. */
export function isOneName(events: readonly QueuedEvent[]): boolean {
  return events.length === 1 && events[0]?.etype !== 'Init';
}
