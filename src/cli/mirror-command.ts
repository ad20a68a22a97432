import path from 'node:path';
import { type Command, Option } from 'commander';
import type { LogFormat, LogLevel } from '../daemon/log.ts';
import type {
  DeleteLimit,
  DeletePolicy,
  HookCommand,
  MirrorOptions,
  RunSettings,
  TargetPlace,
} from '../daemon/mirror-options.ts';
import { furtherPlace } from '../daemon/target-place.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { addAttributeOptions } from './attribute-options.ts';
import { addCommandOptions, type CommandFlags, givenCommandPlace } from './command-options.ts';
import { addFilterOptions, addRsyncOptions, refuseEmpty, type RsyncFlags } from './option-groups.ts';
import {
  crontabTime,
  deleteLimit,
  hookCommand,
  hookSeconds,
  secondsAsMs,
  size,
  wholeNumber,
} from './option-value.ts';
import { refuseUnusedOptions } from './unused-options.ts';

/** Stands between the mirrors of one command line. */
export const AND = '--and';

const MIRROR_NOTES = `
TARGET is what rsync takes: a directory, host:directory (ssh), host::module/path
or rsync://host/module/path (rsync daemon). The content of SRC goes into TARGET.

With --direct the built-in copier brings TARGET up to date, a directory on this
machine, and so every local --target; no process is started for it, and a
renamed file or directory is renamed there too.

With --rsyncssh, TARGET is a host and TARGETDIR a directory there, below the
home directory unless it begins with a slash. One ssh connection is kept for all
deliveries. What is moved in SRC is moved there, by SFTP or else by mv, and not
sent again; that takes --delete yes or running. ssh asks nothing: it needs a key
without a password, or an agent.

With --on-event or --on-batch programs of your own do the work: docs/commands.md
explains what they are told. TARGET is then a text that they are given.

Every --target is a target like TARGET: each has its own pace, retries and
state, and none waits for another. One whose configuration cannot work is
stopped alone; the program ends with 1 when all are.

--and begins one more mirror in the same process: SRC, TARGET and options of its
own, none taken over. One that fails stops no other. Sources that are the same
or lie inside one another share one watch. The log and --max-total-processes are
those of the process, wherever they stand; the last word counts.

CMD is a program, run as it is without a shell, or a JSON array of a program
and its arguments: '["sh", "-c", "date >> log"]'. On standard input it reads one
JSON object: hook, time, source, target, batch, reason, outcome, and by outcome
counts, problems and held, or scope, message and remedy. A hook that fails or
hangs is reported, and the mirror goes on.

TERM and INT deliver what is pending if that is quick, then end with 143 or 130;
a second one ends at once.
Exit status: 0 done, 1 failed, 2 wrong command line, 128+n ended by signal n.`;

/** Adds `syncline mirror`; `done` gets what one mirror was asked for, and what is said of the process. */
export function addMirror(
  program: Command,
  done: (mirror: MirrorOptions, settings: Partial<RunSettings>) => void,
): void {
  const command = program
    .command('mirror')
    .summary('keep TARGET equal to SRC, live')
    .description('Keeps TARGET equal to the directory SRC for as long as it runs.')
    .argument('<SRC>', 'the directory to mirror')
    .argument('[TARGET]', 'where to: anything rsync takes; with --rsyncssh the host')
    .argument('[TARGETDIR]', 'with --rsyncssh: the directory on the host');
  const furtherTargets: string[] = [];
  command
    .optionsGroup('Where:')
    .option('--target <TARGET>', 'one more target; repeatable', (value: string) => {
      furtherTargets.push(value);
    })
    .option('--direct', 'targets that are local directories without rsync, by the built-in copier')
    .option(AND, 'one more mirror: SRC TARGET and options of its own follow; repeatable');
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
    .option('--max-names <N>', 'deliver at once when so many names wait', wholeNumber(1, 1_000_000), 2_000)
    .option('--crontab <TIME>', 'compare all at these times, as in "0 3 * * *"; repeatable', crontabTime)
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
    .option(
      '--max-delete <N|P%>',
      'hold all deletions of a batch with more than N, or P% of the names',
      deleteLimit,
    )
    .option('--allow-empty-source', 'an empty SRC may empty the target (else deletions are held)')
    .option('--mkpath', "make the target's missing parents");
  const attributes = addAttributeOptions(command);
  const rsyncOptions = addRsyncOptions(command);
  command
    .option('--delete-excluded', 'a comparison also deletes what the rules above leave out')
    .option('--fuzzy', 'send a renamed file against its old name (same directory); deletes last')
    .option('--max-processes <N>', 'processes at a time for each target', wholeNumber(1, 1000), 1)
    .option('--batch-size-limit <SIZE>', 'send changed files above it beside the others, one at a time', size)
    .option(
      '--max-total-processes <N>',
      'delivering processes at a time for all targets together (default: no limit)',
      wholeNumber(1, 1_000),
    )
    .optionsGroup('Hooks:')
    .option('--before-batch <CMD>', 'run CMD before each delivery, which waits for it', hookCommand)
    .option('--after-batch <CMD>', 'run CMD after each delivery', hookCommand)
    .option('--on-error <CMD>', 'run CMD when a delivery failed, left problems or was held', hookCommand)
    .addOption(
      new Option('--hook-timeout <SECONDS>', 'end a hook after so long')
        .argParser(hookSeconds)
        .default(30_000, '30'),
    );
  const sshOptions: string[] = [];
  command
    .optionsGroup('rsync and moves over one ssh connection:')
    .option('--rsyncssh', 'TARGET TARGETDIR are a host and a directory there')
    .option('--port <N>', 'port of the host', wholeNumber(1, 65_535))
    .option('--identity <FILE>', 'private key to log in with')
    .option(
      '--ssh-opt <OPTION>',
      'pass one argument to ssh, as in --ssh-opt=-4; repeatable',
      (value: string) => {
        sshOptions.push(value);
      },
    );
  const exitCodes = addCommandOptions(command);
  addLogOptions(command);
  command.helpOption('-h, --help', 'print this help and exit');
  command.addHelpText('after', MIRROR_NOTES);
  command.action((source: string, place: string | undefined, directory: string | undefined) => {
    const given = command.opts<MirrorFlags>();
    refuseEmpty(source, [...(place === undefined ? [] : [place]), ...furtherTargets]);
    const direct = given.direct === true;
    const commands = givenCommandPlace(place ?? '', given, exitCodes);
    const first = firstTarget(commands ?? place, directory, given, sshOptions);
    const targets = [first, ...furtherTargets.map((target) => furtherPlace(target, direct))];
    refuseForTargets(command, targets, direct);
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
    if (given.once === true && given.crontab !== undefined)
      throw new SynclineError(
        'USAGE',
        '--crontab with --once has no later time to wait for',
        'leave one of them out',
      );
    const mirror: MirrorOptions = {
      sourcePath: path.resolve(source),
      targets,
      quietMs: given.delay,
      maxDelayMs,
      maxNames: given.maxNames,
      crontab: given.crontab ?? [],
      filterArguments,
      deletePolicy: given.delete,
      deletesExcluded: given.deleteExcluded === true,
      maxDelete: given.maxDelete,
      allowEmptySource: given.allowEmptySource === true,
      once: given.once === true || given.dryRun === true,
      initialSync: given.initial,
      dryRun: given.dryRun === true,
      maxProcesses: given.maxProcesses,
      largeFileBytes: given.batchSizeLimit,
      attributes: attributes(),
      rsyncOptions,
      rsyncProgram: given.rsyncProgram,
      bandwidthLimit: given.bwlimit,
      fuzzy: given.fuzzy === true,
      timeoutSeconds: given.timeout,
      makeTargetParents: given.mkpath === true,
      hooks: {
        beforeBatch: given.dryRun === true ? undefined : given.beforeBatch,
        afterBatch: given.dryRun === true ? undefined : given.afterBatch,
        onError: given.dryRun === true ? undefined : given.onError,
        timeoutMs: given.hookTimeout,
      },
    };
    done(mirror, givenSettings(command));
  });
}

/** Those that are given: the last mirror of a command line that gives one decides for all. */
function givenSettings(command: Command): Partial<RunSettings> {
  const { maxTotalProcesses, verbose, logLevel, logFormat } = command.opts<MirrorFlags>();
  const isGiven = (name: keyof MirrorFlags): boolean => command.getOptionValueSource(name) === 'cli';
  return {
    ...(maxTotalProcesses === undefined ? {} : { maxTotalProcesses }),
    ...(isGiven('logLevel') ? { logLevel } : {}),
    ...(verbose === true ? { logLevel: 'debug' } : {}),
    ...(isGiven('logFormat') ? { logFormat } : {}),
  };
}

const HELP = 'see: syncline mirror --help';

/** With `--rsyncssh` a directory on a host, else TARGET as it is or what is given; refuses what belongs to the other. */
function firstTarget(
  place: string | TargetPlace | undefined,
  directory: string | undefined,
  { direct, rsyncssh, port, identity }: MirrorFlags,
  sshArguments: readonly string[],
): TargetPlace {
  if (place === undefined)
    throw new SynclineError(
      'USAGE',
      "missing required argument 'TARGET'",
      'only --on-event and --on-batch can do without; see: syncline mirror --help',
    );
  if (rsyncssh === true) {
    if (typeof place !== 'string')
      throw new SynclineError('USAGE', '--rsyncssh and a command are two ways for one target', HELP);
    if (directory === undefined)
      throw new SynclineError(
        'USAGE',
        'TARGETDIR is missing',
        'syncline mirror --rsyncssh SRC HOST TARGETDIR',
      );
    if (directory === '')
      throw new SynclineError('USAGE', 'TARGETDIR is empty', 'use . for the home directory on the host');
    return { kind: 'rsyncssh', ssh: { host: place, port, identity, sshArguments }, directory };
  }
  if (directory !== undefined)
    throw new SynclineError(
      'USAGE',
      `too many arguments for 'mirror'. Expected 2 arguments but got 3.`,
      HELP,
    );
  const [loose] = Object.entries({ port, identity, 'ssh-opt': sshArguments[0] }).filter(
    ([, value]) => value !== undefined,
  );
  if (loose !== undefined)
    throw new SynclineError('USAGE', `--${loose[0]} without --rsyncssh`, 'for other targets: --rsh COMMAND');
  if (typeof place !== 'string') return place;
  return { kind: direct === true ? 'direct' : 'rsync', target: place };
}

/** Options of rsync say nothing where no target is brought up to date by it; nor does --direct where none is local. */
function refuseForTargets(command: Command, targets: readonly TargetPlace[], direct: boolean): void {
  if (direct && !targets.some(({ kind }) => kind === 'direct'))
    throw new SynclineError('USAGE', '--direct, but no target is a local directory', 'leave out --direct');
  refuseUnusedOptions(
    command,
    targets.map(({ kind }) => kind),
  );
}

/** A steady stream of changes is delivered this often when `--max-delay` is not given. */
const DEFAULT_MAX_DELAY_MS = 10_000;

interface MirrorFlags extends RsyncFlags, CommandFlags {
  readonly direct?: true;
  readonly delay: number;
  readonly maxDelay?: number;
  readonly maxNames: number;
  readonly crontab?: readonly string[];
  readonly once?: true;
  readonly initial: boolean;
  readonly dryRun?: true;
  readonly delete: DeletePolicy;
  readonly deleteExcluded?: true;
  readonly maxDelete?: DeleteLimit;
  readonly allowEmptySource?: true;
  readonly mkpath?: true;
  readonly fuzzy?: true;
  readonly maxProcesses: number;
  readonly batchSizeLimit?: number;
  readonly maxTotalProcesses?: number;
  readonly beforeBatch?: HookCommand;
  readonly afterBatch?: HookCommand;
  readonly onError?: HookCommand;
  readonly hookTimeout: number;
  readonly rsyncssh?: true;
  readonly port?: number;
  readonly identity?: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly verbose?: true;
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
