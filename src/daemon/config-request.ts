import type { Override } from '../config/resolve-config.ts';

/** What `syncline run`, `check` and `config` were asked for. */
export interface ConfigRequest {
  /** As the user wrote it; undefined: the one in the working directory, else that of the system. */
  readonly file: string | undefined;
  /** What the command line says on top of the configuration. */
  readonly overrides: readonly Override[];
  /** `run` reads it again when one of its files has changed. */
  readonly isWatched: boolean;
}
