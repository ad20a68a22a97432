import { displayPath, pathFromText, type PathBytes } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import type { TargetAddress } from './check-targets.ts';
import { isInside, realPath } from './local-target.ts';
import { parseTarget } from './parse-target.ts';

export interface CheckedMirror {
  /** Absolute. */
  readonly source: PathBytes;
  readonly targets: readonly TargetAddress[];
}

/**
 * Checks that no mirror brings into the source of another what that one, or one behind it, brings back: what is older
 * would overwrite or delete what is newer. Looks at local targets, symlinks followed. Throws a SynclineError (TARGET).
 */
export function checkNoRing(mirrors: readonly CheckedMirror[]): void {
  const places = mirrors.map(({ source, targets }) => ({
    source: realPath(source),
    targets: targets.flatMap(localPlace),
  }));
  /** Mirrors whose source is changed by the deliveries of this one. */
  const behind = places.map(({ targets }, index) =>
    places.flatMap(({ source }, other) =>
      other !== index && targets.some((target) => overlap(target, source)) ? [other] : [],
    ),
  );
  for (const [first, { source }] of mirrors.entries()) {
    const reached = new Set<number>();
    const next = [...(behind[first] ?? [])];
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      next.push(...(behind[at] ?? []));
    }
    if (reached.has(first))
      throw new SynclineError(
        'TARGET',
        `What is mirrored from ${displayPath(source)} comes back to it by another mirror.`,
        'Each would overwrite what the other brings: mirror one way only.',
      );
  }
}

function localPlace({ name, address = name }: TargetAddress): readonly PathBytes[] {
  const location = parseTarget(address);
  return location.kind === 'local' ? [realPath(pathFromText(location.path))] : [];
}

function overlap(one: PathBytes, other: PathBytes): boolean {
  return one === other || isInside(one, other) || isInside(other, one);
}
