import { SynclineError } from '../model/syncline-error.ts';
import type { ProgramIo } from './program-io.ts';
import type { WatchOptions } from './watch-options.ts';

/** Prints the events of a directory until a signal comes; resolves with the exit status. */
export function runWatch(options: WatchOptions, _io: ProgramIo): Promise<number> {
  return Promise.reject(new SynclineError('ADDON', `watch of ${options.directoryPath}: not wired yet`));
}
