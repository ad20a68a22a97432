import type { PathBytes } from '../../model/path-bytes.ts';
import { DeleteGuard } from '../delete-guard.ts';
import type { DeleteLimit, EmptySourcePolicy } from '../delete-guard.ts';
import type { DeletePolicy } from '../delete-policy.ts';
import { KnownTarget } from '../known-target.ts';
import type { DirectoryIdentity } from '../local-target.ts';
import { SourceGuard } from '../source-guard.ts';
import type { CommandEventKind } from './command-options.ts';

/** What counts for all targets that are told events, whoever takes them. */
export interface ToldTargetOptions {
  /** The source root: absolute, raw bytes, no trailing slash. */
  readonly source: PathBytes;
  /** When deletions are told; `no` and `startup` tell no moves either, which take a name away. */
  readonly deletes?: DeletePolicy;
  /**
   * A delivery that would tell more deletions tells none. A deleted directory counts as one name, with
   * `deletedNames` each of those too.
   */
  readonly maxDelete?: DeleteLimit | undefined;
  readonly allowEmptySource?: EmptySourcePolicy | undefined;
  /** Of a deleted directory, what was seen to be deleted in it before is told too, each name by itself. */
  readonly deletedNames?: boolean | undefined;
  /** Names not to be told when a directory is walked: true for a path that the user's filter hides. */
  readonly isHidden?: (path: PathBytes, isDirectory: boolean) => boolean;
  /** Says what would be told and runs nothing. */
  readonly dryRun?: boolean | undefined;
  readonly sourceIdentity?: DirectoryIdentity | undefined;
  /** What a target with other options before it knew of the same place. */
  readonly known?: KnownTarget | undefined;
}

/** What a target that is told events knows from one delivery to the next. */
export class EventBooks {
  readonly options: ToldTargetOptions;
  readonly source: SourceGuard;
  readonly deleteGuard: DeleteGuard;
  /** What is told; `startup` too. */
  readonly tells: ReadonlySet<CommandEventKind>;
  readonly untold: Set<PathBytes>;
  readonly undeleted: Set<PathBytes>;
  readonly undeletedNames: Map<PathBytes, boolean>;
  readonly toldInVain: Set<PathBytes>;

  constructor(options: ToldTargetOptions, targetName: string, tells: Iterable<CommandEventKind>) {
    this.options = options;
    ({
      untold: this.untold,
      undeleted: this.undeleted,
      undeletedNames: this.undeletedNames,
      toldInVain: this.toldInVain,
    } = options.known ?? new KnownTarget());
    this.tells = new Set(tells);
    this.source = new SourceGuard(options.source, options.sourceIdentity);
    this.deleteGuard = new DeleteGuard({ ...options, targetName });
  }

  /** Moves may be told: what takes the old name away is a deletion. */
  get mayMove(): boolean {
    const { deletes = 'yes' } = this.options;
    return this.tells.has('move') && (deletes === 'yes' || deletes === 'running');
  }
}
