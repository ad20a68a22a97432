import type { NativeAddon, NativeDeliveryOptions, NativeFilter } from '../../addon/addon.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { DeleteLimit, EmptySourcePolicy } from '../delete-guard.ts';
import type { DeletePolicy } from '../delete-policy.ts';
import type { KnownTarget } from '../known-target.ts';
import type { DirectoryIdentity } from '../local-target.ts';

/** What is mirrored beside names and content: the letters of rsync's `-a`. */
export type DirectAttributes = NativeDeliveryOptions['attributes'];

/** The filter rules, compiled for the source root. */
export interface DirectFilters {
  /** What the rules leave out. */
  readonly hidden?: NativeFilter | undefined;
  /** What they keep on the target, and what of it in a directory that is deleted itself. */
  readonly kept?: NativeFilter | undefined;
  readonly keptInDeleted?: NativeFilter | undefined;
}

export interface DirectTargetOptions {
  /** The source root: absolute, raw bytes, no trailing slash. */
  readonly source: PathBytes;
  /** Its identity at start, where the caller has taken it already; else it is taken in `prepare`. */
  readonly sourceIdentity?: DirectoryIdentity | undefined;
  /** What a target with other options before it knew of the same root. */
  readonly known?: KnownTarget | undefined;
  /** A local directory, as the user wrote it. */
  readonly target: string;
  readonly addon: Pick<NativeAddon, 'Delivery'>;
  readonly deletes?: DeletePolicy | undefined;
  /** A delivery that would delete more deletes nothing. Makes every delivery count first, by a dry run. */
  readonly maxDelete?: DeleteLimit | undefined;
  /** An empty source may empty the target; else nothing is deleted while the source is empty. */
  readonly allowEmptySource?: EmptySourcePolicy | undefined;
  readonly attributes: DirectAttributes;
  readonly filters?: DirectFilters | undefined;
  /** Says what would be done and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Makes missing parents of the target. */
  readonly mkpath?: boolean | undefined;
  /** How many threads work on a delivery; one for each processor, at most four, if not given. */
  readonly threads?: number | undefined;
}
