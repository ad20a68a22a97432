import { SynclineError } from '../../model/syncline-error.ts';
import { parentPath } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { OUT_FORMAT } from './parse-output.ts';
import type { RsyncLocation } from '../parse-target.ts';
import { isAtLeast } from './rsync-version.ts';
import type { RsyncVersion } from './rsync-version.ts';

/**
 * What is mirrored of an entry beside its content; all of `rsync -a` unless switched off. Without root on the target
 * rsync leaves out owners, and groups the user is not a member of, and devices, without an error.
 */
export interface RsyncAttributes {
  /** Symlinks as symlinks. */
  readonly links: boolean;
  readonly perms: boolean;
  readonly times: boolean;
  readonly group: boolean;
  readonly owner: boolean;
  readonly devices: boolean;
  /** Sockets and fifos. */
  readonly specials: boolean;
  readonly hardLinks: boolean;
  readonly acls: boolean;
  readonly xattrs: boolean;
  /** User and group numbers as they are, not mapped by name. */
  readonly numericIds: boolean;
}

export const ARCHIVE_ATTRIBUTES: RsyncAttributes = {
  links: true,
  perms: true,
  times: true,
  group: true,
  owner: true,
  devices: true,
  specials: true,
  hardLinks: false,
  acls: false,
  xattrs: false,
  numericIds: false,
};

/** What all rsync runs of one target have in common. */
export interface CommonArguments {
  readonly location: RsyncLocation;
  readonly version: RsyncVersion;
  readonly attributes: RsyncAttributes;
  /** rsync's own rules, in order; also in batches, so that excluded names on the target stay protected. */
  readonly filterArguments: readonly string[];
  /** The user's, after ours, so that they win. */
  readonly extraArguments: readonly string[];
  readonly bandwidthLimit?: string | undefined;
  readonly compress?: boolean | undefined;
  readonly checksum?: boolean | undefined;
  readonly fuzzy?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly mkpath?: boolean | undefined;
  readonly timeoutSeconds: number;
  readonly remoteShell?: (() => string) | undefined;
  /** True when RSYNC_RSH is set: it then chooses the remote shell. */
  readonly hasOwnRemoteShell: boolean;
}

const SSH = 'ssh -T -x -o BatchMode=yes -o Compression=no -o ConnectTimeout=30 -o ServerAliveInterval=15';

/** What one run has of its own. */
export interface OwnArguments {
  /** In front of the user's, so that a rule here comes first and a plain option of the user's wins. */
  readonly first: readonly string[];
  /** Behind the user's filter rules. */
  readonly last?: readonly string[];
}

/** All arguments up to, not with, source and target. */
export function runArguments(common: CommonArguments, own: OwnArguments): string[] {
  return [
    ...commonArguments(common),
    ...own.first,
    ...common.extraArguments,
    ...common.filterArguments,
    ...(own.last ?? []),
    '--',
  ];
}

/** Attributes, output and transport: the same for every run. */
function commonArguments(common: CommonArguments): string[] {
  const { location, version, attributes } = common;
  const limits = [`--timeout=${common.timeoutSeconds}`, '--outbuf=L', OUT_FORMAT];
  return [
    ...attributeArguments(attributes),
    ...limits,
    ...flag(common.dryRun, '-n'),
    ...flag(common.compress, '-z'),
    ...flag(common.checksum, '-c'),
    ...flag(common.fuzzy, '-y'),
    ...flag(common.mkpath && isAtLeast(version, '3.2.3'), '--mkpath'),
    ...(common.bandwidthLimit === undefined ? [] : [`--bwlimit=${common.bandwidthLimit}`]),
    ...transportArguments(location, version, remoteShell(common)),
  ];
}

function attributeArguments(attributes: RsyncAttributes): string[] {
  const letters = [
    attributes.links && 'l',
    attributes.perms && 'p',
    attributes.times && 't',
    attributes.group && 'g',
    attributes.owner && 'o',
    attributes.hardLinks && 'H',
    attributes.acls && 'A',
    attributes.xattrs && 'X',
  ].filter(Boolean);
  return [
    ...(letters.length > 0 ? [`-${letters.join('')}`] : []),
    ...flag(attributes.devices, '--devices'),
    ...flag(attributes.specials, '--specials'),
    ...flag(attributes.numericIds, '--numeric-ids'),
  ];
}

/** Undefined where the user has chosen one. */
function remoteShell(common: CommonArguments): string | undefined {
  if (common.remoteShell) return common.remoteShell();
  return common.hasOwnRemoteShell || namesRemoteShell(common.extraArguments) ? undefined : SSH;
}

function transportArguments(
  location: RsyncLocation,
  version: RsyncVersion,
  shell: string | undefined,
): string[] {
  switch (location.kind) {
    case 'local':
      return [];
    case 'daemon':
      // Without TCP_NODELAY one changed file takes 95 ms instead of 8: three rounds of Nagle against delayed ACK.
      return ['--sockopts=TCP_NODELAY', '--contimeout=30'];
    case 'ssh':
      // From 3.2.4 rsync quotes for the remote shell by itself, all but wildcards in the path.
      return [
        ...flag(!isAtLeast(version, '3.2.4') || /[*?[\]]/.test(location.path), '-s'),
        ...(shell === undefined ? [] : ['-e', shell]),
      ];
  }
}

/** True when the user's arguments hold `-e` or `--rsh`, alone or in a bundle of short options. */
export function namesRemoteShell(extraArguments: readonly string[]): boolean {
  return extraArguments.some((argument) => /^(?:-[a-zA-Z0-9]*e|--rsh(?:=|$))/.test(argument));
}

/** Compares everything: `-r`, deletions if allowed. Arguments up to, not with, SRC and DST. */
export function compareArguments(options: {
  readonly deletes: boolean;
  /** For `--fuzzy`, which finds a renamed file only while its old name is there. */
  readonly deletesLast: boolean;
  /** With `deletes`: names that the filter leaves out are deleted as well, unless a rule protects them. */
  readonly deletesExcluded: boolean;
  /** Only where the target keeps nanoseconds: elsewhere every file would look new every time. */
  readonly comparesNanoseconds: boolean;
  readonly byContent: boolean;
  readonly fromList: boolean;
}): string[] {
  return [
    '-r',
    ...flag(options.deletes, options.deletesLast ? '--delete-delay' : '--delete', '--force'),
    // Alone it would delete what is missing, too.
    ...flag(options.deletes && options.deletesExcluded, '--delete-excluded'),
    ...flag(options.comparesNanoseconds, '--modify-window=-1'),
    ...flag(options.byContent, '-c'),
    ...flag(options.fromList, '--from0', '--files-from=-'),
    '--info=progress2',
    '--no-h',
  ];
}

/**
 * Brings the names of a NUL-separated list on stdin up to date. Never with `-r` (a missing name would not be deleted) and
 * never with `--no-implied-dirs` (which writes through symlinks of the target).
 */
export function listArguments(options: {
  readonly missing: 'delete' | 'ignore';
  readonly force: boolean;
  readonly rewrite: boolean;
}): string[] {
  return [
    '--from0',
    '--files-from=-',
    options.missing === 'delete' ? '--delete-missing-args' : '--ignore-missing-args',
    ...flag(options.force, '--force'),
    '--modify-window=-1',
    ...flag(options.rewrite, '-I'),
  ];
}

/** Deletes the names of a filter list on stdin: for receivers that cannot take missing names in a list of files. */
export const FILTER_DELETION: OwnArguments = {
  first: ['-r', '--delete', '--force', '--modify-window=-1', '--from0'],
  last: ['--include-from=-', '--exclude=*'],
};

/** Deletes temporary files of receivers in the directories of a filter list on stdin, and sends nothing. */
export const LEFTOVER_DELETION: OwnArguments = {
  first: ['-r', '--delete', '--existing', '--ignore-existing', '--modify-window=-1', '--from0'],
  last: ['--include-from=-', '--exclude=*'],
};

/** Changes nothing and says how many names the source has. */
export const COUNT_SOURCE: OwnArguments = { first: ['-n', '-r', '--stats', '--no-h'] };

/** Brings the root directory's own mode, owner and times up to date, and nothing in it. */
export const ROOT_ONLY: OwnArguments = { first: ['-d', '--exclude=/*'] };

const LIST_CHUNK_NAMES = 4096;

/**
 * The list for stdin. Every name gets `./` in front: without a prefix a leading `#` or `;` is a comment, and unlike `/`
 * this makes the root one of the ancestors whose mode and time follow the source.
 */
export function* listInput(paths: readonly PathBytes[]): Generator<Buffer> {
  for (let at = 0; at < paths.length; at += LIST_CHUNK_NAMES) {
    const chunk = paths.slice(at, at + LIST_CHUNK_NAMES);
    yield Buffer.from(chunk.map((path) => `./${path}\0`).join(''), 'latin1');
  }
}

/** The filter list for {@link FILTER_DELETION}: every missing name, what was below it, and the way to it. */
export function filterDeletionInput(missing: readonly PathBytes[]): Buffer {
  const rules = missing.map((path) => `/${escapePattern(path)}\0/${escapeWildcards(path)}/***\0`);
  return Buffer.from([...rules, ...wayRules(missing.map(parentPath))].join(''), 'latin1');
}

/** The filter list for {@link LEFTOVER_DELETION}: what rsync names `.NAME.XXXXXX` in these directories, and the way there. */
export function leftoverInput(directories: readonly PathBytes[]): Buffer {
  const rules = directories.map((path) => `/${path === '' ? '' : `${escapeWildcards(path)}/`}.*.??????\0`);
  return Buffer.from([...rules, ...wayRules(directories)].join(''), 'latin1');
}

/** A rule for each of these directories and those above. */
function wayRules(directories: readonly PathBytes[]): string[] {
  const all = new Set<PathBytes>();
  for (const directory of directories)
    for (let path = directory; path !== '' && !all.has(path); path = parentPath(path)) all.add(path);
  return [...all].map((path) => `/${escapePattern(path)}/\0`);
}

/**
 * Rules that hide and protect these names in a full compare: what could not be read at the source is then neither
 * missing nor a reason to leave out all other deletions. Bytes an argument cannot carry become `?`. Both sides are said:
 * `--delete-excluded` takes the protection of any other rule.
 */
export function protectArguments(paths: readonly PathBytes[]): string[] {
  return paths.map((path) => {
    const raw = /[\u0080-\u00ff]/g;
    const pattern = path.search(raw) < 0 ? escapePattern(path) : escapeWildcards(path).replace(raw, '?');
    return `--filter=-sr /${pattern}`;
  });
}

/** Where `--delay-updates` keeps new files until the end of a run. */
const DELAYED_DIRECTORY = '.~tmp~';

/**
 * Rules, to stand behind the user's, that protect the directories with parts of files that the user's arguments ask for:
 * rsync itself gives them no more than an exclude, and `--delete-excluded` would delete what a run is about to go on from.
 */
export function partialDirectoryArguments(extraArguments: readonly string[]): string[] {
  const given = extraArguments.flatMap((argument, index) => {
    if (argument === '--delay-updates') return [DELAYED_DIRECTORY];
    if (argument === '--partial-dir') return extraArguments.slice(index + 1, index + 2);
    return /^--partial-dir=(.+)$/s.exec(argument)?.[1] ?? [];
  });
  return given
    .filter((directory) => !directory.startsWith('/'))
    .map((directory) => `--filter=-rp ${directory.replace(/\/*$/, '/')}`);
}

/** In a pattern without wildcards rsync takes a backslash as it is. */
function escapePattern(path: PathBytes): string {
  return /[*?[]/.test(path) ? escapeWildcards(path) : path;
}

function escapeWildcards(path: PathBytes): string {
  return path.replace(/[\\*?[]/g, '\\$&');
}

const OWNED_OPTIONS =
  /^--(?:files-from|from0|out-format|log-format|server|daemon|sender|del(?:ete.*)?|max-delete|ignore-errors|remove-s(?:ource|ent)-files|recursive|relative|no-relative|no-implied-dirs|implied-dirs|dirs|list-only|fuzzy|read-batch|write-batch|only-write-batch|outbuf|info|stderr|quiet|version|help|dry-run)(?:=|$)/;
/** Their short forms, also behind others in one argument (`-zn`); what follows a letter with a value is that value. */
const OWNED_LETTERS = /^-[^-efBMT@]*?([nqyR])/;

/** An argument that is refused. */
export interface RefusedArgument {
  readonly index: number;
  readonly argument: string;
  /** What does its work, if anything does. */
  readonly remedy: string | undefined;
}

/**
 * Those that would take from this program what it needs to keep its promises (the list, the output, when to delete, where
 * names go) or that would harm the source.
 */
export function refusedArguments(extraArguments: readonly string[]): readonly RefusedArgument[] {
  return extraArguments.flatMap((argument, index) =>
    OWNED_OPTIONS.test(argument) ||
    OWNED_LETTERS.test(argument) ||
    isLoose(argument, extraArguments[index - 1])
      ? [{ index, argument, remedy: REMEDIES[insteadOf(argument) ?? ''] }]
      : [],
  );
}

type Instead = 'delete' | 'deleteExcluded' | 'maxDelete' | 'fuzzy' | 'dryRun';

const REMEDIES: Readonly<Record<Instead | '', string | undefined>> = {
  '': undefined,
  delete: 'Deletions are chosen by --delete (delete in a configuration).',
  deleteExcluded: 'Use --delete-excluded of this program (rsync.deleteExcluded in a configuration).',
  maxDelete: 'Use --max-delete of this program (maxDelete in a configuration).',
  fuzzy: 'Use --fuzzy of this program (rsync.fuzzy in a configuration).',
  dryRun: 'Use --dry-run of this program (dryRun in a configuration).',
};

/** Throws a SynclineError (USAGE) for the first of {@link refusedArguments}. */
export function checkExtraArguments(extraArguments: readonly string[]): void {
  const [refused] = refusedArguments(extraArguments);
  if (refused === undefined) return;
  throw refusal(refused);
}

/** What is said of a refused argument. */
export function refusal({ argument, remedy }: RefusedArgument): SynclineError {
  return new SynclineError('USAGE', `The rsync option ${argument} cannot be used for a mirror.`, remedy);
}

function insteadOf(argument: string): Instead | undefined {
  if (argument === '--delete-excluded') return 'deleteExcluded';
  if (argument.startsWith('--del')) return 'delete';
  if (argument.startsWith('--max-delete')) return 'maxDelete';
  if (argument.startsWith('--fuzzy')) return 'fuzzy';
  if (argument === '--dry-run') return 'dryRun';
  const [, letter] = OWNED_LETTERS.exec(argument) ?? [];
  return letter === 'n' ? 'dryRun' : letter === 'y' ? 'fuzzy' : undefined;
}

/** An argument that is no option and does not follow one that takes a value: rsync would read it as one more source. */
function isLoose(argument: string, before: string | undefined): boolean {
  return !argument.startsWith('-') && (before?.startsWith('-') !== true || before.includes('='));
}

function flag(isSet: boolean | undefined, ...options: string[]): string[] {
  return isSet === true ? options : [];
}
