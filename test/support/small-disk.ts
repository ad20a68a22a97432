import { execFileSync } from 'node:child_process';

/** Mounts a file system of this many bytes on a directory; undefined where this user may not, or the system has no tmpfs. Unmounted when disposed, even while a process that ends has it open. */
export function mountSmallDisk(
  directory: string,
  bytes: number,
): (Disposable & { unmount(): void }) | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  let isMounted = true;
  const unmount = (...words: string[]): void => {
    if (isMounted) execFileSync('umount', [...words, directory]);
    isMounted = false;
  };
  return {
    unmount,
    [Symbol.dispose]: () => {
      unmount('-l');
    },
  };
}
