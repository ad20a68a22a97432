import type { Ending } from './end-on-signals.ts';
import type { Log } from './log.ts';
import type { MirrorSet } from './mirror-set.ts';
import type { RunStatus } from './status-board.ts';

/** What a program puts around a run that is not one of the command line. */
export interface RunFrame {
  /** Instead of a log on the standard output; the level and format of the settings do not count then. */
  readonly log?: Log;
  /** What goes into the status file; JSON if not given. */
  readonly renderStatus?: (status: RunStatus) => string;
  /** Called once, when all that can be looked at beforehand has been, and at least one target can work. */
  readonly ready?: () => void;
  readonly changer?: RunChanger;
}

/** Changes a run while it is under way. */
export interface RunChanger {
  /** Everything has been started. */
  begin(mirrors: MirrorSet, log: Log, ending: Ending): void;
  /** It is over: nothing may be changed any more. */
  end(): void;
}
