import { parentPath, pathFromText } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { ListedEntry, NormalizedList } from './normalize-list.ts';
import { TreeWalk } from './normalize-list.ts';

/**
 * Leaves out missing names that are missing on the local target too, so that a name born and gone between two
 * deliveries costs no transfer; what remains of it, a new time of its directory, is listed instead where it differs.
 */
export function withoutSettledDeletions(list: NormalizedList, target: string): ListedEntry[] {
  const targetWalk = new TreeWalk(pathFromText(target));
  const parents = new Set<PathBytes>();
  const listed = new Set<PathBytes>();
  const kept = list.entries.filter((entry) => {
    listed.add(entry.path);
    if (entry.kind !== 'missing') return true;
    const there = targetWalk.see(entry.path);
    const isGone = 'kind' in there && (there.kind === 'missing' || there.path !== entry.path);
    if (isGone) parents.add(parentPath(entry.path));
    return !isGone;
  });
  for (const parent of parents) {
    targetWalk.see(parent);
    const isSettled = targetWalk.directoryTimeMs(parent) === list.walk.directoryTimeMs(parent);
    if (!isSettled && !listed.has(parent))
      kept.push({ path: parent, kind: 'directory', rewrite: false, bytes: 0 });
  }
  return kept;
}
