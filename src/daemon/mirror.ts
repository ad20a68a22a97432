import { SynclineError } from '../model/syncline-error.ts';
import type { MirrorOptions } from './mirror-options.ts';
import type { ProgramIo } from './program-io.ts';

/** Mirrors until it is told to end; resolves with the exit status. */
export function runMirror(options: MirrorOptions, _io: ProgramIo): Promise<number> {
  return Promise.reject(new SynclineError('ADDON', `mirror of ${options.sourcePath}: not wired yet`));
}
