import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import type { LogFormat, LogLevel } from '../daemon/log.ts';
import type {
  DeletePolicy,
  FilterOption,
  MirrorOptions,
  MirroredAttributes,
} from '../daemon/mirror-options.ts';
import type { WatchOptions } from '../daemon/watch-options.ts';
import { pathFromText } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { addAttributeOptions } from './attribute-options.ts';
import { bandwidth, secondsAsMs, wholeNumber } from './option-value.ts';

/** What a command line asks for. */
export type CommandLine =
  | { readonly kind: 'mirror'; readonly options: MirrorOptions }
  | { readonly kind: 'watch'; readonly options: WatchOptions }
  /** Help or version: text to print, nothing else to do. */
  | { readonly kind: 'text'; readonly text: string };

/**
 * Reads the arguments behind the program's name; `columns` is the width of help. Relative paths become absolute ones.
 * Throws a SynclineError with code USAGE for anything that cannot be understood. Looks at no file but our package.json.
 */
export function parseCommandLine(args: readonly string[], columns = 80): CommandLine {
  let text = '';
  let parsed: CommandLine | undefined;
  const program = new Command('syncline')
    .description('Keeps copies of a directory tree equal to it, live.')
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
  addMirror(program, (options) => (parsed = { kind: 'mirror', options }));
  addWatch(program, (options) => (parsed = { kind: 'watch', options }));
  if (args.length === 0) throw new SynclineError('USAGE', 'no command given', 'syncline --help lists them');
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
  syncline watch --json /etc | jq .path

Exit status: 0 done, 1 failed, 2 wrong command line, 128+n ended by signal n.
syncline COMMAND --help explains a command.`;

const MIRROR_NOTES = `
TARGET is what rsync takes: a directory, host:directory (ssh), host::module/path
or rsync://host/module/path (rsync daemon). The content of SRC goes into TARGET.
With --direct a built-in engine copies to a local directory: no process is
started, and a renamed file or directory is renamed there too.

TERM and INT deliver what is pending if that is quick, then end with 143 or 130;
a second one ends at once.
Exit status: 0 done, 1 failed, 2 wrong command line, 128+n ended by signal n.`;

const WATCH_NOTES = `
One line an event: time, kind, path, and in brackets what was seen of it. There,
a backslash, a control character and every byte that is not UTF-8 are shown as
\\\\, \\n, \\t, \\r or \\xHH, so that two names never look alike.

With --json every line is one object: time, kind, and by kind
  changed   path; hints, any of: listed created modified closed attrib deleted
            directory
  moved     from, to, directory (true or false)
  rescan    path, reason: anything at or below path may differ
  coverage  path, state, reason, watched, missing, errno: how much is watched
  root      state (gone, back, replaced), errno: of DIR itself
Paths are relative to DIR, and '' is DIR. One that is not valid UTF-8 has its
exact bytes beside it: pathBase64, fromBase64 or toBase64; the field without
Base64 is then for people only.

The watch ends with INT or TERM, with status 130 or 143.`;

function addMirror(program: Command, done: (options: MirrorOptions) => void): void {
  const command = program
    .command('mirror')
    .summary('keep TARGET equal to SRC for as long as it runs')
    .description('Keeps TARGET equal to the directory SRC for as long as it runs.')
    .argument('<SRC>', 'the directory to mirror')
    .argument('<TARGET>', 'where to: anything rsync takes')
    .option('--direct', 'copy without rsync; TARGET is a local directory');
  command
    .optionsGroup('When:')
    .addOption(
      new Option('--delay <SECONDS>', 'deliver after this much quiet; decimals; 0: at once')
        .argParser(secondsAsMs)
        .default(1000, '1'),
    )
    .option(
      '--max-delay <SECONDS>',
      'deliver at the latest this long after the first change (default: 10, or the delay if that is longer)',
      secondsAsMs,
    )
    .option('--once', 'end after the first sync')
    .option('--no-initial', 'skip the first sync; deliver only what changes from now on')
    .option('-n, --dry-run', 'do the first sync without changing anything, say what it would do, and end');
  const filterArguments = addFilterOptions(command);
  command
    .addOption(
      new Option('--delete <WHEN>', 'deletions to repeat on the target')
        .choices(['yes', 'no', 'startup', 'running'])
        .default('yes'),
    )
    .option('--mkpath', "make the target's missing parents");
  const attributes = addAttributeOptions(command);
  const rsyncOptions: string[] = [];
  const toRsync =
    (prefix: string) =>
    (value: string): void => {
      rsyncOptions.push(`${prefix}${value}`);
    };
  command
    .optionsGroup('rsync:')
    .option('--rsync-opt <OPTION>', 'pass one argument to rsync; repeatable', toRsync(''))
    .option('-e, --rsh <COMMAND>', 'remote shell instead of ssh', toRsync('--rsh='))
    .option('--rsync-path <PATH>', 'rsync on the remote side', toRsync('--rsync-path='))
    .option('--rsync-program <PATH>', 'rsync on this side', 'rsync')
    .option('--bwlimit <RATE>', 'KiB a second at most, or as in 1.5M', bandwidth)
    .option('--timeout <SECONDS>', 'give up a stalled connection; 0: never', wholeNumber(0, 86_400), 600)
    .option('--max-processes <N>', 'rsync processes at a time', wholeNumber(1, 64), 1);
  addLogOptions(command);
  command.helpOption('-h, --help', 'print this help and exit');
  command.addHelpText('after', MIRROR_NOTES);
  command.action((source: string, target: string) => {
    const given = command.opts<MirrorFlags>();
    const maxDelayMs = given.maxDelay ?? Math.max(DEFAULT_MAX_DELAY_MS, given.delay);
    if (maxDelayMs < given.delay) {
      const delays = `--max-delay ${maxDelayMs / 1000} is shorter than --delay ${given.delay / 1000}`;
      throw new SynclineError('USAGE', delays, 'give a --max-delay of at least the --delay');
    }
    if (!given.initial && (given.once === true || given.dryRun === true)) {
      const flag = given.once === true ? '--once' : '--dry-run';
      throw new SynclineError(
        'USAGE',
        `${flag} with --no-initial leaves nothing to do`,
        'leave one of them out',
      );
    }
    if (source === '' || target === '') {
      throw new SynclineError(
        'USAGE',
        `${source === '' ? 'SRC' : 'TARGET'} is empty`,
        'use . for this directory',
      );
    }
    const kept = attributes();
    if (given.direct === true) refuseForDirect(command, kept);
    done({
      sourcePath: path.resolve(source),
      target,
      direct: given.direct === true,
      quietMs: given.delay,
      maxDelayMs,
      filterArguments,
      deletePolicy: given.delete,
      once: given.once === true || given.dryRun === true,
      initialSync: given.initial,
      dryRun: given.dryRun === true,
      maxProcesses: given.maxProcesses,
      attributes: kept,
      rsyncOptions,
      rsyncProgram: given.rsyncProgram,
      bandwidthLimit: given.bwlimit,
      timeoutSeconds: given.timeout,
      makeTargetParents: given.mkpath === true,
      logLevel: given.verbose === true ? 'debug' : given.logLevel,
      logFormat: given.logFormat,
    });
  });
}

/** A steady stream of changes is delivered this often when `--max-delay` is not given. */
const DEFAULT_MAX_DELAY_MS = 10_000;

/** Options that speak of rsync or of what only rsync does; by the names commander gives them. */
const rsyncFlags: Readonly<Record<string, string>> = {
  rsyncOpt: '--rsync-opt',
  rsh: '--rsh',
  rsyncPath: '--rsync-path',
  rsyncProgram: '--rsync-program',
  bwlimit: '--bwlimit',
  timeout: '--timeout',
  maxProcesses: '--max-processes',
  dryRun: '--dry-run',
};

function refuseForDirect(command: Command, attributes: MirroredAttributes): void {
  const given = Object.keys(rsyncFlags).find((name) => command.getOptionValueSource(name) === 'cli');
  const refused =
    (given !== undefined ? rsyncFlags[given] : undefined) ??
    (attributes.hardLinks
      ? '--hard-links'
      : attributes.acls
        ? '--acls'
        : attributes.xattrs
          ? '--xattrs'
          : undefined);
  if (refused === undefined) return;
  throw new SynclineError('USAGE', `${refused} works only with rsync`, `leave out ${refused} or --direct`);
}

interface MirrorFlags {
  readonly direct?: true;
  readonly delay: number;
  readonly maxDelay?: number;
  readonly once?: true;
  readonly initial: boolean;
  readonly dryRun?: true;
  readonly delete: DeletePolicy;
  readonly mkpath?: true;
  readonly rsyncProgram: string;
  readonly bwlimit: string | undefined;
  readonly timeout: number;
  readonly maxProcesses: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly verbose?: true;
}

function addWatch(program: Command, done: (options: WatchOptions) => void): void {
  const command = program
    .command('watch')
    .summary('print what happens in DIR as it happens')
    .description('Prints what happens in and below the directory DIR, as it happens.')
    .argument('<DIR>', 'the directory to watch')
    .optionsGroup('Output:')
    .option('--json', 'JSON lines instead of lines for people');
  const filterArguments = addFilterOptions(command);
  command.helpOption('-h, --help', 'print this help and exit');
  command.addHelpText('after', WATCH_NOTES);
  command.action((directory: string) => {
    if (directory === '') throw new SynclineError('USAGE', 'DIR is empty', 'use . for this directory');
    const json = command.opts<{ readonly json?: true }>().json === true;
    done({ directoryPath: pathFromText(path.resolve(directory)), json, filterArguments });
  });
}

/** Adds the filter options; the array returned fills in the order in which they are given. */
function addFilterOptions(command: Command): readonly FilterOption[] {
  const given: FilterOption[] = [];
  const collect = (kind: FilterOption['kind']) => (value: string) => {
    given.push({ kind, value });
  };
  command
    .optionsGroup("What (rsync's pattern language; the first match decides):")
    .option('--exclude <PATTERN>', 'leave out what matches; repeatable, as the next ones', collect('exclude'))
    .option('--include <PATTERN>', 'keep what matches', collect('include'))
    .option('--exclude-from <FILE>', 'exclude patterns from FILE, one a line', collect('exclude-from'))
    .option('--include-from <FILE>', 'include patterns from FILE, one a line', collect('include-from'))
    .option('-f, --filter <RULE>', "a rule such as '- *.o' or '+ /keep/'", collect('filter'));
  return given;
}

function addLogOptions(command: Command): void {
  command
    .optionsGroup('Log:')
    .addOption(
      new Option('--log-level <LEVEL>', 'least level to print')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .option('-v, --verbose', 'the same as --log-level debug')
    .addOption(
      new Option('--log-format <FORMAT>', 'lines for people or for programs')
        .choices(['pretty', 'json'])
        .default('pretty'),
    );
}

/** Commander's report as one line, and where to read more. */
function usageError(error: CommanderError, args: readonly string[]): SynclineError {
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/s, '; did you mean $1?');
  if (error.code === 'commander.unknownCommand' && args.length >= 2 && !message.includes('did you mean')) {
    return new SynclineError('USAGE', message, `to mirror a directory: syncline mirror ${args.join(' ')}`);
  }
  const command = args.find((argument) => argument === 'mirror' || argument === 'watch');
  return new SynclineError(
    'USAGE',
    message,
    `see: syncline ${command === undefined ? '' : `${command} `}--help`,
  );
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
