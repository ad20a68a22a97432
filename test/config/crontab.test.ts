import { expect, test } from 'vitest';
import { crontabProblem, crontabTimes } from '../../src/config/crontab.ts';

const FIELDS = 'minute hour day month weekday, as in "0 3 * * *", with a field of seconds in front if wanted';

test.each(['0 3 * * *', '*/10 * * * * *', ' 0  3 * JAN-MAR MON,fri ', '0 0 L * *', '59 59 23 31 12 7'])(
  '%j is a time of cron',
  (text) => {
    expect(crontabProblem(text)).toBeUndefined();
  },
);

test.each([
  ['', `five or six fields: ${FIELDS}`],
  ['@daily', `five or six fields: ${FIELDS}`],
  ['* * * *', `five or six fields: ${FIELDS}`],
  ['* * * * * * 2030', `five or six fields: ${FIELDS}`],
  ['2030-01-01T00:00:00', `five or six fields: ${FIELDS}`],
  ['0 25 * * *', `${FIELDS} (Invalid value for hour: 25)`],
  ['60 0 3 * * *', `${FIELDS} (Invalid value for second: 60)`],
  ['*/0 * * * *', `${FIELDS} (Syntax error, illegal stepping: 0)`],
  ['0 0 31 2 *', `a time that comes; ${FIELDS}`],
])('in place of %j is told: %s', (text, allowed) => {
  expect(crontabProblem(text)).toBe(allowed);
});

test.each<[string[], Date, Date]>([
  [['0 3 * * *'], new Date(2026, 0, 1), new Date(2026, 0, 1, 3)],
  [['0 3 * * *'], new Date(2026, 0, 1, 3), new Date(2026, 0, 2, 3)],
  [['30 0 3 * * *'], new Date(2026, 0, 1, 3), new Date(2026, 0, 1, 3, 0, 30)],
  [['0 3 * * *', '0 2 1 2 *', '59 2 * * 4'], new Date(2026, 0, 1), new Date(2026, 0, 1, 2, 59)],
  [['0 3 * * 0'], new Date(2026, 0, 1), new Date(2026, 0, 4, 3)],
])('the next of %j behind %s is %s, by the clock of this machine', (texts, after, expected) => {
  expect(new Date(crontabTimes(texts)(after.getTime()))).toEqual(expected);
});
