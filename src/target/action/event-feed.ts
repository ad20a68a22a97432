import type { Failed } from '../../model/outcome.ts';
import type { CommandEvent } from '../command/command-event.ts';
import type { ToldEvents } from '../command/event-delivery.ts';
import type { QueuedEvent } from './queued-event.ts';

/** The events of one delivery. */
export interface EventFeed {
  readonly events: AsyncIterator<CommandEvent> | Iterator<CommandEvent>;
  readonly told: ToldEvents;
  readonly signal: AbortSignal;
  readonly open: Set<QueuedEvent>;
  isExhausted: boolean;
  /** No further event of it is to be begun. */
  isOver: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Of what was under way when its target or its delivery was ended. */
export const ENDED = failed('batch', 'It was ended before it was done.');

export function failed(scope: Failed['scope'], message: string): Failed {
  return { kind: 'failed', scope, message };
}

/** True for what is told again by itself; a list or a whole tree is, with all of the delivery. */
export function isOneName(events: readonly QueuedEvent[]): boolean {
  return events.length === 1 && events[0]?.etype !== 'Init';
}
