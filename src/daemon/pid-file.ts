import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { NativeAddon } from '../addon/addon.ts';
import { SynclineError } from '../model/syncline-error.ts';

/** A pid file that is ours. */
export interface PidFile {
  /** Removes it. Idempotent. */
  release(): void;
}

/**
 * Takes the pid file at an absolute path: locks it as lockf(3) does, and writes `PID` and a line break. What a process that
 * was killed has left behind is taken over. Throws a SynclineError (CONFIG) when another process has it, when it is a file
 * of another kind, whose content stays, or when it cannot be written.
 */
export function takePidFile(path: string, addon: Pick<NativeAddon, 'lockFile'>): PidFile {
  for (;;) {
    const descriptor = openOrThrow(path);
    if (!addon.lockFile(descriptor)) {
      // Our own lock would end if we closed the file; there is none.
      closeSync(descriptor);
      const owner = readFileSync(path, 'latin1').trim();
      throw new SynclineError(
        'CONFIG',
        `the pid file ${path} is locked${/^\d+$/.test(owner) ? ` by process ${owner}` : ''}`,
        'it runs already; end it first, or choose another file',
      );
    }
    // Whoever had it may have removed it between our open and our lock.
    if (!isAt(path, descriptor)) {
      closeSync(descriptor);
      continue;
    }
    const content = readFileSync(descriptor, 'latin1');
    if (!/^\s*\d*\s*$/.test(content)) {
      closeSync(descriptor);
      throw new SynclineError(
        'CONFIG',
        `the pid file ${path} holds something else than a process id`,
        'choose another file, or remove this one',
      );
    }
    ftruncateSync(descriptor);
    writeSync(descriptor, `${process.pid}\n`, 0);
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        // Removed while it is locked, so that nobody finds it without its owner.
        if (isAt(path, descriptor)) unlinkSync(path);
        closeSync(descriptor);
      },
    };
  }
}

function openOrThrow(path: string): number {
  try {
    // Neither truncated nor made anew: it may be another's.
    return openSync(path, constants.O_CREAT | constants.O_RDWR, 0o644);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new SynclineError('CONFIG', `the pid file ${path} cannot be written: ${code}`, undefined, {
      cause: error,
    });
  }
}

function isAt(path: string, descriptor: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const own = fstatSync(descriptor);
  return there?.ino === own.ino && there.dev === own.dev;
}
