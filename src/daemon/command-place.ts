import { SynclineError } from '../model/syncline-error.ts';
import {
  type CommandLine,
  type CommandWord,
  EVENT_WORDS,
  eventVariableIn,
  MOVE_WORDS,
  parseWord,
} from '../target/command/command-line.ts';
import {
  COMMAND_EXIT_CODES,
  type CommandEventKind,
  type CommandExitCodes,
  type CommandMode,
} from '../target/command/command-options.ts';
import type { HookCommand } from '../target/hook/run-hook.ts';
import type { TargetPlace } from './mirror-options.ts';

export type ToldKind = Exclude<CommandEventKind, 'startup'>;

/** In the order in which they are named to people. */
export const TOLD_KINDS: readonly ToldKind[] = ['create', 'modify', 'attrib', 'delete', 'move', 'rescan'];
/** Those that any command can be expected to understand. */
export const USUAL_KINDS: readonly ToldKind[] = ['create', 'modify', 'attrib', 'delete'];

/** A command as the user gave it: with arguments of its own, without any, or a text for `sh`. */
export type GivenCommand =
  | { readonly kind: 'program'; readonly command: HookCommand; readonly hasArguments: boolean }
  | { readonly kind: 'shell'; readonly text: string };

/** The commands of a target; one of `onEvent` and `onBatch`. */
export interface GivenCommands {
  readonly target: string;
  readonly onEvent: GivenCommand | undefined;
  readonly onBatch: GivenCommand | undefined;
  readonly onStartup: GivenCommand | undefined;
  readonly events: readonly ToldKind[];
  readonly list: 'paths' | 'events';
  /** Meanings of single exit codes, the last one counts; 0 is `ok` and others are problems if not named. */
  readonly exitCodes: ReadonlyMap<number, 'ok' | 'again' | 'die'>;
}

/** The place of a target that is told to these commands. Throws a SynclineError (USAGE) for what can never work. */
export function commandPlace(given: GivenCommands): TargetPlace {
  return {
    kind: 'command',
    target: given.target,
    mode: modeOf(given),
    exitCodes: exitCodesOf(given.exitCodes),
  };
}

function modeOf({ onEvent, onBatch, onStartup, events, list }: GivenCommands): CommandMode {
  const startup = onStartup && lineOf(onStartup, EVENT_WORDS);
  if (onEvent !== undefined) {
    const commands = events.map((kind) => [
      kind,
      lineOf(onEvent, kind === 'move' ? MOVE_WORDS : EVENT_WORDS),
    ]);
    return {
      kind: 'event',
      commands: {
        ...(Object.fromEntries(commands) as Record<ToldKind, CommandLine>),
        ...(startup && { startup }),
      },
    };
  }
  if (onBatch === undefined)
    throw new SynclineError('USAGE', 'no command given', 'give --on-event or --on-batch');
  const command = lineOf(onBatch, []);
  const wrong = eventVariableIn(command);
  if (wrong !== undefined)
    throw new SynclineError(
      'USAGE',
      `--on-batch has no {${wrong}}: it is about many names`,
      'read the names from standard input, or use --on-event',
    );
  return { kind: 'batch', command, list, tells: events, ...(startup && { startup }) };
}

/** `usual` are the arguments of a command that was given without any. */
function lineOf(given: GivenCommand, usual: readonly CommandWord[]): CommandLine {
  if (given.kind === 'shell') return { kind: 'shell', text: given.text, parameters: usual };
  const { program, arguments: words } = given.command;
  if (!given.hasArguments) return { kind: 'program', words: [[program], ...usual] };
  return { kind: 'program', words: [program, ...words].map(parseWord) };
}

function exitCodesOf(meanings: GivenCommands['exitCodes']): CommandExitCodes {
  const all = new Map([...COMMAND_EXIT_CODES.ok.map((code) => [code, 'ok'] as const), ...meanings]);
  const codesOf = (wanted: string): readonly number[] =>
    [...all].filter(([, meaning]) => meaning === wanted).map(([code]) => code);
  return { ...COMMAND_EXIT_CODES, ok: codesOf('ok'), again: codesOf('again'), die: codesOf('die') };
}
