import { expect, test } from 'vitest';
import { createLog } from '../../src/daemon/log.ts';
import { bytesText, createProgress, type ProgressState, renderProgress } from '../../src/daemon/progress.ts';
import { createScreen } from '../../src/daemon/screen.ts';

const sync: ProgressState = {
  label: 'first sync',
  startedMs: 1000,
  unit: 'entries',
  done: 12_345,
  total: 49_380,
};

function check(state: Partial<ProgressState>, nowMs: number, columns: number): string {
  return renderProgress({ ...sync, ...state }, nowMs, columns);
}

test('with a total: bar, percentage, counts, rate and remaining', () => {
  expect(check({ bytes: 3_400_000 }, 11_000, 120)).toBe(
    'first sync [######------------------] 25%  12,345 of 49,380 entries  1,234/s  3.4 MB  0:30 left',
  );
});

test('without a total: counts, rate and time spent', () => {
  expect(check({ label: 'scanning', unit: 'directories', total: undefined }, 71_000, 80)).toBe(
    'scanning  12,345 directories  176/s  1:10',
  );
});

test('a plain line has no bar', () => {
  expect(check({}, 11_000, Infinity)).toBe('first sync 25%  12,345 of 49,380 entries  1,234/s  0:30 left');
});

test('before anything is done there is no rate to divide by', () => {
  expect(check({ done: 0 }, 1000, Infinity)).toBe('first sync 0%  0 of 49,380 entries  0/s  0:00');
  expect(check({ done: 0, total: 0 }, 1000, Infinity)).toBe('first sync 100%  0 of 0 entries  0/s  0:00');
});

test('a total that lags behind the count never shows more than 100%', () => {
  expect(check({ done: 10, total: 4 }, 2000, Infinity)).toBe(
    'first sync 100%  10 of 10 entries  10/s  0:00 left',
  );
});

test('it never exceeds the width, and drops the bar first', () => {
  for (let columns = 1; columns <= 120; columns++) {
    expect(check({ bytes: 5 }, 11_000, columns).length).toBeLessThanOrEqual(columns);
  }
  expect(check({}, 11_000, 70)).toBe('first sync 25%  12,345 of 49,380 entries  1,234/s  0:30 left');
  expect(check({}, 11_000, 45)).toBe('first sync 25%  12,345 of 49,380 entries');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [2e18, '2000.0 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

interface Shown {
  out: string;
  err: string;
}

/** Calls `update` at the times given, with log lines in between, and returns what was written. */
function run(isTTY: boolean, timesMs: readonly number[]): Shown {
  const shown: Shown = { out: '', err: '' };
  let nowMs = 0;
  const screen = createScreen({
    stdout: { write: (text) => (shown.out += text) },
    stderr: { write: (text) => (shown.err += text), isTTY, columns: 100 },
  });
  const log = createLog(screen.lines, { level: 'info', format: 'pretty' }, false);
  const progress = createProgress(screen, log, () => nowMs);
  for (nowMs of timesMs) progress.update({ ...sync, startedMs: 0 });
  progress.end();
  return shown;
}

test('without a terminal a line comes every five seconds, and none for short work', () => {
  expect(run(false, [0, 1000, 4999]).out).toBe('');
  expect(run(false, [0, 4000, 5000, 6000, 9999, 10_000]).out.match(/first sync 25%/g)).toHaveLength(2);
  expect(run(false, [0, 5000]).err).toBe('');
});

test('on a terminal the bar is drawn at most ten times a second', () => {
  const shown = run(true, [0, 10, 50, 99, 100, 150, 200]);
  expect(shown.err.match(/first sync \[/g)?.length).toBeLessThanOrEqual(3);
  expect(shown.err).toContain('first sync [');
  expect(shown.out).toBe('');
});

test('a log line takes the place of the bar, which comes back below it', () => {
  let terminal = '';
  const write = (text: string): unknown => (terminal += text);
  const screen = createScreen({
    stdout: { write, isTTY: true },
    stderr: { write, isTTY: true, columns: 80 },
  });
  screen.drawBar('BAR');
  screen.lines.write('line\n');
  screen.clearBar();
  screen.lines.write('last\n');
  expect(onTerminal(terminal)).toEqual(['line', 'last', '']);
  expect(terminal.indexOf('line')).toBeLessThan(terminal.lastIndexOf('BAR'));
});

/** What a terminal shows after `text`: line feeds, erase line and cursor movements, as far as log-update uses them. */
function onTerminal(text: string): string[] {
  const rows = [''];
  let row = 0;
  let column = 0;
  // eslint-disable-next-line no-control-regex -- escape sequences are what is read
  for (const [token] of text.matchAll(/\x1b\[[?0-9;]*[A-Za-z]|\n|[^\x1b\n]+/g)) {
    if (token === '\n') {
      row++;
      column = 0;
      rows[row] ??= '';
    } else if (!token.startsWith('\x1b')) {
      const before = (rows[row] ?? '').padEnd(column);
      rows[row] = before.slice(0, column) + token + before.slice(column + token.length);
      column += token.length;
    } else if (token.endsWith('A')) {
      row = Math.max(0, row - Number(token.slice(2, -1) || 1));
    } else if (token.endsWith('G')) {
      column = 0;
    } else if (token === '\x1b[2K') {
      rows[row] = '';
    } else if (token === '\x1b[0J' || token === '\x1b[J') {
      rows[row] = (rows[row] ?? '').slice(0, column);
      rows.length = row + 1;
    }
  }
  while (rows.length > 1 && rows.at(-1) === '' && rows.at(-2) === '') rows.pop();
  return rows;
}
