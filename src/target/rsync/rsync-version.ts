import { SynclineError } from '../../model/syncline-error.ts';
import { runProcess } from './run-process.ts';

/** The rsync found on this machine. */
export interface RsyncVersion {
  /** As printed: `3.5.0`. */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** `--delete-missing-args` and nanosecond times came with 3.1.0, the negative `--modify-window` with 3.1.3. */
export const NEEDED_VERSION = '3.1.3';
const INSTALL =
  'Install it: apt install rsync (Debian, Ubuntu), dnf install rsync (Fedora), apk add rsync (Alpine), brew install rsync (macOS).';

/**
 * Runs `rsync --version`. Throws a SynclineError: RSYNC_MISSING when it cannot be started, RSYNC_TOO_OLD when it is
 * older than {@link NEEDED_VERSION} or openrsync, which lacks `--delete-missing-args`.
 */
export async function findRsync(
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<RsyncVersion> {
  const output: string[] = [];
  const keep = (line: string): void => {
    if (output.length < 20) output.push(line);
  };
  const end = await runProcess({
    program,
    arguments: ['--version'],
    environment,
    onOutput: keep,
    onError: keep,
    idleTimeoutMs: 20_000,
    signal,
  });
  if (end.kind === 'notStarted')
    throw new SynclineError('RSYNC_MISSING', `Cannot start ${program}: ${end.reason}.`, INSTALL);
  return checkVersion(program, output);
}

/** Reads the lines `rsync --version` printed; throws as {@link findRsync} does. */
export function checkVersion(program: string, output: readonly string[]): RsyncVersion {
  if (output.some((line) => line.startsWith('openrsync')))
    throw new SynclineError(
      'RSYNC_TOO_OLD',
      `${program} is openrsync; rsync ${NEEDED_VERSION} or later is needed.`,
      INSTALL,
    );
  const found = output
    .map((line) => /^rsync\s+version\s+v?((\d+)\.(\d+)(?:\.(\d+))?\S*)/.exec(line))
    .find(Boolean);
  if (!found)
    throw new SynclineError(
      'RSYNC_MISSING',
      `${program} --version does not answer as rsync does: ${output[0] ?? 'nothing'}`,
      INSTALL,
    );
  const [, text = '', major, minor, patch] = found;
  const version = { text, major: Number(major), minor: Number(minor), patch: Number(patch ?? 0) };
  if (!isAtLeast(version, NEEDED_VERSION))
    throw new SynclineError(
      'RSYNC_TOO_OLD',
      `${program} is version ${text}; ${NEEDED_VERSION} or later is needed.`,
      INSTALL,
    );
  return version;
}

/** Compares by numbers: 3.10.0 is later than 3.9.9. */
export function isAtLeast(version: RsyncVersion, needed: string): boolean {
  const [major = 0, minor = 0, patch = 0] = needed.split('.').map(Number);
  return version.major - major || version.minor - minor || version.patch - patch
    ? (version.major - major || version.minor - minor || version.patch - patch) > 0
    : true;
}
