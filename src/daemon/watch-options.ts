import type { PathBytes } from '../model/path-bytes.ts';
import type { FilterOption } from '../filter/parse-rules.ts';

/** Everything `syncline watch` was asked for. */
export interface WatchOptions {
  /** The directory to watch: absolute, raw bytes; exists, is a directory and can be read. */
  readonly directoryPath: PathBytes;
  /** JSON lines instead of lines for people. */
  readonly json: boolean;
  /** In the order given; what they exclude is neither watched nor shown. */
  readonly filterArguments: readonly FilterOption[];
}
