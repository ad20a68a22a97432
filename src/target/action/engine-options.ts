import type { PathBytes } from '../../model/path-bytes.ts';
import type { CommandExitCodes } from '../command/command-options.ts';
import type { CommandEnd } from '../command/run-command.ts';
import type { IsExcluded } from './action-options.ts';
import type { ActionHost, ActionScript, Inlet } from './action-script.ts';

/** One child: its program and arguments, and what it reads. */
export interface ChildRun {
  readonly words: readonly PathBytes[];
  readonly input: PathBytes | undefined;
}

export interface ActionEngineOptions {
  readonly script: ActionScript;
  readonly exitCodes: CommandExitCodes;
  readonly maxProcesses: number;
  readonly maxEvents: number;
  /** How long a promise of the script's may take; 0: for ever. */
  readonly callLimitMs: number;
  /** Runs a child to its end; never rejects for what it does. */
  readonly run: (child: ChildRun, signal: AbortSignal) => Promise<CommandEnd>;
  readonly log: ActionHost['log'];
  readonly terminate: ActionHost['terminate'];
  /** True for a name that the script wants to hear nothing of. */
  readonly isExcluded: IsExcluded;
  readonly excludes: Pick<Inlet, 'addExclude' | 'rmExclude' | 'getExcludes'>;
}
