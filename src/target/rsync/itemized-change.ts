/** What may differ in an entry that both sides have. `time` is its modification time. */
export type DifferentPart =
  | 'content'
  | 'link target'
  | 'device'
  | 'size'
  | 'time'
  | 'permissions'
  | 'owner'
  | 'group'
  | 'acl'
  | 'xattrs';

/**
 * Reads the eleven characters `YXcstpoguax` of rsync's `%i` (rsync(1), --itemize-changes) for an entry that is to be
 * updated: `missing` if the receiver has nothing of that name and type, else what differs. Of a file `c` means that
 * its checksum differs, of a symlink or a device that it stands for something else.
 */
export function differingParts(change: string): 'missing' | readonly DifferentPart[] {
  const marks = change.slice(2);
  if (marks.startsWith('+')) return 'missing';
  const value = change[1] === 'f' ? 'content' : change[1] === 'L' ? 'link target' : 'device';
  const parts: readonly (readonly [number, DifferentPart])[] = [
    [0, value],
    [1, 'size'],
    [2, 'time'],
    [3, 'permissions'],
    [4, 'owner'],
    [5, 'group'],
    [7, 'acl'],
    [8, 'xattrs'],
  ];
  return parts.filter(([at]) => /[A-Za-z]/.test(marks[at] ?? '')).map(([, part]) => part);
}
