import { expect, test } from 'vitest';
import type { WatchEvent } from '../../src/model/event-batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { describeCoverage, watchLimitRemedy } from '../../src/watch/describe-coverage.ts';

type CoverageEvent = Extract<WatchEvent, { kind: 'coverage' }>;

const limitOf = (value: number): { sysctl: string; value: number } => ({
  sysctl: 'fs.inotify.max_user_watches',
  value,
});

const event = (changes: Partial<CoverageEvent>): CoverageEvent => ({
  kind: 'coverage',
  directory: '' as PathBytes,
  state: 'watching',
  reason: 'start',
  errno: 0,
  watched: 70_000,
  missing: 0,
  ...changes,
});

test('the watch limit is told with the sysctl, its value, what is missing, what is needed and the line to type', () => {
  const said = describeCoverage(
    event({ state: 'blind', reason: 'watchLimit', errno: 28, missing: 30_000 }),
    limitOf(65_536),
  );
  expect(said.text).toBe(
    '30000 directories are not watched: fs.inotify.max_user_watches = 65536 is used up, 100000 are needed here',
  );
  expect(said.remedy).toContain('sudo sysctl fs.inotify.max_user_watches=131072');
});

test.each([
  [0, 1, 65_536],
  [65_536, 1, 131_072],
  [100_000, 1_000_000, 2_097_152],
])('with a limit of %i and %i directories more, the line to type says %i', (limit, missing, wanted) => {
  expect(watchLimitRemedy(missing, limitOf(limit))).toContain(`max_user_watches=${wanted} `);
  expect(wanted).toBeGreaterThanOrEqual(limit + missing);
});

test.each<[string, Partial<CoverageEvent>, string]>([
  ['the start of a scan', { state: 'scanning' }, 'scanning the tree'],
  ['lost events', { state: 'scanning', reason: 'overflow' }, 'events were lost: scanning again'],
  ['the end of a scan', {}, 'watching the tree: 70000 directories'],
  ['a tree that is watched as a whole', { watched: 0 }, 'watching the tree'],
  [
    'an unreadable directory',
    { state: 'blind', reason: 'unreadable', errno: 13, directory: 'a/b' as PathBytes },
    'changes in a/b are not seen: it cannot be read (EACCES: permission denied)',
  ],
  [
    'a file system that cannot be watched',
    { state: 'blind', reason: 'otherFileSystem', errno: 18, directory: 'a' as PathBytes },
    'changes in a are not seen: its file system cannot be watched here (EXDEV: cross-device link not permitted)',
  ],
  [
    'an error without a name',
    { state: 'blind', reason: 'unreadable', errno: 9999, directory: 'a' as PathBytes },
    'changes in a are not seen: it cannot be read (error 9999)',
  ],
])('%s is put into words', (_what, changes, text) => {
  expect(describeCoverage(event(changes), limitOf(65_536)).text).toBe(text);
});
