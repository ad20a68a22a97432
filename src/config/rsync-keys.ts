/** Options that rsync is given as they are, by our key: rsync's own long name in camelCase. */
export interface RsyncKey {
  readonly argument: string;
  readonly about: string;
}

/** Switches: given or not. */
export const RSYNC_FLAGS = {
  append: { argument: '--append', about: 'append to files that are shorter on the target' },
  appendVerify: { argument: '--append-verify', about: 'the same, with the old part in the checksum' },
  backup: { argument: '--backup', about: 'keep what is overwritten or deleted under another name' },
  checksum: { argument: '--checksum', about: 'compare by content, not by size and time' },
  compress: { argument: '--compress', about: 'compress on the way' },
  copyDirlinks: { argument: '--copy-dirlinks', about: 'send a symlink to a directory as that directory' },
  copyLinks: { argument: '--copy-links', about: 'send what a symlink leads to' },
  copyUnsafeLinks: { argument: '--copy-unsafe-links', about: 'the same for symlinks out of the tree' },
  cvsExclude: { argument: '--cvs-exclude', about: 'leave out what CVS would' },
  executability: { argument: '--executability', about: 'keep the x bits where perms is off' },
  existing: { argument: '--existing', about: 'make no new files on the target' },
  ignoreTimes: { argument: '--ignore-times', about: 'also look at files of equal size and time' },
  inplace: { argument: '--inplace', about: 'write into the file itself, not into a new one' },
  ipv4: { argument: '--ipv4', about: 'IPv4 only' },
  ipv6: { argument: '--ipv6', about: 'IPv6 only' },
  keepDirlinks: { argument: '--keep-dirlinks', about: 'take a symlink to a directory there for a directory' },
  omitDirTimes: { argument: '--omit-dir-times', about: 'no times of directories' },
  omitLinkTimes: { argument: '--omit-link-times', about: 'no times of symlinks' },
  oneFileSystem: { argument: '--one-file-system', about: 'do not enter other file systems' },
  protectArgs: { argument: '-s', about: 'keep path and options from the remote shell' },
  pruneEmptyDirs: { argument: '--prune-empty-dirs', about: 'leave out empty directories' },
  sparse: { argument: '--sparse', about: 'make holes of runs of zeros' },
  update: { argument: '--update', about: 'leave files alone that are newer on the target' },
  wholeFile: { argument: '--whole-file', about: 'send files whole, not by difference' },
} as const satisfies Readonly<Record<string, RsyncKey>>;

/** Options with a value; the argument ends in `=`. */
export const RSYNC_VALUES = {
  backupDir: { argument: '--backup-dir=', about: 'directory for backups, relative to the target' },
  chmod: { argument: '--chmod=', about: 'changes of permissions, as in D2775,F664' },
  chown: { argument: '--chown=', about: 'USER:GROUP of all on the target' },
  groupmap: { argument: '--groupmap=', about: 'mapping of groups' },
  passwordFile: { argument: '--password-file=', about: 'file with the password for an rsync daemon' },
  rsh: { argument: '--rsh=', about: 'remote shell instead of ssh' },
  rsyncPath: { argument: '--rsync-path=', about: 'rsync on the remote side' },
  suffix: { argument: '--suffix=', about: 'what is put behind the name of a backup' },
  tempDir: { argument: '--temp-dir=', about: 'directory on the target for files under way' },
  usermap: { argument: '--usermap=', about: 'mapping of users' },
} as const satisfies Readonly<Record<string, RsyncKey>>;

type Given = Readonly<Partial<Record<keyof typeof RSYNC_FLAGS, boolean | undefined>>> &
  Readonly<Partial<Record<keyof typeof RSYNC_VALUES, string | undefined>>> & {
    readonly extra?: string | readonly string[] | undefined;
  };

/** The arguments for these keys, in the order of the tables; `extra` behind, so that it wins. */
export function rsyncKeyArguments(given: Given): string[] {
  const flags = Object.entries(RSYNC_FLAGS).filter(
    ([key]) => given[key as keyof typeof RSYNC_FLAGS] === true,
  );
  const values = Object.entries(RSYNC_VALUES).flatMap(([key, { argument }]) => {
    const value = given[key as keyof typeof RSYNC_VALUES];
    return value === undefined ? [] : [`${argument}${value}`];
  });
  return [...flags.map(([, { argument }]) => argument), ...values, ...listOf(given.extra)];
}

/** One text stands for a list of one. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}
