import type { EventFunctions } from '../model/user-action.ts';

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
export type EventKey = (typeof EVENT_KEYS)[number];

/** The keys of a target of the kind `action` that say what is done. */
export const ACTION_KEYS = [...EVENT_KEYS, 'start', 'action', 'init', 'full', 'collect'] as const;
export type ActionKey = (typeof ACTION_KEYS)[number];

/** Of what a target of the kind `action` says, what its place is made of. */
export function actionPart(target: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return pick(target, ['kind', 'target', ...ACTION_KEYS, 'moves', 'deletedNames']);
}

/** These keys of an object, in this order, but those that are undefined. */
export function pick(
  from: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));
}
