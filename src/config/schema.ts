import * as z from 'zod';
import type { CollectFunction, EventFunction, UserAction } from '../model/user-action.ts';
import { DEFAULT_LOG, DEFAULT_STATUS_INTERVAL, DEFAULTS, TUNNEL_DEFAULTS } from './defaults.ts';
import {
  command,
  crontabTexts,
  deleteLimit,
  flag,
  keys,
  oneOf,
  rate,
  runnable,
  seconds,
  shellCommand,
  size,
  text,
  texts,
  wholeNumber,
} from './option-values.ts';
import { MAX_SECONDS } from '../model/max-seconds.ts';
import { RSYNC_FLAGS, RSYNC_VALUES, type RsyncKey } from './rsync-keys.ts';

/** An option: not required; `initial` is what counts where it is not given. */
function option<T extends z.ZodType>(schema: T, about: string, initial?: unknown): z.ZodOptional<T> {
  return schema
    .optional()
    .meta({ description: about, ...(initial === undefined ? {} : { default: initial }) });
}

const FILE = 'the path of a file';
const HOST_OPTION = 'a name of ssh_config(5) and its value, as in StrictHostKeyChecking: accept-new';

const attributes = keys({
  archive: option(flag(), 'links, perms, times, owner, group, devices and specials at once'),
  links: option(flag(), 'symlinks, as symlinks', true),
  perms: option(flag(), 'permission bits', true),
  times: option(flag(), 'modification times', true),
  owner: option(flag(), 'owner; kept only where the receiver is root', true),
  group: option(flag(), 'group; a receiver that is not root: its own groups only', true),
  devices: option(flag(), 'device nodes; made only where the receiver is root', true),
  specials: option(flag(), 'sockets and fifos', true),
  hardLinks: option(flag(), 'hard links among the files of one delivery', false),
  acls: option(flag(), 'access control lists', false),
  xattrs: option(flag(), 'extended attributes', false),
  numericIds: option(flag(), 'owner and group by number, not by name', false),
}).meta({ id: 'attributes' });

type Options<T extends Readonly<Record<string, RsyncKey>>, S extends z.ZodType> = {
  [K in keyof T]: z.ZodOptional<S>;
};

function rsyncOptions<T extends Readonly<Record<string, RsyncKey>>, S extends z.ZodType>(
  table: T,
  schema: (key: string) => S,
): Options<T, S> {
  const shape = Object.entries(table).map(([key, { argument, about }]) => [
    key,
    option(schema(key), `${about} (${argument.replace('=', '')})`),
  ]);
  return Object.fromEntries(shape) as Options<T, S>;
}

const rsync = keys({
  program: option(text('a name to look up in PATH, or a path'), 'rsync on this side', DEFAULTS.rsync.program),
  bwlimit: option(rate(), 'KiB a second at most, or with a unit as in 1.5M (--bwlimit)'),
  fuzzy: option(flag(), 'send a file renamed in its directory against its old name; deletions come last'),
  deleteExcluded: option(flag(), 'a comparison that deletes takes what the rules leave out as well'),
  ...rsyncOptions(RSYNC_FLAGS, flag),
  ...rsyncOptions(RSYNC_VALUES, (key) => text(key === 'passwordFile' ? FILE : 'text that is not empty')),
  extra: option(texts('one argument for rsync'), 'further arguments for rsync, behind all others'),
}).meta({ id: 'rsync' });

const ssh = keys({
  program: option(text('a name to look up in PATH, or a path'), 'what makes the connection, in place of ssh'),
  port: option(wholeNumber(1, 65_535), 'port of the host'),
  identity: option(text(FILE), 'private key to log in with'),
  options: option(
    z.record(
      z.string().regex(/^[A-Za-z]+$/, HOST_OPTION),
      z.union([z.string(HOST_OPTION).regex(/^[^\0\n]+$/, HOST_OPTION), z.number(HOST_OPTION)], HOST_OPTION),
      HOST_OPTION,
    ),
    'options of ssh_config(5), each as -o NAME=VALUE',
  ),
  extra: option(texts('one argument for ssh, as in "-4"'), 'further arguments for ssh'),
}).meta({ id: 'ssh' });

const hooks = keys({
  beforeBatch: option(command(), 'program to run before each delivery, which waits for it'),
  afterBatch: option(command(), 'program to run after each delivery'),
  onError: option(command(), 'program to run when a delivery failed, left problems or was held'),
  timeout: option(seconds(true), 'seconds after which a hook is ended', DEFAULTS.hooks.timeout),
}).meta({ id: 'hooks' });

const CODES = 'a list of exit codes from 0 to 255';

function exitCodeList(): z.ZodArray<z.ZodNumber> {
  return z.array(z.number(CODES).int(CODES).min(0, CODES).max(255, CODES), CODES);
}

const exitCodes = keys({
  ok: option(exitCodeList(), 'it is done, whatever it said'),
  again: option(exitCodeList(), 'it is tried again after a pause'),
  die: option(exitCodeList(), 'this target stops; the others go on'),
}).meta({ id: 'exitCodes' });

const tunnel = keys({
  command: option(
    shellCommand(),
    'keeps the way open as long as it runs, in the foreground; in a pool `{localport}` is the port of the process',
  ),
  mode: option(
    oneOf(['command', 'pool']),
    'pool: `parallel` processes, each with a free port, which `{localport}` in the target is in turn',
    TUNNEL_DEFAULTS.mode,
  ),
  parallel: option(wholeNumber(1, 64), 'processes of a pool', TUNNEL_DEFAULTS.parallel),
  readyDelay: option(
    seconds(),
    'where the target names no port of this machine: it is up when its process has lived so long',
    TUNNEL_DEFAULTS.readyDelay,
  ),
  retryDelay: option(
    seconds(true),
    'when its process has ended it is started again after so long, then after longer',
    TUNNEL_DEFAULTS.retryDelay,
  ),
  name: option(text('a text that is not empty'), 'what the log calls it (default: its command)'),
}).meta({ id: 'tunnel' });

const PATTERN = "a pattern of rsync's filter language";

/** What may be said for all syncs, for one, and for one target, which counts in this order. */
export const optionShape = {
  delay: option(seconds(), 'deliver after so many quiet seconds; 0: at once', DEFAULTS.delay),
  maxDelay: option(
    seconds(),
    'deliver at the latest so many seconds after the first change (default: 10, or the delay if that is longer)',
  ),
  maxNames: option(wholeNumber(1, 1_000_000), 'deliver at once when so many names wait', DEFAULTS.maxNames),
  initial: option(flag(), 'false: no first sync; deliver only what changes from now on', DEFAULTS.initial),
  crontab: option(
    crontabTexts(),
    'compare all of the target at these times: minute hour day month weekday, with seconds in front if there are six fields',
  ),
  once: option(flag(), 'only the first sync', DEFAULTS.once),
  dryRun: option(flag(), 'only say what the first sync would do', DEFAULTS.dryRun),
  filter: option(
    texts("a rule of rsync's filter language, as in '- *.o' or '+ /keep/'"),
    'rules, the first match decides; before those of the five keys below',
  ),
  filterFrom: option(texts(FILE), 'files with such rules, one a line'),
  include: option(texts(PATTERN), 'patterns to keep; before all of exclude'),
  includeFrom: option(texts(FILE), 'files with such patterns, one a line'),
  exclude: option(texts(PATTERN), 'patterns to leave out'),
  excludeFrom: option(texts(FILE), 'files with such patterns, one a line'),
  delete: option(
    z.union(
      [z.boolean(), z.enum(['yes', 'no', 'startup', 'running'])],
      'yes, no, startup, running, true, false',
    ),
    'deletions to repeat on the target: all, none, those of the first sync, those after it',
    DEFAULTS.delete,
  ),
  maxDelete: option(deleteLimit(), 'hold all deletions of a batch with more than so many names, or P%'),
  allowEmptySource: option(
    z.union([z.boolean(), z.literal('running')], 'true, false, running'),
    'an empty source may empty the target (else deletions are held); running: only where its names were seen to go',
    DEFAULTS.allowEmptySource,
  ),
  mkpath: option(flag(), "make the target's missing parents", DEFAULTS.mkpath),
  attributes: option(attributes, 'what is kept equal beside names and content'),
  maxProcesses: option(
    wholeNumber(1, 1000),
    'delivering processes at a time for each target',
    DEFAULTS.maxProcesses,
  ),
  timeout: option(
    wholeNumber(0, MAX_SECONDS),
    'seconds after which a stalled connection is given up; 0: never',
    DEFAULTS.timeout,
  ),
  batchSizeLimit: option(
    size(),
    'changed files above this size go beside the others, one at a time (default: no limit)',
  ),
  rsync: option(rsync, 'options of rsync, by its own long names in camelCase'),
  ssh: option(ssh, 'how to reach the hosts of rsyncssh targets'),
  hooks: option(hooks, 'programs of your own around deliveries'),
  exitCodes: option(
    exitCodes,
    'what exit codes of rsync or of your own commands mean, where it is not what they mean by themselves',
  ),
  tunnel: option(tunnel, 'a program that opens the way to the target'),
};

export type OptionName = keyof typeof optionShape;

function optionsWithout<K extends OptionName>(...names: readonly K[]): Omit<typeof optionShape, K> {
  const left = Object.entries(optionShape).filter(([name]) => !names.some((one) => one === name));
  return Object.fromEntries(left) as Omit<typeof optionShape, K>;
}

const TARGET = 'a directory, host:directory, host::module/path or rsync://host/module/path';

const FUNCTION = 'a function, in a configuration in TypeScript or JavaScript';

function onEvent(): z.ZodUnion<[z.ZodString, z.ZodCustom<EventFunction, EventFunction>]> {
  const allowed = `a command; or ${FUNCTION}`;
  return z.union([text(allowed), runnable<EventFunction>(allowed)], allowed);
}

/** The ways to a target: what says where, then the options that have a meaning for it. A new kind is added here. */
const targetKinds = [
  keys({
    kind: z.literal('rsync').meta({ description: 'whatever rsync can write to' }),
    target: text(TARGET).meta({
      description: 'as rsync takes it: a directory, host:directory, host::module/path',
    }),
    ...optionsWithout('ssh'),
  }),
  keys({
    kind: z.literal('direct').meta({ description: 'a directory on this machine, by the built-in copier' }),
    target: text('the path of a directory').meta({ description: 'a directory on this machine' }),
    ...optionsWithout('ssh', 'rsync', 'timeout', 'maxProcesses', 'batchSizeLimit', 'exitCodes', 'tunnel'),
  }),
  keys({
    kind: z
      .literal('rsyncssh')
      .meta({ description: 'rsync over one ssh connection; what is moved is moved on the host' }),
    host: text('a host as ssh takes it').meta({ description: 'a host as ssh takes it, user@host too' }),
    directory: text('a directory on the host').meta({
      description: 'on the host, below the home directory unless it begins with /',
    }),
    ...optionShape,
  }),
  keys({
    kind: z.literal('action').meta({ description: 'commands or functions of your own, for single events' }),
    target: option(text('a text that is not empty'), 'what they are given as the target: any text'),
    onCreate: option(onEvent(), 'the name is new, as far as is known'),
    onModify: option(onEvent(), 'its content may be'),
    onAttrib: option(onEvent(), 'mode, owner or times, and nothing else'),
    onDelete: option(onEvent(), 'it is gone, with all that was below it'),
    onMove: option(onEvent(), 'it was renamed; without it that is told by its two names'),
    onStartup: option(onEvent(), 'the first sync; without it every name is told as new'),
    onFull: option(onEvent(), 'a directory to bring up to date; without it every name in it is told'),
    action: option(
      runnable<UserAction['action']>(FUNCTION),
      'in place of the keys above: takes the events itself',
    ),
    start: option(
      runnable<NonNullable<UserAction['start']>>(FUNCTION),
      'called once with the inlet, before anything else',
    ),
    init: option(runnable<NonNullable<UserAction['init']>>(FUNCTION), 'with action: the first sync'),
    full: option(
      runnable<NonNullable<UserAction['full']>>(FUNCTION),
      'with action: a directory to bring up to date',
    ),
    moves: option(flag(), 'with action: false tells what was renamed by its two names', true),
    deletedNames: option(
      flag(),
      'true tells what was deleted in a directory before the directory too, name by name',
      false,
    ),
    collect: option(runnable<CollectFunction>(FUNCTION), 'judges the end of a child: ok, again or die'),
    ...optionsWithout('ssh', 'rsync', 'attributes', 'mkpath', 'batchSizeLimit'),
  }),
] as const;

const KINDS = targetKinds.map((kind) => kind.shape.kind.value);

/** Options that targets of this kind make nothing of. */
export function unusedOptions(kind: TargetKind): readonly OptionName[] {
  const shape = targetKinds.find((one) => one.shape.kind.value === kind)?.shape ?? {};
  return (Object.keys(optionShape) as OptionName[]).filter((name) => !(name in shape));
}

const target = z.union(
  [text(TARGET), z.discriminatedUnion('kind', targetKinds, KINDS.join(', '))],
  `${TARGET}; or an object with kind (${KINDS.join(', ')})`,
);

const SOURCE = 'the path of a directory';

const sync = keys({
  source: text(SOURCE).meta({ description: 'the directory to mirror' }),
  targets: z
    .array(target, 'a list of targets')
    .min(1, 'at least one target')
    .meta({ description: 'where to; a text alone is a target of the kind rsync' }),
  ...optionShape,
});

/** The one schema of all forms of the configuration. Messages say what is allowed. */
export const configSchema = keys({
  $schema: option(z.string('the place of the JSON Schema'), 'for editors: the place of syncline.schema.json'),
  log: option(
    keys({
      level: option(oneOf(['error', 'warn', 'info', 'debug']), 'least level to print', DEFAULT_LOG.level),
      format: option(oneOf(['pretty', 'json']), 'lines for people or for programs', DEFAULT_LOG.format),
      file: option(
        text(FILE),
        'append the log to this file instead of the standard output; may be renamed at any time',
      ),
    }),
    'the log of the process',
  ),
  pidFile: option(text(FILE), 'holds the process id while it runs; no second process may have it'),
  statusFile: option(text(FILE), 'holds what all targets are doing, as JSON'),
  statusInterval: option(
    seconds(true),
    'at least so many seconds between two writes of the status file',
    DEFAULT_STATUS_INTERVAL,
  ),
  maxTotalProcesses: option(
    wholeNumber(1, 1_000),
    'delivering processes at a time for all targets together (default: no limit)',
  ),
  defaults: option(keys(optionShape), 'options for all syncs that do not say otherwise'),
  syncs: z
    .array(sync, 'a list of syncs: source, targets and options')
    .min(1, 'at least one sync')
    .meta({ description: 'what is mirrored where' }),
});

/** A configuration as it is written. */
export type SynclineConfig = z.input<typeof configSchema>;
/** A configuration that has been read and checked. */
export type ReadConfig = z.output<typeof configSchema>;
export type GivenOptions = NonNullable<ReadConfig['defaults']>;
export type ReadTarget = ReadConfig['syncs'][number]['targets'][number];
export type TargetKind = (typeof targetKinds)[number]['shape']['kind']['value'];
