import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { displayPath, pathFromBuffer } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';

/**
 * Checks that `directory` (absolute) is a directory that can be listed and entered. Throws a SynclineError with code
 * SOURCE that names it; touches nothing.
 */
export function checkDirectory(directory: string | Buffer): void {
  const shown = displayPath(pathFromBuffer(Buffer.from(directory)));
  try {
    if (!statSync(directory).isDirectory()) {
      throw new SynclineError('SOURCE', `${shown}: not a directory`, 'give the directory that holds it');
    }
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof SynclineError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const [reason, remedy] = reasons[code ?? ''] ?? [code ?? String(error), undefined];
    throw new SynclineError('SOURCE', `${shown}: ${reason}`, remedy, { cause: error });
  }
}

const reasons: Readonly<Record<string, readonly [string, string | undefined]>> = {
  ENOENT: ['no such directory', 'check the path; if it is a mount point, mount it first'],
  ENOTDIR: ['a part of the path is not a directory', 'check the path'],
  EACCES: ['no permission to read it', 'run as a user who can list and enter it'],
  ELOOP: ['too many symbolic links', 'check where the links lead'],
  ENAMETOOLONG: ['the path is too long', undefined],
};

/** True for a target on this machine: rsync takes a `:` before the first `/` as a host, and `rsync://` as a daemon. */
export function isLocalTarget(target: string): boolean {
  return !/^[^/]*:/.test(target);
}

/**
 * Refuses a local target that is the source, lies in it, or holds it, symlinks resolved as far as the target exists.
 * Throws a SynclineError with code TARGET. A remote target is not looked at. `source` is absolute and exists.
 */
export function checkNesting(source: string, target: string): void {
  if (!isLocalTarget(target)) return;
  const from = realpathSync(source);
  const to = resolveExisting(path.resolve(target));
  const nested = (outer: string, inner: string): boolean =>
    inner.startsWith(outer === '/' ? '/' : `${outer}/`);
  const remedy = 'choose directories neither of which contains the other';
  if (from === to) throw new SynclineError('TARGET', `target ${target} is the source itself`, remedy);
  if (nested(from, to))
    throw new SynclineError('TARGET', `target ${target} lies inside the source ${source}`, remedy);
  if (nested(to, from))
    throw new SynclineError('TARGET', `source ${source} lies inside the target ${target}`, remedy);
}

/** The real path of what exists of `absolute`, the rest as it is. */
function resolveExisting(absolute: string): string {
  try {
    return realpathSync(absolute);
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(resolveExisting(parent), path.basename(absolute));
  }
}
