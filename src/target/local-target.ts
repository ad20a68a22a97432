import { lstatSync, opendirSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Failed } from '../model/outcome.ts';
import { displayPath, parentPath, pathFromBuffer, pathFromText, pathToBuffer } from '../model/path-bytes.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';

/**
 * Checks source and local target before anything is touched: neither may be the other or inside the other (symlinks
 * followed), the target must be a directory or absent, its parent there unless `mkpath`. Throws a SynclineError (TARGET).
 */
export function checkLocalTarget(source: PathBytes, target: string, mkpath: boolean | undefined): void {
  try {
    checkPlaces(source, target, mkpath);
  } catch (error) {
    if (error instanceof SynclineError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new SynclineError('TARGET', `Target ${target} cannot be looked at: ${code}.`, undefined, {
      cause: error,
    });
  }
}

function checkPlaces(source: PathBytes, target: string, mkpath: boolean | undefined): void {
  const sourceReal = realPath(source);
  const targetReal = realPath(pathFromText(target));
  const show = (what: string): SynclineError => new SynclineError('TARGET', `Target ${target} ${what}.`);
  if (sourceReal === targetReal) throw show(`is the source ${displayPath(source)} itself`);
  if (isInside(targetReal, sourceReal)) throw show(`lies inside the source ${displayPath(source)}`);
  if (isInside(sourceReal, targetReal)) throw show(`holds the source ${displayPath(source)}`);
  const stats = statSync(target, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return;
  if (stats) throw show('is not a directory');
  if (lstatSync(target, { throwIfNoEntry: false })) throw show('is a symlink to nothing');
  const parent = dirname(target);
  if (mkpath !== true && !statSync(parent, { throwIfNoEntry: false })?.isDirectory())
    throw new SynclineError(
      'TARGET',
      `Target ${target}: its parent ${parent} does not exist.`,
      missingParentRemedy(mkpath),
    );
}

/** `mkpath` undefined: parents cannot be asked for. */
export function missingParentRemedy(mkpath: boolean | undefined): string {
  const remedy = 'Make the parent directory';
  return mkpath === undefined ? `${remedy}.` : `${remedy}, or use --mkpath (mkpath in a configuration).`;
}

/** Both are real paths. */
export function isInside(path: string, directory: string): boolean {
  return directory === '/' || path.startsWith(`${directory}/`);
}

/** The real path of what exists of `path`, followed by what does not. */
export function realPath(path: PathBytes): PathBytes {
  try {
    return pathFromBuffer(realpathSync(pathToBuffer(path), { encoding: 'buffer' }));
  } catch (error) {
    const parent = parentPath(path);
    if (path === '/' || (error as NodeJS.ErrnoException).code !== 'ENOENT') return path;
    const real = realPath(parent === '' ? ('/' as PathBytes) : parent);
    return `${real === '/' ? '' : real}${path.slice(parent.length)}` as PathBytes;
  }
}

/** Which directory it really is. A file system gives a number again soon after it is free, so the birth time counts too. */
export interface DirectoryIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  /** 0 where it is not known. */
  readonly bornNs: bigint;
}

/** Undefined when there is no such directory. */
export function directoryIdentity(path: string | Buffer): DirectoryIdentity | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    if (!stats.isDirectory()) return undefined;
    // Without statx(2), Node gives the time of the last status change in its place.
    const bornNs = stats.birthtimeNs === stats.ctimeNs ? 0n : stats.birthtimeNs;
    return { device: stats.dev, inode: stats.ino, bornNs };
  } catch {
    return undefined;
  }
}

/** `known` is of an earlier look: a birth time that was known then is known now, but for a directory that was just made. */
export function isSameDirectory(now: DirectoryIdentity, known: DirectoryIdentity): boolean {
  const bornTogether = known.bornNs === 0n || now.bornNs === known.bornNs;
  return now.device === known.device && now.inode === known.inode && bornTogether;
}

/** True when the directory holds nothing; false for what is no directory or cannot be read. */
export function isEmptyDirectory(path: string | Buffer): boolean {
  try {
    const directory = opendirSync(path, { bufferSize: 1 });
    try {
      return directory.readSync() === null;
    } finally {
      directory.closeSync();
    }
  } catch {
    return false;
  }
}

/** Notices when a local target root is no longer the directory it was. */
export class LocalTargetGuard {
  readonly #path: string;
  #known: DirectoryIdentity | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Everything has been delivered to what is there now: `whole` of it, or the first time. */
  accept(whole: boolean): void {
    if (whole || !this.#known) this.#known = directoryIdentity(this.#path) ?? this.#known;
  }

  /**
   * `same`; `new`: made anew on the same file system, all of it has to be compared; or failed: it is on another file
   * system now (unmounted, or something mounted over it), and writing there would fill the wrong disk.
   */
  check(): 'same' | 'new' | Failed {
    const now = directoryIdentity(this.#path);
    const known = this.#known;
    this.#known = now ?? known;
    if (!known || (now && isSameDirectory(now, known))) return 'same';
    const device = now?.device ?? directoryIdentity(dirname(this.#path))?.device;
    if (device === known.device) return 'new';
    this.#known = known;
    return {
      kind: 'failed',
      scope: 'target',
      message: `Target ${this.#path} is not the directory it was: its file system is gone or another one is in its place.`,
      remedy: 'Mount it again, or restart to mirror to what is there now.',
    };
  }
}
