import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isRoot } from './unprivileged.ts';

// What a test needs and not every system has. docs/platforms.md names what is left out for it.

/** inotify with its queue, limits and instances, and proc(5) to see them by. */
export const hasInotify = process.platform === 'linux';

/** May mount a tmpfs, bind a directory and remount: root of Linux. */
export const maySetUpMounts = hasInotify && isRoot;

/** Names are any bytes. APFS and HFS+ refuse what is not UTF-8 (EILSEQ). */
export const takesAnyBytes = canWrite(Buffer.from(`${tmpdir()}/syncline-\xff-${process.pid}`, 'latin1'));

/** Of names, those that the system takes; each is a string with one character a byte. */
export function takenNames<Name extends string>(names: readonly Name[]): readonly Name[] {
  return takesAnyBytes ? names : names.filter((name) => isUtf8(Buffer.from(name, 'latin1')));
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}

function canWrite(path: Buffer): boolean {
  try {
    writeFileSync(path, '');
  } catch {
    return false;
  }
  rmSync(path);
  return true;
}
