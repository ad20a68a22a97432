import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  displayPath,
  joinPath,
  pathFromBuffer,
  pathFromText,
  pathToBuffer,
  ROOT_PATH,
} from '../../src/model/path-bytes.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';

/**
 * Every entry of a tree, the root as `.`, by its shown path: type, mode, owner, time to the nanosecond, and content or
 * what a symlink points to. Two equal results are two equal trees. Must be able to read everything.
 */
export function describeTree(root: string): Record<string, string> {
  const described: Record<string, string> = {};
  const top = pathFromText(root);
  const visit = (path: PathBytes): void => {
    const full = pathToBuffer(joinPath(top, path).replace(/\/$/, '') as PathBytes);
    const stats = lstatSync(full, { bigint: true });
    const mode = (stats.mode & 0o7777n).toString(8);
    const about = `${mode} ${stats.uid}:${stats.gid} ${stats.mtimeNs}`;
    const shown = displayPath(path) || '.';
    if (stats.isDirectory()) {
      described[shown] = `directory ${about}`;
      for (const name of readdirSync(full, { encoding: 'buffer' }))
        visit(joinPath(path, pathFromBuffer(name)));
    } else if (stats.isSymbolicLink()) {
      described[shown] = `symlink ${stats.mtimeNs} to ${readlinkSync(full, 'latin1')}`;
    } else if (stats.isFile()) {
      const hash = createHash('sha256').update(readFileSync(full)).digest('hex').slice(0, 16);
      described[shown] = `file ${about} ${stats.size} bytes ${hash}`;
    } else {
      described[shown] = `special ${(stats.mode & 0o170000n).toString(8)} ${about}`;
    }
  };
  visit(ROOT_PATH);
  return described;
}

/** Runs a bash script in a directory; throws with its stderr when a command fails. */
export function shell(directory: string, script: string): void {
  execFileSync('bash', ['-euc', script], { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
}
