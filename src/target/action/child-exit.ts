import { constants } from 'node:os';
import type { ProcessEnd } from '../rsync/run-process.ts';

/** As a shell says it. */
export interface ChildExit {
  readonly code: number;
  /** The name of the signal that ended it. */
  readonly signal?: string;
}

/** The exit of a child as a script is told it; undefined for one that we have ended because its target ends. */
export function exitOf(end: ProcessEnd): ChildExit | undefined {
  switch (end.kind) {
    case 'exited':
      return { code: end.code };
    case 'killed':
      return killed(end.signal);
    case 'hung':
    case 'waitingForFifo':
      return killed('SIGTERM');
    case 'notStarted':
      return { code: end.errorCode === 'ENOENT' ? 127 : 126 };
    case 'aborted':
      return undefined;
  }
}

function killed(signal: string): ChildExit {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return { code: 128 + (numbers[signal] ?? 0), signal };
}
