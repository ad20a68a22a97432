import type { Move } from '../../model/batch.ts';
import type { Failed } from '../../model/outcome.ts';
import type { DeliveryContext } from '../target.ts';

/** Repeats on the target what was renamed on the source. */
export interface Mover {
  /**
   * Makes the moves in their order, and reports each one made; those given back could not be made, and what they were
   * about has to be sent. Failed: it is not known which of them were made. Replaces nothing but a file by a file or an
   * empty directory by a directory, and follows no symlink below the target's root.
   */
  makeMoves(moves: readonly Move[], context: DeliveryContext): Promise<readonly Move[] | Failed>;
}
