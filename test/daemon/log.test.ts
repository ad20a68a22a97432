import { expect, test } from 'vitest';
import { createLog, type Log, type LogOptions, wantsColours, withFields } from '../../src/daemon/log.ts';

const levels = ['error', 'warn', 'info', 'debug'];

function logged(options: LogOptions, write: (log: Log) => void, colours = false): string {
  let text = '';
  const output = { write: (chunk: string) => (text += chunk) };
  write(createLog(output, options, colours, () => new Date(2026, 1, 3, 4, 5, 6, 7)));
  return text;
}

test('pretty: time, level, message and fields on one line', () => {
  const text = logged({ level: 'info', format: 'pretty' }, (log) => {
    log.info('delivered', { updated: 3, target: '/mnt/a b', reason: 'live', missing: undefined });
    log.error('failed', { remedy: 'try "again"' });
  });
  expect(text).toBe(
    '04:05:06.007 info  delivered updated=3 target="/mnt/a b" reason=live\n' +
      '04:05:06.007 error failed remedy="try \\"again\\""\n',
  );
});

test('pretty: further lines of a message are indented, control characters are shown and not sent', () => {
  const text = logged({ level: 'info', format: 'pretty' }, (log) => {
    log.warn('first\nsecond \x1b[31mred', { path: 'a\x07b' });
  });
  expect(text).toBe('04:05:06.007 warn  first\n                   second \\x1b[31mred path="a\\u0007b"\n');
});

test('pretty: colours only where they are wanted', () => {
  const write = (log: Log): void => {
    log.info('x');
  };
  expect(logged({ level: 'info', format: 'pretty' }, write, true)).toContain('\x1b[');
  expect(logged({ level: 'info', format: 'pretty' }, write, false)).not.toContain('\x1b');
});

test('json: one object a line with time, level, msg and the fields', () => {
  const text = logged({ level: 'debug', format: 'json' }, (log) => {
    log.debug('command', { program: 'rsync', arguments: ['-a', 'x\ny'] });
    log.error('failed');
  });
  const time = new Date(2026, 1, 3, 4, 5, 6, 7).toISOString();
  expect(text.endsWith('\n')).toBe(true);
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { level: 'debug', time, msg: 'command', program: 'rsync', arguments: ['-a', 'x\ny'] },
    { level: 'error', time, msg: 'failed' },
  ]);
});

test('fields of a part of the program come behind those of each line', () => {
  const text = logged({ level: 'info', format: 'pretty' }, (log) => {
    const part = withFields(log, () => ({ target: 'host:a' }));
    part.info('delivered', { updated: 3 });
    part.debug('not shown');
    expect(part.enabled('debug')).toBe(false);
  });
  expect(text).toBe('04:05:06.007 info  delivered updated=3 target=host:a\n');
});

test.each([
  ['error', 1],
  ['warn', 2],
  ['info', 3],
  ['debug', 4],
] as const)('level %s writes %i of the four', (level, lines) => {
  for (const format of ['pretty', 'json'] as const) {
    const text = logged({ level, format }, (log) => {
      for (const at of ['error', 'warn', 'info', 'debug'] as const) {
        log[at](at);
        expect(log.enabled(at)).toBe(levels.indexOf(at) < lines);
      }
    });
    expect(text.split('\n').length - 1).toBe(lines);
  }
});

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '0' }, false],
  [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('colours on a terminal (%s) with %j: %s', (isTTY, environment, expected) => {
  expect(wantsColours({ write: () => undefined, isTTY }, environment)).toBe(expected);
});
