import type { PathBytes } from '../model/path-bytes.ts';
import type { DirtyNode } from './dirty-node.ts';
import { HINT_MASK, NODE } from './dirty-node.ts';
import { pathOfNode } from './dirty-tree.ts';

/** A name that is not known to be delivered. */
export interface BookedName {
  /** `active`: a delivery is under way. `waiting`: for the window or a pause. `retry`: it has failed. */
  readonly state: 'active' | 'waiting' | 'retry';
  readonly path: PathBytes;
  /** Of a move: where to. */
  readonly to?: PathBytes;
  /** Bits of `HINT`. */
  readonly hints: number;
  /** All that is below it is to be compared. */
  readonly isCompared: boolean;
}

/** A look into the books of one mirror; each call looks at them as they are then. */
export interface MirrorBooks {
  counts(): { readonly pending: number; readonly inFlight: number; readonly quarantined: number };
  /** At most `max` names, in no order but that what has failed comes first, then what is under way; costs in proportion to `max`. */
  names(max: number): readonly BookedName[];
}

/** The dirty names at and below a node, found one by one. To be ended before the next change. */
export function* bookedNames(node: DirtyNode, state: 'active' | 'waiting'): Generator<BookedName> {
  if (node.has(NODE.dirty))
    yield {
      state,
      path: pathOfNode(node),
      hints: node.state & HINT_MASK,
      isCompared: node.has(NODE.rescan),
    };
  for (const child of node.children?.values() ?? []) yield* bookedNames(child, state);
}
