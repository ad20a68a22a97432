import { expect, test } from 'vitest';
import { ctime, syslogTime } from '../../src/daemon/ctime.ts';

test('times are written as by ctime(3) and syslog, days below ten with a space', () => {
  expect(ctime(new Date(2026, 10, 22, 2, 37, 8))).toBe('Sun Nov 22 02:37:08 2026');
  expect(ctime(new Date(2026, 0, 2, 23, 0, 0))).toBe('Fri Jan  2 23:00:00 2026');
  expect(syslogTime(new Date(2026, 0, 2, 23, 0, 0))).toBe('Jan  2 23:00:00');
});
