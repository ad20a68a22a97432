import { expect, test } from 'vitest';
import { isSameDirectory } from '../../../src/target/rsync/local-target.ts';

const known = { device: 1n, inode: 2n, bornNs: 3n };

test.each([
  [known, known, true],
  [{ ...known, inode: 4n }, known, false],
  [{ ...known, device: 4n }, known, false],
  [{ ...known, bornNs: 4n }, known, false],
  // A directory that was just made has the number of one deleted before, and no birth time that can be told.
  [{ ...known, bornNs: 0n }, known, false],
  [known, { ...known, bornNs: 0n }, true],
  [{ ...known, bornNs: 0n }, { ...known, bornNs: 0n }, true],
])('%o after %o: %s', (now, before, isSame) => {
  expect(isSameDirectory(now, before)).toBe(isSame);
});
