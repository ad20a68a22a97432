import { isWithinOne, parentPath, ROOT_PATH, type PathBytes } from '../model/path-bytes.ts';
import { type FilterRule, ruleText } from './filter-rule.ts';

/** What a new list of rules does to a tree that was mirrored by another one. */
export interface RuleDifference {
  /** Rules that were there or are there alone; a rule in another place of the order is both. */
  readonly removed: readonly FilterRule[];
  readonly added: readonly FilterRule[];
  /**
   * Where names may be that only the new rules show, or that only they let delete: subtrees, none inside another, `''`
   * for the whole tree. Empty: the new rules show nothing that the old ones hid.
   */
  readonly shown: readonly PathBytes[];
  /** In the same form, where names may be that only the new rules leave out, or that only the old ones protected. */
  readonly hidden: readonly PathBytes[];
}

/** Longer lists are not looked through for what they have in common in the middle. */
const MAX_STEPS = 4_000_000;

export function ruleDifference(from: readonly FilterRule[], to: readonly FilterRule[]): RuleDifference {
  const { removed, added } = withoutCommon(from, to);
  // The first match decides: an exclude less or an include more shows at most what it matches itself.
  const widening = [...removed.filter(({ include }) => !include), ...added.filter(({ include }) => include)];
  const narrowing = [...added.filter(({ include }) => !include), ...removed.filter(({ include }) => include)];
  const hiding = [
    ...narrowing.filter(({ side }) => side !== 'receiver'),
    ...widening.filter(({ side }) => side === 'receiver' || side === 'both'),
  ];
  return {
    removed,
    added,
    shown: topmost(widening.map((rule) => placeOf(rule))),
    hidden: topmost(hiding.map(comparablePlaceOf)),
  };
}

/** The subtrees that no other of them is above, each once, sorted. */
export function topmost(subtrees: readonly PathBytes[]): readonly PathBytes[] {
  const all = new Set(subtrees);
  return [...all].filter((path) => path === ROOT_PATH || !isWithinOne(parentPath(path), all)).sort();
}

/** The subtree that holds everything the rule can match, and all below that. */
function placeOf({ pattern, absolute, negated, xattr }: FilterRule): PathBytes {
  if (!pattern.startsWith('/') || absolute || negated || xattr) return ROOT_PATH;
  const parts = pattern.slice(1).replace(/\/$/, '').split('/');
  const wild = parts.findIndex((part) => part === '' || /[*?[\\]/.test(part));
  return parts.slice(0, wild < 0 ? parts.length : wild).join('/') as PathBytes;
}

/** The same for a rule that leaves names out: these are not compared by themselves, but with what they are in. */
function comparablePlaceOf(rule: FilterRule): PathBytes {
  const place = placeOf(rule);
  const isMatched = rule.pattern.replace(/(\/\*\*\*)?\/?$/, '') === `/${place}`;
  return isMatched ? parentPath(place) : place;
}

/** By a longest common subsequence of their texts. */
function withoutCommon(
  from: readonly FilterRule[],
  to: readonly FilterRule[],
): Pick<RuleDifference, 'removed' | 'added'> {
  const [old, now] = [from.map(ruleText), to.map(ruleText)];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let [oldEnd, nowEnd] = [old.length, now.length];
  while (oldEnd > start && nowEnd > start && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd--;
    nowEnd--;
  }
  const rows = oldEnd - start;
  const columns = nowEnd - start;
  if (rows * columns > MAX_STEPS)
    return { removed: from.slice(start, oldEnd), added: to.slice(start, nowEnd) };
  const width = columns + 1;
  /** How many rules are in common from there on. */
  const common = new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--)
      common[i * width + j] =
        old[start + i] === now[start + j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
  const removed: FilterRule[] = [];
  const added: FilterRule[] = [];
  let [i, j] = [0, 0];
  while (i < rows || j < columns) {
    if (i < rows && j < columns && old[start + i] === now[start + j]) {
      i++;
      j++;
    } else if (
      j === columns ||
      (i < rows && (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
    )
      removed.push(...from.slice(start + i, start + ++i));
    else added.push(...to.slice(start + j, start + ++j));
  }
  return { removed, added };
}
