import type { LogChoice } from './log-categories.ts';

/** One sync of a command line of Lsyncd's, as it is written. */
export type LsyncdSync =
  | { readonly kind: 'rsync' | 'direct'; readonly source: string; readonly target: string }
  | { readonly kind: 'rsyncssh'; readonly source: string; readonly host: string; readonly directory: string };

/** What Lsyncd calls settings; what is not given is undefined. Seconds, as Lsyncd has them. */
export interface LsyncdSettings {
  readonly logfile?: string;
  readonly pidfile?: string;
  readonly nodaemon?: boolean;
  readonly onepass?: boolean;
  /** Try a first sync that fails again and again; only `onepass` makes a difference of it. */
  readonly insist?: boolean;
  readonly statusFile?: string;
  /** At least so many seconds between two writes of the status file. */
  readonly statusInterval?: number;
  /** A name or number of syslog(3). */
  readonly logfacility?: string | number;
  readonly logident?: string;
  /** For all syncs, over what they say. */
  readonly maxDelays?: number;
}

/** What a command line of Lsyncd's asks for. */
export interface LsyncdRequest {
  /** A Lua file, as it is written; then there are no `syncs`. Without it there is at least one. */
  readonly configFile: string | undefined;
  /** Lua files that are run before it, in their order. */
  readonly scripts: readonly string[];
  readonly syncs: readonly LsyncdSync[];
  /** Further arguments of ssh for all of them. */
  readonly sshArguments: readonly string[];
  /** Seconds; for all syncs, over what they say. */
  readonly delay: number | undefined;
  readonly settings: LsyncdSettings;
  readonly log: LogChoice;
}
