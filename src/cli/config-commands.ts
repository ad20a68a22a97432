import { type Command, Option } from 'commander';
import type { ConfigRequest } from '../daemon/config-request.ts';

/** One of the commands that read a configuration. */
export type ConfigCommand = 'run' | 'check' | 'config';

/** What `syncline convert` was asked for. */
export interface ConvertRequest {
  /** A Lua configuration of Lsyncd's, as the user wrote it. */
  readonly file: string;
  readonly form: 'yaml' | 'ts';
}

const FIND = `
Without CONFIG, syncline.config.ts, .mts, .js, .mjs, .json, .yaml or .yml in the
working directory is taken, else the same in /etc/syncline.`;

const RUN_NOTES = `${FIND}

Relative paths in it count from its directory. Everything that is wrong with it
is told at once, before anything is started. TERM and INT are as for mirror.
HUP makes it read the configuration again, with its files of rules, and go over
to it by what differs; nothing else is touched. A broken one is told of in the
log, and the one before stays in force. --watch-config does so by itself when
one of these files has changed.
Exit status: 0 done, 1 failed, 2 wrong command line or configuration, 128+n
ended by signal n.`;

const CHECK_NOTES = `${FIND}

Besides the configuration itself it looks at what it names: sources, targets on
this machine, files with rules and keys, rsync. Hosts are not asked.
Exit status: 0 no problems, 1 not all of it could be mirrored as things are, 2
wrong command line or configuration.`;

const CONFIG_NOTES = `${FIND}

What is printed is a configuration itself, with nothing left to defaults.
Exit status: 0 done, 2 wrong command line or configuration.`;

const CONVERT_NOTES = `
The configuration is written to the standard output; what it cannot say is told
on the standard error, with the place in FILE.
Exit status: 0 all of it is carried over, 1 not all of it, 2 wrong command line
or configuration.

Example:
  syncline convert /etc/lsyncd/lsyncd.conf.lua > syncline.config.yaml`;

interface RunFlags {
  readonly once?: true;
  /** Only `run` can be told `--no-initial`. */
  readonly initial?: boolean;
  readonly dryRun?: true;
  readonly watchConfig?: true;
  readonly verbose?: true;
  readonly logLevel?: 'error' | 'warn' | 'info' | 'debug';
  readonly logFormat?: 'pretty' | 'json';
}

/** Adds `syncline run`, `check` and `config`; `done` gets what was asked for. */
export function addConfigCommands(
  program: Command,
  done: (command: ConfigCommand, request: ConfigRequest) => void,
): void {
  const run = add(program, 'run', 'mirror what a configuration says', done)
    .description('Mirrors what the configuration CONFIG says, for as long as it runs.')
    .option('-w, --watch-config', 'go over to what it says whenever it has changed')
    .optionsGroup('For all syncs, whatever the configuration says:')
    .option('--once', 'end after the first sync')
    .option('--no-initial', 'skip the first sync')
    .option('-n, --dry-run', 'only say what the first sync would do')
    .addOption(
      new Option('--log-level <LEVEL>', 'least level to print').choices(['error', 'warn', 'info', 'debug']),
    )
    .option('-v, --verbose', 'the same as --log-level debug')
    .addOption(
      new Option('--log-format <FORMAT>', 'lines for people or for programs').choices(['pretty', 'json']),
    );
  run.helpOption('-h, --help', 'print this help and exit').addHelpText('after', RUN_NOTES);
  add(program, 'check', 'find errors in a configuration', done)
    .description('Lists everything that is wrong with the configuration CONFIG; changes nothing.')
    .helpOption('-h, --help', 'print this help and exit')
    .addHelpText('after', CHECK_NOTES);
  add(program, 'config', 'print a configuration in full', done)
    .description('Prints all options that the configuration CONFIG comes to, and where each one comes from.')
    .helpOption('-h, --help', 'print this help and exit')
    .addHelpText('after', CONFIG_NOTES);
}

/** Adds `syncline convert`. */
export function addConvert(program: Command, done: (request: ConvertRequest) => void): void {
  const command = program
    .command('convert')
    .summary('rewrite a configuration of Lsyncd')
    .description("Writes the Lua configuration FILE of Lsyncd's as a configuration of Syncline's.")
    .argument('<FILE>', "a configuration of Lsyncd's")
    .addOption(new Option('--to <FORM>', 'form of the result').choices(['yaml', 'ts']).default('yaml'))
    .helpOption('-h, --help', 'print this help and exit')
    .addHelpText('after', CONVERT_NOTES);
  command.action((file: string) => {
    done({ file, form: command.opts<{ readonly to: ConvertRequest['form'] }>().to });
  });
}

function add(
  program: Command,
  name: ConfigCommand,
  summary: string,
  done: (command: ConfigCommand, request: ConfigRequest) => void,
): Command {
  const command = program.command(name).summary(summary).argument('[CONFIG]', 'the configuration');
  return command.action((file: string | undefined) => {
    const given = command.opts<RunFlags>();
    done(name, { file, overrides: overridesOf(given), isWatched: given.watchConfig === true });
  });
}

function overridesOf(given: RunFlags): ConfigRequest['overrides'] {
  return [
    ...(given.once === true ? [{ option: '--once', options: { once: true } }] : []),
    ...((given.initial ?? true) ? [] : [{ option: '--no-initial', options: { initial: false } }]),
    ...(given.dryRun === true ? [{ option: '--dry-run', options: { dryRun: true } }] : []),
    ...(given.logLevel === undefined ? [] : [{ option: '--log-level', log: { level: given.logLevel } }]),
    ...(given.verbose === true ? [{ option: '--verbose', log: { level: 'debug' as const } }] : []),
    ...(given.logFormat === undefined ? [] : [{ option: '--log-format', log: { format: given.logFormat } }]),
  ];
}
