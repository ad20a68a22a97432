import { describe, expect, test } from 'vitest';
import { checkVersion, isAtLeast } from '../../../src/target/rsync/rsync-version.ts';

describe('what rsync --version prints', () => {
  test.each([
    { line: 'rsync  version 3.5.0  protocol version 32', is: [3, 5, 0] },
    { line: 'rsync  version v3.2.7  protocol version 31', is: [3, 2, 7] },
    { line: 'rsync  version 3.4.0pre1  protocol version 32', is: [3, 4, 0] },
  ])('$line', ({ line, is }) => {
    const { major, minor, patch } = checkVersion('rsync', [line, 'Copyright']);
    expect([major, minor, patch]).toEqual(is);
  });

  test.each([
    { lines: ['rsync  version 3.0.9  protocol version 30'], code: 'RSYNC_TOO_OLD', says: /3\.0\.9.*3\.1\.3/ },
    {
      lines: ['openrsync: protocol version 29', 'rsync version 2.6.9 compatible'],
      code: 'RSYNC_TOO_OLD',
      says: /openrsync/,
    },
    { lines: ['no such applet'], code: 'RSYNC_MISSING', says: /no such applet/ },
    { lines: [], code: 'RSYNC_MISSING', says: /nothing/ },
  ])('$lines is refused', ({ lines, code, says }) => {
    expect(() => checkVersion('rsync', lines)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(says) as string }) as Error,
    );
  });
});

test('versions compare by numbers', () => {
  const version = { text: '3.10.0', major: 3, minor: 10, patch: 0 };
  expect(isAtLeast(version, '3.9.9')).toBe(true);
  expect(isAtLeast(version, '3.10.0')).toBe(true);
  expect(isAtLeast(version, '3.10.1')).toBe(false);
  expect(isAtLeast(version, '4.0.0')).toBe(false);
});
