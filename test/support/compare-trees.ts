import type { BigIntStats } from 'node:fs';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import {
  ROOT_PATH,
  displayPath,
  joinPath,
  pathFromBuffer,
  pathToBuffer,
} from '../../src/model/path-bytes.ts';

export interface CompareOptions {
  /** Stop after this many differences. */
  readonly maxDifferences?: number;
  /** False: permission bits do not count. */
  readonly modes?: boolean;
}

/**
 * What differs between two trees (absolute paths): one line for each difference, empty when they are equal in type,
 * content, permission bits, symlink target, and, of files and directories, modification time to the second. The two roots'
 * own mode and time count. Reads everything; owner, group, hard links and extended attributes are not compared. An entry
 * that vanishes while it is read is a difference, not an error.
 */
export function compareTrees(expected: PathBytes, actual: PathBytes, options: CompareOptions = {}): string[] {
  const maxDifferences = options.maxDifferences ?? 50;
  const differences: string[] = [];
  const pending: PathBytes[] = [ROOT_PATH];
  for (
    let path = pending.pop();
    path !== undefined && differences.length < maxDifferences;
    path = pending.pop()
  ) {
    const difference = compareEntries(
      joinRoot(expected, path),
      joinRoot(actual, path),
      options.modes ?? true,
    );
    if (difference.length > 0) differences.push(`${displayPath(path) || '.'}: ${difference.join(', ')}`);
    const [here, there] = [namesIn(joinRoot(expected, path)), namesIn(joinRoot(actual, path))];
    for (const name of here) if (there.has(name)) pending.push(joinPath(path, name));
    for (const name of here)
      if (!there.has(name)) differences.push(`${displayPath(joinPath(path, name))}: missing`);
    for (const name of there)
      if (!here.has(name)) differences.push(`${displayPath(joinPath(path, name))}: too much`);
  }
  return differences;
}

function joinRoot(root: PathBytes, path: PathBytes): PathBytes {
  return path === ROOT_PATH ? root : joinPath(root, path);
}

function compareEntries(expected: PathBytes, actual: PathBytes, modes: boolean): string[] {
  const [here, there] = [statOf(expected), statOf(actual)];
  if (here === undefined || there === undefined) return ['vanished while being compared'];
  if (kindOf(here) !== kindOf(there)) return [`is a ${kindOf(there)}, not a ${kindOf(here)}`];
  const found: string[] = [];
  if (here.isSymbolicLink()) {
    const [wanted, got] = [linkTarget(expected), linkTarget(actual)];
    if (wanted !== got) found.push(`points to ${displayPath(got)}, not ${displayPath(wanted)}`);
    return found;
  }
  if (modes && (here.mode & 0o7777n) !== (there.mode & 0o7777n))
    found.push(`mode ${octal(there.mode)}, not ${octal(here.mode)}`);
  if (!here.isFIFO() && seconds(here) !== seconds(there))
    found.push(`mtime ${there.mtimeNs}, not ${here.mtimeNs}`);
  if (here.isFile() && (here.size !== there.size || !contentEqual(expected, actual)))
    found.push(`content differs (${there.size} bytes, not ${here.size})`);
  return found;
}

function statOf(path: PathBytes): BigIntStats | undefined {
  return orUndefined(() => lstatSync(pathToBuffer(path), { bigint: true }));
}

function namesIn(path: PathBytes): Set<PathBytes> {
  if (statOf(path)?.isDirectory() !== true) return new Set();
  const names = orUndefined(() => readdirSync(pathToBuffer(path), { encoding: 'buffer' })) ?? [];
  return new Set(names.map((name) => pathFromBuffer(name)));
}

function linkTarget(path: PathBytes): PathBytes {
  return pathFromBuffer(
    orUndefined(() => readlinkSync(pathToBuffer(path), { encoding: 'buffer' })) ?? Buffer.of(),
  );
}

function contentEqual(expected: PathBytes, actual: PathBytes): boolean {
  return (
    orUndefined(() => readFileSync(pathToBuffer(expected)).equals(readFileSync(pathToBuffer(actual)))) ??
    false
  );
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  return stats.isFIFO() ? 'fifo' : 'device or socket';
}

function octal(mode: bigint): string {
  return (mode & 0o7777n).toString(8);
}

function seconds(stats: BigIntStats): bigint {
  return stats.mtimeNs / 1_000_000_000n;
}

/** The result, or undefined when the entry is gone (ENOENT) or became something else (ENOTDIR, EINVAL, EISDIR, ELOOP). */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENOTDIR', 'EINVAL', 'EISDIR', 'ELOOP'].includes(code)) return undefined;
    throw error;
  }
}
