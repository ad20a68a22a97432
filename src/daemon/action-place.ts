import type { ActionPlace } from '../config/resolve-config.ts';
import type { EventFunction, EventFunctions, UserAction } from '../model/user-action.ts';
import { ACTION_EXIT_CODES } from '../target/action/action-options.ts';
import { commandFunction } from '../target/action/command-string.ts';
import { eventFunctionsAction } from '../target/action/event-functions.ts';
import type { CommandExitCodes } from '../target/command/command-options.ts';
import type { TargetPlace } from './mirror-options.ts';

/** Keys whose value is a command or a function of the event. */
export const EVENT_KEYS = [
  'onCreate',
  'onModify',
  'onAttrib',
  'onDelete',
  'onMove',
  'onStartup',
  'onFull',
] as const satisfies readonly (keyof EventFunctions)[];

type EventKey = (typeof EVENT_KEYS)[number];
type ToldKinds = (TargetPlace & { readonly kind: 'action' })['tells'];

const ALL_KINDS: ToldKinds = ['create', 'modify', 'attrib', 'delete', 'move'];

/** What is said of exit codes. */
export type GivenExitCodes = Readonly<Partial<Record<'ok' | 'again' | 'die', readonly number[] | undefined>>>;

/** The target that a configuration asks for. Throws a SynclineError (CONFIG) for a command that can never work. */
export function actionPlace(place: ActionPlace, codes: GivenExitCodes): TargetPlace {
  const { target = '', action, init, full, collect } = place;
  const exitCodes = exitCodesOf(codes);
  if (action !== undefined) {
    const whole: UserAction = { action, init, full, collect };
    const tells = place.moves === false ? ALL_KINDS.filter((kind) => kind !== 'move') : ALL_KINDS;
    return { kind: 'action', target, action: whole, tells, exitCodes };
  }
  const functions: Partial<Record<EventKey, EventFunction>> = {};
  for (const key of EVENT_KEYS) {
    const run = eventFunction(place, key);
    if (run !== undefined) functions[key] = run;
  }
  const tells = ALL_KINDS.filter((kind) => functions[eventKey(kind)] !== undefined);
  return { kind: 'action', target, action: eventFunctionsAction(functions, collect), tells, exitCodes };
}

/** What is done with an event. Throws a SynclineError (CONFIG) for a command that can never work. */
export function eventFunction(place: ActionPlace, key: EventKey): EventFunction | undefined {
  const given = place[key];
  return typeof given === 'string' ? commandFunction(given, key === 'onMove') : given;
}

function eventKey(kind: ToldKinds[number]): EventKey {
  switch (kind) {
    case 'create':
      return 'onCreate';
    case 'modify':
      return 'onModify';
    case 'attrib':
      return 'onAttrib';
    case 'delete':
      return 'onDelete';
    case 'move':
      return 'onMove';
  }
}

/** 0 is `ok` unless something else is said of it. */
function exitCodesOf({ ok = [], again = [], die = [] }: GivenExitCodes): CommandExitCodes {
  const usual = ACTION_EXIT_CODES.ok.filter((code) => !again.includes(code) && !die.includes(code));
  return { ...ACTION_EXIT_CODES, ok: [...new Set([...usual, ...ok])], again, die };
}
