import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Failed } from '../../model/outcome.ts';
import { joinPath, pathFromBuffer, pathFromText, pathToBuffer, ROOT_PATH } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { lstatIfThere } from './lstat-if-there.ts';
import { listArguments } from './rsync-arguments.ts';
import type { RunReport } from './rsync-run.ts';

/** Runs rsync from this directory (with a trailing slash) to the target, with these arguments and this list on stdin. */
export type ProbeRun = (source: string, ownArguments: readonly string[], input: Buffer) => Promise<RunReport>;

/**
 * Finds out by a dry run of two names, one of them missing, whether the receiver takes missing names in a list; its
 * version does not tell, since the fault came with backported security fixes. Changes nothing on the target, which need
 * not exist. Fails when the target is down, or refuses deletions.
 */
export async function probeMissingArgs(run: ProbeRun): Promise<boolean | Failed> {
  const directory = await mkdtemp(join(tmpdir(), 'syncline-probe-'));
  try {
    await writeFile(join(directory, 'p0'), '');
    const own = ['-n', ...listArguments({ missing: 'delete', force: true, rewrite: false })];
    const { verdict } = await run(`${directory}/`, own, Buffer.from('/p0\0/.none-such\0'));
    switch (verdict.kind) {
      case 'done':
      case 'doneBySay':
        return true;
      case 'missingArgsBroken':
        return false;
      case 'sourceSuspect':
        return true;
      case 'failed':
        // A part that could not be read or written does not speak about missing names.
        return verdict.scope === 'batch' && verdict.message.includes('only a part') ? true : verdict;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** NTFS counts in 100 ns, the FAT family far coarser. */
const COARSE_CLOCK_NS = 100n;
const SAMPLE_FILES = 20;
const SAMPLE_LOOKS = 2000;

/**
 * Whether a local target keeps nanoseconds: its root (or what will hold it) has a time that no coarser clock could show,
 * or one of a few source files has a time between two seconds that its copy shows too. False is "not seen".
 */
export function keepsNanoseconds(source: PathBytes, target: string): boolean {
  const holder = [target, dirname(target)]
    .map((place) => lstatIfThere(pathFromText(`${place}/.`)))
    .find(Boolean);
  const times = holder === undefined ? [] : [holder.mtimeNs, holder.ctimeNs];
  if (times.some((time) => time % COARSE_CLOCK_NS !== 0n)) return true;
  const targetRoot = pathFromText(target);
  return sampleFiles(source, isBetweenSeconds).some(({ path, timeNs }) => {
    const copy = lstatIfThere(`${targetRoot}/${path}` as PathBytes);
    return copy?.isFile() === true && copy.mtimeNs === timeNs;
  });
}

/** As {@link keepsNanoseconds} for any target: a dry run that names unchanged files too. */
export async function probeNanoseconds(
  source: PathBytes,
  run: (ownArguments: readonly string[], input: Buffer) => Promise<RunReport>,
): Promise<boolean> {
  const paths = sampleFiles(source, isBetweenSeconds).map(({ path }) => `/${path}\0`);
  if (paths.length === 0) return false;
  const own = ['-n', '-ii', '--from0', '--files-from=-', '--ignore-missing-args', '--modify-window=-1'];
  const report = await run(own, Buffer.from(paths.join(''), 'latin1'));
  return report.verdict.kind === 'done' && report.unchangedFiles > 0;
}

/**
 * Whether a target that was out of reach still has what was delivered to it: a dry run of a few files, of which at least
 * one must be there unchanged. `new` when none is, or when there is no file to ask for.
 */
export async function probeSample(
  source: PathBytes,
  run: (ownArguments: readonly string[], input: Buffer) => Promise<RunReport>,
): Promise<'same' | 'new' | Failed> {
  const paths = sampleFiles(source, () => true).map(({ path }) => `/${path}\0`);
  if (paths.length === 0) return 'new';
  const own = ['-n', '-ii', '--from0', '--files-from=-', '--ignore-missing-args'];
  const { verdict, unchangedFiles } = await run(own, Buffer.from(paths.join(''), 'latin1'));
  if (unchangedFiles > 0) return 'same';
  return verdict.kind === 'failed' && verdict.scope !== 'batch' ? verdict : 'new';
}

function isBetweenSeconds(timeNs: bigint): boolean {
  return timeNs % 1_000_000_000n !== 0n;
}

/** A few regular files, breadth first, whose times pass. */
function sampleFiles(
  source: PathBytes,
  passes: (timeNs: bigint) => boolean,
): { path: PathBytes; timeNs: bigint }[] {
  const found: { path: PathBytes; timeNs: bigint }[] = [];
  const directories: PathBytes[] = [ROOT_PATH];
  let looks = 0;
  for (let directory = directories.shift(); directory !== undefined; directory = directories.shift()) {
    for (const name of listNames(`${source}/${directory}` as PathBytes)) {
      const path = joinPath(directory, name);
      const stats = lstatIfThere(`${source}/${path}` as PathBytes);
      if (stats?.isDirectory()) directories.push(path);
      if (stats?.isFile() && passes(stats.mtimeNs)) found.push({ path, timeNs: stats.mtimeNs });
      if (found.length >= SAMPLE_FILES || ++looks >= SAMPLE_LOOKS) return found;
    }
  }
  return found;
}

function listNames(directory: PathBytes): PathBytes[] {
  try {
    return readdirSync(pathToBuffer(directory), { encoding: 'buffer' }).map(pathFromBuffer);
  } catch {
    return [];
  }
}
