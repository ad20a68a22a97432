import type { NativeAddon, NativeDeliveryOptions, NativeFilter } from '../../addon/addon.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { DeletePolicy } from '../rsync/rsync-options.ts';

/** What is mirrored beside names and content: the letters of rsync's `-a`. */
export type DirectAttributes = NativeDeliveryOptions['attributes'];

export interface DirectTargetOptions {
  /** The source root: absolute, raw bytes, no trailing slash. */
  readonly source: PathBytes;
  /** A local directory, as the user wrote it. */
  readonly target: string;
  readonly addon: Pick<NativeAddon, 'Delivery'>;
  readonly deletes?: DeletePolicy | undefined;
  readonly attributes: DirectAttributes;
  /** What the filter rules leave out, what they keep on the target, and that in a directory that is deleted. */
  readonly hidden?: NativeFilter | undefined;
  readonly kept?: NativeFilter | undefined;
  readonly keptInDeleted?: NativeFilter | undefined;
  /** Makes missing parents of the target. */
  readonly mkpath?: boolean | undefined;
  /** How many threads work on a delivery; one for each processor, at most four, if not given. */
  readonly threads?: number | undefined;
}
