import { createHash } from 'node:crypto';
import { ACTION_KEYS, actionPart, EVENT_KEYS, type EventKey } from '../config/action-keys.ts';
import type { ConfigPath } from '../config/config-document.ts';
import type { ActionPlace, EffectiveSync } from '../config/resolve-config.ts';
import type { EventFunction, UserAction } from '../model/user-action.ts';
import { ACTION_EXIT_CODES } from '../target/action/action-options.ts';
import { commandFunction } from '../target/action/command-string.ts';
import { eventFunctionsAction } from '../target/action/event-functions.ts';
import type { CallMarks } from '../target/action/call-marks.ts';
import { SynclineError } from '../model/syncline-error.ts';
import type { CommandExitCodes } from '../target/command/command-options.ts';
import type { ActionDefinition, ActionModule, TargetPlace } from './mirror-options.ts';

type ToldKinds = (TargetPlace & { readonly kind: 'action' })['tells'];

const ALL_KINDS: ToldKinds = ['create', 'modify', 'attrib', 'delete', 'move'];

/** What is said of exit codes. */
export type GivenExitCodes = Readonly<Partial<Record<'ok' | 'again' | 'die', readonly number[] | undefined>>>;

/** What the functions of a configuration are: `program` is another one when they may be. */
export type ActionCode = Pick<EffectiveSync, 'program' | 'module'>;

/**
 * The target that a configuration asks for at `path`. Throws a SynclineError (CONFIG) for a command that can never work.
 */
export function actionPlace(
  place: ActionPlace,
  path: ConfigPath,
  codes: GivenExitCodes,
  code: ActionCode,
): TargetPlace {
  const { target = '', deletedNames = false } = place;
  const definition = definitionOf(place, code.program);
  const module =
    code.module === undefined || definition.program === undefined
      ? {}
      : { module: { ...code.module, target: path, program: code.program } };
  return {
    kind: 'action',
    target,
    ...userAction(place),
    deletedNames,
    exitCodes: exitCodesOf(codes),
    definition,
    ...module,
  };
}

interface ToldAction {
  readonly action: UserAction;
  readonly tells: ToldKinds;
}

/** What a target does. Throws a SynclineError (CONFIG) for a command that can never work. */
function userAction(place: ActionPlace): ToldAction {
  const { start, action, init, full, collect, ...events } = place;
  if (action !== undefined) {
    const whole: UserAction = { start, action, init, full, collect };
    return {
      action: whole,
      tells: place.moves === false ? ALL_KINDS.filter((kind) => kind !== 'move') : ALL_KINDS,
    };
  }
  const functions: Partial<Record<EventKey, EventFunction>> = {};
  for (const key of EVENT_KEYS) {
    const run = eventFunction(events, key);
    if (run !== undefined) functions[key] = run;
  }
  return {
    action: eventFunctionsAction(functions, { start, collect }),
    tells: ALL_KINDS.filter((kind) => functions[eventKey(kind)] !== undefined),
  };
}

/**
 * The action of the target that `module` says, out of a configuration that was run in this thread, with its calls
 * noted by the place of each key in `ACTION_KEYS`, from 1 on. Throws a SynclineError (CONFIG) where another one is found.
 */
export function loadedAction(
  config: unknown,
  { path, target, program }: ActionModule,
  definition: ActionDefinition,
  marks: CallMarks,
): UserAction {
  const found = target.reduce<unknown>(
    (value, key) => (value as Readonly<Record<string | number, unknown>> | undefined)?.[key],
    config,
  );
  const place = actionPart((found ?? {}) as Readonly<Record<string, unknown>>) as ActionPlace;
  if (definitionOf(place, program).program !== definition.program)
    throw new SynclineError(
      'CONFIG',
      `${path} does not give the same functions again`,
      'it is run once for all and once for each target with functions: let it give the same each time',
    );
  const marked = Object.entries(place).map(([key, value]): [string, unknown] => {
    const index = (ACTION_KEYS as readonly string[]).indexOf(key);
    return typeof value === 'function'
      ? [key, marks.marked(value as (...values: unknown[]) => unknown, index + 1)]
      : [key, value];
  });
  return userAction(Object.fromEntries(marked) as ActionPlace).action;
}

/** A function that is imported is known by its own text, what it calls in other files is not. */
function definitionOf(
  { kind: _kind, target: _target, ...given }: ActionPlace,
  program: string,
): ActionDefinition {
  const all = Object.entries(given);
  const functions = all.flatMap(([key, value]) =>
    typeof value === 'function' ? [[key, value.toString()]] : [],
  );
  const hash = createHash('sha256')
    .update(JSON.stringify([program, functions]))
    .digest('hex');
  return {
    values: Object.fromEntries(all.filter(([, value]) => typeof value !== 'function')),
    program: functions.length === 0 ? undefined : hash.slice(0, 12),
  };
}

/** What is done with an event. Throws a SynclineError (CONFIG) for a command that can never work. */
export function eventFunction(place: Pick<ActionPlace, EventKey>, key: EventKey): EventFunction | undefined {
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
