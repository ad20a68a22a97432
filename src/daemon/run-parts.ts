import type { NativeAddon } from '../addon/addon.ts';
import type { SynclineError } from '../model/syncline-error.ts';
import type { ProcessSlots } from '../target/process-slots.ts';
import type { SshMasters } from '../target/ssh/ssh-masters.ts';
import type { Tunnels } from '../target/tunnel/tunnels.ts';
import type { Ending } from './end-on-signals.ts';
import type { Log } from './log.ts';
import type { RunSettings } from './mirror-options.ts';
import type { ProgramIo } from './program-io.ts';
import type { Progress } from './progress.ts';
import type { StatusBoard } from './status-board.ts';
import type { TargetPlan } from './target-plan.ts';

/** What all mirrors of one process share. */
export interface RunParts {
  readonly addon: NativeAddon;
  readonly log: Log;
  readonly board: StatusBoard;
  /** Progress of one watch, and of one target. */
  readonly watchProgress: () => Progress;
  readonly targetProgress: () => Progress;
  /** How many dirty names each of so many targets may keep. */
  readonly maxPendingEntries: (targetCount: number) => number;
  readonly slots: ProcessSlots;
  readonly masters: SshMasters;
  readonly tunnels: Tunnels;
  readonly environment: ProgramIo['environment'];
  readonly ending: Ending;
  /** Puts what counts for the whole process in force. */
  readonly useSettings: (settings: RunSettings) => void;
}

/** A target that cannot work, and why. */
export interface Unable {
  readonly plan: TargetPlan;
  readonly error: SynclineError;
}

/** How many there are by the plan in force: where there are several, each line of the log tells which it is about. */
export interface RunCounts {
  readonly sources: number;
  readonly targets: number;
}
