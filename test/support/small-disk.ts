import { execFileSync } from 'node:child_process';

/** Mounts a file system of this many bytes on a directory; undefined where this user may not, or the system has no tmpfs. Unmounted when disposed. */
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
  const unmount = (): void => {
    if (isMounted) execFileSync('umount', [directory]);
    isMounted = false;
  };
  return { unmount, [Symbol.dispose]: unmount };
}
