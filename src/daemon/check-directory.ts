import { accessSync, constants, statSync } from 'node:fs';
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
