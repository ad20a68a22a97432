import type {
  EventFunction,
  EventFunctions,
  SyncEvent,
  SyncInlet,
  UserAction,
} from '../../model/user-action.ts';

/** Layer 2 by layer 1: a function is called for each event by itself; one that starts nothing is done when it returns. */
export function eventFunctionsAction(
  functions: EventFunctions,
  { start, collect }: Pick<UserAction, 'start' | 'collect'> = {},
): UserAction {
  const { onStartup, onFull } = functions;
  return {
    start,
    action: (inlet) => {
      const event = inlet.getEvent();
      return event === undefined
        ? undefined
        : perform(event, inlet, `on${event.etype}`, functionOf(functions, event));
    },
    ...(onStartup && { init: (event, inlet) => perform(event, inlet, 'onStartup', onStartup) }),
    ...(onFull && { full: (event, inlet) => perform(event, inlet, 'onFull', onFull) }),
    collect,
  };
}

function functionOf(functions: EventFunctions, { etype }: SyncEvent): EventFunction | undefined {
  switch (etype) {
    case 'Create':
      return functions.onCreate;
    case 'Modify':
      return functions.onModify;
    case 'Attrib':
      return functions.onAttrib;
    case 'Delete':
      return functions.onDelete;
    case 'Move':
      return functions.onMove;
    case 'Init':
    case 'Full':
    case 'Blanket':
      return undefined;
  }
}

function perform(event: SyncEvent, inlet: SyncInlet, name: string, run: EventFunction | undefined): unknown {
  const end = (): void => {
    if (event.status === 'wait') inlet.discardEvent(event);
  };
  try {
    const value = run?.(event, inlet);
    if (typeof value !== 'object' || value === null || !('then' in value)) {
      end();
      return undefined;
    }
    return Promise.resolve(value).then(end, (error: unknown) => {
      throw named(name, error);
    });
  } catch (error) {
    throw named(name, error);
  }
}

/** With the name of the function in front, and the place of what was thrown. */
function named(name: string, error: unknown): Error {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return new Error(`${name}: ${message}`, { cause: error });
}
