import { exactText, pathFromExactText } from '../../model/exact-text.ts';
import type { SyncInlet, UserAction } from '../../model/user-action.ts';
import type { CommandPlaces } from '../command/command-event.ts';
import type { ActionHost, ActionScript, CollectVerdict, Inlet } from './action-script.ts';
import { SyncEvents } from './sync-events.ts';
import { isPromiseLike } from '../../model/promise-like.ts';

interface Started {
  readonly events: SyncEvents;
  readonly inlet: SyncInlet;
}

/** An action of the user's as the script of a target. */
export function userScript(
  { start, action, init, full, collect }: UserAction,
  places: CommandPlaces,
): ActionScript {
  let started: Started | undefined;
  const parts = (): Started => {
    if (started === undefined) throw new Error('the action was not started');
    return started;
  };
  return {
    start: (host, inlet) => {
      const events = new SyncEvents(places, host);
      started = { events, inlet: shownInlet(inlet, events, host) };
      return settled(start?.(started.inlet));
    },
    action: () => settled(action(parts().inlet)),
    ...(init && { init: (event) => settled(init(parts().events.event(event), parts().inlet)) }),
    ...(full && { full: (event) => settled(full(parts().events.event(event), parts().inlet)) }),
    ...(collect && {
      collect: (agent, exitCode, signal) => {
        const said = collect(parts().events.agent(agent), exitCode, signal);
        return isPromiseLike(said) ? Promise.resolve(said).then(verdictOf) : verdictOf(said);
      },
    }),
  };
}

function shownInlet(inlet: Inlet, events: SyncEvents, host: ActionHost): SyncInlet {
  return {
    getEvent: () => {
      const event = inlet.getEvent();
      return event === undefined ? undefined : events.event(event);
    },
    getEvents: (test) =>
      events.list(inlet.getEvents(test === undefined ? undefined : (event) => test(events.event(event)))),
    discardEvent: (event) => {
      inlet.discardEvent(events.real(event));
    },
    createBlanketEvent: () => events.event(inlet.createBlanketEvent()),
    createFullEvent: (path) =>
      events.event(inlet.createFullEvent(pathFromExactText(path.replaceAll(/^\/+|\/+$/g, '')))),
    addExclude: (pattern) => {
      inlet.addExclude(pathFromExactText(pattern));
    },
    rmExclude: (pattern) => {
      inlet.rmExclude(pathFromExactText(pattern));
    },
    getExcludes: () => inlet.getExcludes().map(exactText),
    log: (category, message) => {
      host.log(category, message);
    },
    terminate: (exitCode) => {
      host.terminate(exitCode);
    },
  };
}

function verdictOf(said: unknown): CollectVerdict | undefined {
  if (said === undefined || said === 'ok' || said === 'again' || said === 'die') return said;
  throw new TypeError(
    `it gave ${typeof said === 'string' ? said : typeof said}; allowed: ok, again, die or nothing`,
  );
}

/** What a function gives back counts only if it has to be waited for. */
function settled(value: unknown): undefined | PromiseLike<void> {
  return isPromiseLike(value) ? Promise.resolve(value).then(() => undefined) : undefined;
}
