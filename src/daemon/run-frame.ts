import type { Log } from './log.ts';

/** What a program puts around a run that is not one of the command line. */
export interface RunFrame {
  /** Instead of a log on the standard output; the level and format of the settings do not count then. */
  readonly log?: Log;
  /** Called once, when all that can be looked at beforehand has been, and at least one target can work. */
  readonly ready?: () => void;
}
