import { Command, CommanderError } from 'commander';
import type { ConfigRequest } from '../daemon/config-request.ts';
import type { MirrorOptions, RunSettings } from '../daemon/mirror-options.ts';
import type { VerifyOptions } from '../daemon/verify-options.ts';
import type { WatchOptions } from '../daemon/watch-options.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { addConfigCommands, addConvert, type ConfigCommand, type ConvertRequest } from './config-commands.ts';
import { addMirror, AND } from './mirror-command.ts';
import { packageVersion } from './package-version.ts';
import { addVerify } from './verify-command.ts';
import { addWatch } from './watch-command.ts';

/** What a command line asks for. */
export type CommandLine =
  | {
      readonly kind: 'mirror';
      /** At least one. */
      readonly mirrors: readonly MirrorOptions[];
      readonly settings: RunSettings;
    }
  | { readonly kind: ConfigCommand; readonly request: ConfigRequest }
  | { readonly kind: 'convert'; readonly request: ConvertRequest }
  | { readonly kind: 'watch'; readonly options: WatchOptions }
  | { readonly kind: 'verify'; readonly options: VerifyOptions }
  /** Help or version: text to print, nothing else to do. */
  | { readonly kind: 'text'; readonly text: string };

/**
 * Reads the arguments behind the program's name; `columns` is the width of help. Relative paths become absolute ones.
 * Throws a SynclineError with code USAGE for anything that cannot be understood. Looks at no file but our package.json.
 */
export function parseCommandLine(args: readonly string[], columns = 80): CommandLine {
  if (args.length === 0) throw new SynclineError('USAGE', 'no command given', 'syncline --help lists them');
  const [first = [], ...others] = args[0] === 'mirror' ? splitAtAnd(args) : [args];
  let all = parseOne(first, columns);
  for (const own of others) {
    const next = parseOne(['mirror', ...own], columns);
    if (all.kind !== 'mirror') break;
    if (next.kind !== 'mirror') return next;
    all = {
      kind: 'mirror',
      mirrors: [...all.mirrors, ...next.mirrors],
      settings: { ...all.settings, ...next.settings },
    };
  }
  return all.kind === 'mirror' ? { ...all, settings: { ...DEFAULT_SETTINGS, ...all.settings } } : all;
}

const DEFAULT_SETTINGS: RunSettings = { maxTotalProcesses: undefined, logLevel: 'info', logFormat: 'pretty' };

function splitAtAnd(args: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const arg of args) {
    if (arg === AND) parts.push([]);
    else parts.at(-1)?.push(arg);
  }
  return parts;
}

/** A command line without `--and`; of the settings only those that are given. */
type OneCommand =
  | Exclude<CommandLine, { kind: 'mirror' }>
  | (Pick<CommandLine & { kind: 'mirror' }, 'kind' | 'mirrors'> & {
      readonly settings: Partial<RunSettings>;
    });

function parseOne(args: readonly string[], columns: number): OneCommand {
  let text = '';
  let parsed: OneCommand | undefined;
  const program = new Command('syncline')
    .description('Keeps copies of directory trees equal to them, live.')
    .version(`syncline ${packageVersion()}`, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print help and exit')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ sortSubcommands: false, helpWidth: Math.min(columns, 100) })
    .configureOutput({
      writeOut: (chunk) => (text += chunk),
      writeErr: () => undefined,
      getOutHelpWidth: () => Math.min(columns, 100),
      getOutHasColors: () => false,
    })
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError(true);
  addMirror(program, (mirror, settings) => (parsed = { kind: 'mirror', mirrors: [mirror], settings }));
  addConfigCommands(program, (kind, request) => (parsed = { kind, request }));
  addConvert(program, (request) => (parsed = { kind: 'convert', request }));
  addWatch(program, (options) => (parsed = { kind: 'watch', options }));
  addVerify(program, (options) => (parsed = { kind: 'verify', options }));
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, args);
  }
  return parsed ?? { kind: 'text', text };
}

const EXAMPLES = `
Examples:
  syncline mirror ./photos /mnt/backup/photos
  syncline mirror --delay 0.2 --exclude '*.tmp' src/ build-host:work/src
  syncline mirror --rsyncssh src build-host work/src
  syncline run syncline.config.yaml
  syncline mirror a host:a --and --delete no b /mnt/archive/b
  syncline mirror --on-event ./handle ./inbox
  syncline watch --json /etc | jq .path
  syncline verify --checksum ./photos /mnt/backup/photos

Exit status: 0 done, 1 failed, 2 wrong command line or configuration, 128+n
ended by signal n.
syncline COMMAND --help explains a command.`;

/** Commander's report as one line, and where to read more. */
function usageError(error: CommanderError, args: readonly string[]): SynclineError {
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/s, '; did you mean $1?');
  if (error.code === 'commander.unknownCommand' && args.length >= 2 && !message.includes('did you mean')) {
    return new SynclineError('USAGE', message, `to mirror a directory: syncline mirror ${args.join(' ')}`);
  }
  const command = args.find((argument) =>
    ['mirror', 'run', 'check', 'config', 'convert', 'watch', 'verify'].includes(argument),
  );
  return new SynclineError(
    'USAGE',
    message,
    `see: syncline ${command === undefined ? '' : `${command} `}--help`,
  );
}
