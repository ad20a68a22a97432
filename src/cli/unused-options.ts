import type { Command, Option } from 'commander';
import type { TargetPlace } from '../daemon/mirror-options.ts';
import { SynclineError } from '../model/syncline-error.ts';

type Kind = TargetPlace['kind'];

const NAMES: Readonly<Record<Kind, string>> = {
  rsync: 'rsync',
  rsyncssh: 'rsync',
  direct: '--direct',
  command: 'commands',
  action: 'actions',
};

const RSYNC: readonly Kind[] = ['rsync', 'rsyncssh'];

/** Which kinds of targets an option says something to, by its group in the help; undefined: all. */
function usersOf({ long = '', helpGroupHeading = '' }: Option): readonly Kind[] | undefined {
  if (long === '--max-total-processes') return undefined;
  if (long === '--timeout' || long === '--max-processes') return [...RSYNC, 'command'];
  if (long === '--delete-excluded' || helpGroupHeading.startsWith('rsync:')) return RSYNC;
  const isOfCopies = long === '--mkpath' || helpGroupHeading.startsWith('What is kept equal');
  return isOfCopies ? [...RSYNC, 'direct'] : undefined;
}

/** Throws a SynclineError (USAGE) for an option given that says nothing to any target of these kinds. */
export function refuseUnusedOptions(command: Command, kinds: readonly Kind[]): void {
  const refused = command.options.find((option) => {
    const users = usersOf(option);
    const name = option.attributeName();
    const isTurnedOff = command.getOptionValue(name) === false;
    const isGiven = command.getOptionValueSource(name) === 'cli' && option.negate === isTurnedOff;
    return isGiven && users !== undefined && !kinds.some((kind) => users.includes(kind));
  });
  if (refused === undefined) return;
  const name = refused.long ?? refused.flags;
  const users = (usersOf(refused) ?? []).map((kind) => NAMES[kind]);
  const allowed = new Intl.ListFormat('en').format(new Set(users));
  throw new SynclineError('USAGE', `${name} works only with ${allowed}`, `leave out ${name}`);
}
