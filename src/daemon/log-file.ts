import { appendFileSync, closeSync, openSync } from 'node:fs';
import { SynclineError } from '../model/syncline-error.ts';
import type { TextOutput } from './program-io.ts';

/**
 * The file at an absolute path, to append to. It is opened for each write, so that it may be renamed at any time (as
 * logrotate does) without a word to us. Throws a SynclineError (CONFIG) if it cannot be written now; what cannot be written
 * later goes to `lost`, where there is one.
 */
export function openLogFile(path: string, lost?: TextOutput): TextOutput {
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new SynclineError('CONFIG', `the log file ${path} cannot be written: ${code}`, undefined, {
      cause: error,
    });
  }
  return {
    write: (text) => {
      try {
        appendFileSync(path, text);
      } catch {
        // No disk that is full, no directory that is gone may end a mirror.
        lost?.write(text);
      }
    },
  };
}
