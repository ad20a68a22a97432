import { displayPath, ROOT_PATH } from '../model/path-bytes.ts';
import type { Change, Effect, RunDifference, TargetChange } from './config-difference.ts';

/** A line for what counts for the process and has changed; none if nothing has. */
export function settingsLines({ settings }: RunDifference): readonly string[] {
  return settings.length === 0 ? [] : [settings.map(changeText).join(', ')];
}

/** What has changed for one target, and what is done about it. */
export function changeLine({ to, options, rules, compare }: TargetChange): string {
  const parts = [
    ...options.map(changeText),
    ...(rules === undefined ? [] : [`rules: ${rules.added.length} added, ${rules.removed.length} removed`]),
  ];
  const places = compare.map(displayPath);
  const what =
    places.length > MAX_PLACES
      ? `${places.length} places are`
      : `${places.join(', ')} ${places.length === 1 ? 'is' : 'are'}`;
  const compared =
    compare.length === 0
      ? ''
      : compare.includes(ROOT_PATH)
        ? '; all of it is compared'
        : `; ${what} compared`;
  return `target ${to.name}: ${parts.join(', ')}${compared}`;
}

const WHEN: Readonly<Partial<Record<Effect, string>>> = {
  nextStart: ' (for a target that starts)',
  nextRun: ' (when the program is started again)',
};

/** More are counted. */
const MAX_PLACES = 5;

function changeText({ name, from, to, effect }: Change): string {
  return `${name} ${from} → ${to}${WHEN[effect] ?? ''}`;
}
