import type { Failed } from '../../model/outcome.ts';
import { missingParentRemedy } from '../local-target.ts';
import type { ProcessEnd } from './run-process.ts';

/** What a finished rsync run means. Path problems are told apart from it: see `RunFindings`. */
export type Verdict =
  | { readonly kind: 'done' }
  /** It counts as done because the user says so; what it left undone is forgotten. */
  | { readonly kind: 'doneBySay'; readonly notice: string }
  /** The receiver cannot take missing names in a list (rsync 3.4.3 and several security backports). */
  | { readonly kind: 'missingArgsBroken' }
  /** The source directory could not be entered: it must be looked at again before anything is said. */
  | { readonly kind: 'sourceSuspect' }
  | Failed;

/** What was read from a run's stderr, as far as its verdict depends on it. */
export interface RunFindings {
  /** Paths that failed, vanished or whose attributes were refused. */
  readonly namedPaths: number;
  /** A line named a path that is none of ours. */
  readonly hasUnknownPath: boolean;
  /** Nothing could be written, all because of a read-only file system. */
  readonly isReadOnly: boolean;
  /** Everything else, first to last; shortened in the middle. */
  readonly messages: readonly string[];
}

/** We give the limit that was counted with before the run. */
const MAX_DELETE_CODE = 25;
const CONFIGURATION_CODES: ReadonlyMap<number, string> = new Map([
  [1, 'rsync does not know one of the options'],
  [2, 'the two rsync programs do not understand each other'],
  [3, 'rsync cannot use the source or the target directory'],
  [4, 'the other side refuses one of the options'],
]);
const TARGET_CODES: ReadonlyMap<number, string> = new Map([
  [5, 'the daemon refused the connection'],
  [10, 'no connection'],
  [11, 'the target cannot be written'],
  [12, 'the connection broke'],
  [30, 'no data for the whole time-out'],
  [35, 'the daemon did not answer in time'],
  [127, 'the remote command was not found'],
  [255, 'the remote shell failed'],
]);

/**
 * What exit codes mean where it is not what they mean by themselves. `ok`: all of the run counts as delivered. `again`: all
 * of it is tried again. `die`: the target stops. The first list that has a code counts.
 */
export interface RsyncExitCodes {
  readonly ok?: readonly number[] | undefined;
  readonly again?: readonly number[] | undefined;
  readonly die?: readonly number[] | undefined;
}

/** Whose run it was. */
export interface JudgedTarget {
  readonly targetName: string;
  /** A run to this target has succeeded before: what looks like a wrong configuration may then pass by itself. */
  readonly hasWorked: boolean;
  readonly exitCodes?: RsyncExitCodes | undefined;
  /** Undefined where missing parents cannot be asked for. */
  readonly mkpath?: boolean | undefined;
}

/** Decides by the way the process ended first, then by rsync's exit code, then by what it said. */
export function judgeRun(end: ProcessEnd, findings: RunFindings, target: JudgedTarget): Verdict {
  const { targetName, hasWorked } = target;
  switch (end.kind) {
    case 'exited':
      return asSaid(end.code, judgeCode(end.code, findings, target), findings, target);
    case 'killed':
      return failed('batch', `rsync to ${targetName} was killed by ${end.signal}.`);
    case 'aborted':
      return failed('batch', `rsync to ${targetName} was ended before it was done.`);
    case 'hung':
      return failed(
        'target',
        `rsync to ${targetName} did nothing for ${Math.round(end.idleMs / 1000)} s and was ended.`,
        'Check that the target and the way to it are alive; --timeout (timeout in a configuration) sets how long to wait.',
      );
    case 'waitingForFifo':
      return failed('batch', `rsync to ${targetName} met a fifo where a file had been, and was ended.`);
    case 'notStarted': {
      const isLasting = ['ENOENT', 'EACCES', 'E2BIG'].includes(end.errorCode);
      return failed(
        isLasting && !hasWorked ? 'configuration' : 'batch',
        `rsync cannot be started: ${end.reason}.`,
      );
    }
  }
}

/** The meaning that the user gives to a code; not to 0, nor to what only decides how to go on. */
function asSaid(
  code: number,
  verdict: Verdict,
  findings: RunFindings,
  { targetName, exitCodes = {} }: JudgedTarget,
): Verdict {
  if (code === 0 || verdict.kind === 'missingArgsBroken' || verdict.kind === 'sourceSuspect') return verdict;
  const part = `rsync to ${targetName} delivered only a part${quote(findings)} (exit ${code})`;
  if (exitCodes.ok?.includes(code))
    return { kind: 'doneBySay', notice: `${part}; it counts as delivered by exitCodes.` };
  const failure = verdict.kind === 'failed' ? verdict : failed('batch', `${part}.`);
  if (exitCodes.again?.includes(code))
    return failure.scope === 'configuration' ? { ...failure, scope: 'target' } : failure;
  if (exitCodes.die?.includes(code))
    return failed(
      'configuration',
      failure.message,
      failure.remedy ?? 'By exitCodes it cannot work then: mend what it says, and start again.',
    );
  return verdict;
}

function judgeCode(code: number, findings: RunFindings, judged: JudgedTarget): Verdict {
  const { targetName, hasWorked } = judged;
  const said = findings.messages.join('\n');
  if (code === 0) return { kind: 'done' };
  if (code === 23 || code === 24) {
    if (findings.isReadOnly)
      return failed(
        'target',
        `rsync to ${targetName} failed: the target is read-only${quote(findings)} (exit ${code}).`,
        'Make it writable; it goes on by itself.',
      );
    if (findings.namedPaths > 0 && !findings.hasUnknownPath) return { kind: 'done' };
    return failed('batch', `rsync to ${targetName} delivered only a part${quote(findings)} (exit ${code}).`);
  }
  // What a receiver says last can be lost on its way through ssh; this side always says what it does not understand.
  if (code === 2 && (said === '' || /invalid file mode 0?0 /.test(said)))
    return { kind: 'missingArgsBroken' };
  // A directory of the list was replaced by something else while rsync read it.
  if (code === 2 && /ABORTING due to (?:invalid path|unsafe pathname) from sender/.test(said))
    return failed('batch', `rsync to ${targetName} met a tree that changed under it${quote(findings)}.`);
  if (code === 3 && /(?:rsync: |\[sender\] )change_dir "/.test(said)) return { kind: 'sourceSuspect' };
  const message = (meaning: string): string =>
    `rsync to ${targetName} failed: ${meaning}${quote(findings)} (exit ${code}).`;
  const target = TARGET_CODES.get(code);
  if (target !== undefined) {
    if (/No space left on device|Disk quota exceeded/.test(said))
      return failed('target', message('the target is full'), 'Make room there; it goes on by itself.');
    return failed('target', message(target), remedyFor(code, said, judged));
  }
  const configuration = CONFIGURATION_CODES.get(code);
  if (configuration !== undefined)
    return failed(
      hasWorked ? 'target' : 'configuration',
      message(configuration),
      remedyFor(code, said, judged),
    );
  if (code === MAX_DELETE_CODE)
    return failed(
      'batch',
      `rsync to ${targetName} met more deletions than had been counted just before (exit 25).`,
    );
  if (code === 20) return failed('batch', `rsync to ${targetName} was interrupted by a signal (exit 20).`);
  return failed('batch', message('an error'));
}

function remedyFor(code: number, said: string, { mkpath }: JudgedTarget): string | undefined {
  if (said.includes('is your shell clean'))
    return 'The remote shell prints text at login: keep its start-up files quiet for non-interactive use.';
  if (/refuse --?delete/.test(said))
    return "Remove delete from `refuse options` in the daemon's rsyncd.conf, or mirror without deletions: --delete no (delete: no in a configuration).";
  if (/rsync: (?:command )?not found|rsync: No such file|exec rsync/i.test(said))
    return 'Install rsync on the target host.';
  const ofShell = remoteShellRemedy(said);
  if (ofShell !== undefined) return ofShell;
  if (code === 11 && /mkdir .* failed: No such file/.test(said)) return missingParentRemedy(mkpath);
  return undefined;
}

/** What the user can do about what ssh said. */
export function remoteShellRemedy(said: string): string | undefined {
  if (said.includes('Host key verification failed')) return 'Connect once with ssh and accept the host key.';
  if (said.includes('Permission denied (')) return 'Set up a key that needs no password (ssh-copy-id).';
  if (said.includes('Session open refused'))
    return 'Raise MaxSessions in the sshd_config of the host, or lower --max-processes (maxProcesses in a configuration).';
  return undefined;
}

function failed(scope: Failed['scope'], message: string, remedy?: string): Failed {
  const oneLine = message.replace(/\s*\n\s*/g, ' ');
  return remedy === undefined
    ? { kind: 'failed', scope, message: oneLine }
    : { kind: 'failed', scope, message: oneLine, remedy };
}

/** The most telling line: rsync's own summary (`rsync error: …`) repeats the code only. */
function quote(findings: RunFindings): string {
  const line = findings.messages.find((text) => !text.startsWith('rsync error:')) ?? findings.messages[0];
  return line === undefined ? '' : `: ${line.replace(/^rsync: /, '').replace(/[.\s]+$/, '')}`;
}
