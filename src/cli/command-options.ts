import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import {
  commandPlace,
  type GivenCommand,
  type ToldKind,
  TOLD_KINDS,
  USUAL_KINDS,
} from '../daemon/command-place.ts';
import type { TargetPlace } from '../daemon/mirror-options.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { hookCommand } from './option-value.ts';

type Meaning = 'ok' | 'again' | 'die';

/** The values of {@link addCommandOptions} that commander keeps. */
export interface CommandFlags {
  readonly onEvent?: string;
  readonly onBatch?: string;
  readonly onStartup?: string;
  readonly shell?: true;
  readonly events?: readonly ToldKind[];
  readonly list?: 'paths' | 'events';
}

/** Adds the options for commands of the user's own; the map returned fills with the meanings of exit codes. */
export function addCommandOptions(command: Command): ReadonlyMap<number, Meaning> {
  const exitCodes = new Map<number, Meaning>();
  command
    .optionsGroup('Programs of your own instead of rsync (TARGET may be any text, or left out):')
    .option('--on-event <CMD>', 'run CMD for each name; arguments: EVENT SOURCEPATH TARGETPATH')
    .option('--on-batch <CMD>', 'run CMD for each batch; it reads the names, a NUL behind each')
    .option('--on-startup <CMD>', 'run CMD for the first sync (else every name is told)')
    .option('--shell', 'CMD is a text for sh, and the arguments are its $1, $2, $3')
    .option(
      '--events <LIST>',
      `what to tell, of ${TOLD_KINDS.join(',')} (default: the first four)`,
      toldKinds,
    )
    .addOption(
      new Option('--list <FORM>', 'what --on-batch reads (default: paths)').choices(['paths', 'events']),
    )
    .option(
      '--exit-code <CODE=MEANING>',
      'CODE is ok, again (try the batch again) or die (stop); repeatable',
      (text: string) => {
        const [, code, meaning] = /^(\d{1,3})=(ok|again|die)$/.exec(text) ?? [];
        if (code === undefined || Number(code) > 255)
          throw new InvalidArgumentError('It must be as in 75=again: a code, and ok, again or die.');
        exitCodes.set(Number(code), meaning as Meaning);
      },
    );
  return exitCodes;
}

/**
 * The place these options ask for; undefined if none of them is given. Throws a SynclineError (USAGE) for options that do
 * not go together.
 */
export function givenCommandPlace(
  target: string,
  given: CommandFlags,
  exitCodes: ReadonlyMap<number, Meaning>,
): TargetPlace | undefined {
  const { onEvent, onBatch, onStartup, shell, events, list } = given;
  if (onEvent === undefined && onBatch === undefined) {
    const [code] = exitCodes.keys();
    const [loose] = Object.entries({
      'on-startup': onStartup,
      shell,
      events,
      list,
      'exit-code': code,
    }).filter(([, value]) => value !== undefined);
    if (loose === undefined) return undefined;
    throw new SynclineError('USAGE', `--${loose[0]} without --on-event or --on-batch`, HELP);
  }
  if (onEvent !== undefined && onBatch !== undefined)
    throw new SynclineError('USAGE', '--on-event and --on-batch are two ways for one target', HELP);
  if (onBatch === undefined && list !== undefined)
    throw new SynclineError('USAGE', '--list without --on-batch', HELP);
  const read = (option: string, text: string | undefined): GivenCommand | undefined =>
    text === undefined ? undefined : givenCommand(option, text, shell === true);
  return commandPlace({
    target,
    onEvent: read('--on-event', onEvent),
    onBatch: read('--on-batch', onBatch),
    onStartup: read('--on-startup', onStartup),
    events: events ?? USUAL_KINDS,
    list: list ?? 'paths',
    exitCodes,
  });
}

const HELP = 'see: syncline mirror --help';

function givenCommand(option: string, text: string, shell: boolean): GivenCommand {
  if (shell) {
    if (text.trim() === '') throw new SynclineError('USAGE', `${option} is empty`, 'give a text for sh');
    return { kind: 'shell', text };
  }
  try {
    return { kind: 'program', command: hookCommand(text), hasArguments: text.trimStart().startsWith('[') };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new SynclineError('USAGE', `${option} '${text}' is invalid. ${error.message}`, HELP, {
      cause: error,
    });
  }
}

/** `create,delete`. */
function toldKinds(text: string): readonly ToldKind[] {
  const names = text.split(',');
  const kinds = TOLD_KINDS.filter((kind) => names.includes(kind));
  if (names.every((name) => (TOLD_KINDS as readonly string[]).includes(name))) return kinds;
  throw new InvalidArgumentError(`It must be a list of ${TOLD_KINDS.join(', ')}, with commas between.`);
}
