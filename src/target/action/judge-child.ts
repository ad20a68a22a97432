import type { Failed } from '../../model/outcome.ts';
import type { CommandExitCodes } from '../command/command-options.ts';
import { verdictOf } from '../command/run-command.ts';
import type { CommandEnd } from '../command/run-command.ts';
import type { CollectVerdict } from './action-script.ts';
import type { ChildExit } from './child-exit.ts';

/** What becomes of the events of a child. */
export type ChildVerdict =
  { readonly kind: 'ok' } | { readonly kind: 'again'; readonly message: string } | Failed;

/** Judges by what `collect` has said, or else by the exit codes. */
export function judgeChild(
  end: CommandEnd,
  exit: ChildExit,
  said: CollectVerdict | undefined,
  exitCodes: CommandExitCodes,
): ChildVerdict {
  switch (said) {
    case 'ok':
      return { kind: 'ok' };
    case 'again':
      return { kind: 'again', message: `${describe(end, exit)}, to be done again` };
    case 'die':
      return {
        kind: 'failed',
        scope: 'configuration',
        message: `${describe(end, exit)}: it is not to be tried again.`,
      };
    case undefined: {
      const verdict = verdictOf(end, exitCodes);
      if (verdict.kind === 'ok' || (verdict.kind === 'failed' && verdict.scope === 'configuration'))
        return verdict;
      return { kind: 'again', message: verdict.message };
    }
  }
}

function describe({ name, said }: CommandEnd, { code, signal }: ChildExit): string {
  return `${name}: ${signal === undefined ? `exit ${code}` : `killed by ${signal}`}${said}`;
}
