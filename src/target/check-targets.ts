import { pathFromText } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { isInside, realPath } from './local-target.ts';
import { parseTarget, targetArgument } from './parse-target.ts';

/** Where a target is, as far as it can be told from that of another. */
export interface TargetAddress {
  /** As the user wrote it. */
  readonly name: string;
  /** As rsync can be told it; the name if not given. */
  readonly address?: string;
  /** By what that is reached, where the same address may be another place: the command of a tunnel, a port. */
  readonly way?: string;
}

export interface CheckedTarget extends TargetAddress {
  /** Which source it is of, by any number. */
  readonly source: number;
  /** Deletions are repeated there. */
  readonly deletes: boolean;
}

/**
 * Checks that no target is another one or, where both are local (symlinks followed), lies inside another: each would
 * delete what the other brings. Those of different sources that delete nothing may. Throws a SynclineError (TARGET).
 */
export function checkTargetsApart(targets: readonly CheckedTarget[]): void {
  const places = targets.map((target) => ({ ...target, place: placeOf(target) }));
  for (const [index, one] of places.entries()) {
    for (const other of places.slice(index + 1)) {
      if (one.source !== other.source && !one.deletes && !other.deletes) continue;
      if (one.place === other.place && one.way === other.way)
        throw new SynclineError('TARGET', `Target ${other.name} is given twice.`, 'Name each target once.');
      const [inner, outer] = isBelow(one.place, other.place) ? [one, other] : [other, one];
      if (isBelow(inner.place, outer.place))
        throw new SynclineError(
          'TARGET',
          `Target ${inner.name} lies inside target ${outer.name}.`,
          'Each would delete what the other brings: choose places apart.',
        );
    }
  }
}

/** The real path of a local target; the argument for rsync of any other. */
function placeOf({ name, address = name }: TargetAddress): string {
  const location = parseTarget(address);
  return location.kind === 'local' ? realPath(pathFromText(location.path)) : targetArgument(location);
}

function isBelow(place: string, other: string): boolean {
  return place.startsWith('/') && other.startsWith('/') && isInside(place, other);
}
