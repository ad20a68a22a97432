import { expect, test } from 'vitest';
import { type LogChoice, USUAL_LOG, withLogWord } from '../../../src/daemon/lsyncd/log-categories.ts';
import { createLsyncdLog } from '../../../src/daemon/lsyncd/lsyncd-log.ts';
import type { Log } from '../../../src/daemon/log.ts';

/** What `say` writes with these words behind `-log`. */
function written(words: readonly string[], say: (log: Log) => void): string[] {
  const lines: string[] = [];
  const choice = words.reduce<LogChoice>((sum, word) => withLogWord(sum, word) ?? sum, USUAL_LOG);
  const log = createLsyncdLog([(category, message) => lines.push(`${category}: ${message}`)], choice);
  say(log);
  return lines;
}

function sayAll(log: Log): void {
  log.error('e');
  log.warn('w');
  log.info('i');
  for (const topic of ['command', 'batch', 'name', 'watch', 'status', 'tunnel', 'other'] as const)
    log.debug('d', {}, topic);
}

test.each<[string[], string]>([
  [[], 'Error Warn Normal'],
  [['scarce'], 'Error Warn'],
  [['all'], 'Error Warn Normal Exec Delay Info Inotify Statusfile Tunnel Debug'],
  [['Exec'], 'Error Warn Normal Exec'],
  [['scarce', 'Delay', 'Inotify'], 'Error Warn Delay Inotify'],
  [['Nothing'], 'Error Warn Normal'],
])('-log %j writes the categories %s', (words, categories) => {
  const lines = written(words, sayAll);
  expect(lines.map((line) => line.replace(/:.*/, '')).join(' ')).toBe(categories);
});

test('a log tells beforehand what it writes', () => {
  const choice = { kind: 'usual', further: ['Exec'] } as const;
  const log = createLsyncdLog([], choice);
  expect(log.enabled('info')).toBe(true);
  expect(log.enabled('debug')).toBe(false);
  expect(log.enabled('debug', 'command')).toBe(true);
  expect(log.enabled('debug', 'name')).toBe(false);
});

test('a command is written with its arguments in brackets and what goes to its standard input', () => {
  const command = ['rsync', '-lt', '--', '/a b/', 'host:c'];
  expect(
    written(['Exec'], (log) => {
      log.debug('run', { command, input: ['./x', 'and 3 more'], target: 'host:c' }, 'command');
    }),
  ).toEqual(['Exec: rsync [-lt] [--] [/a b/] [host:c] <- ./x and 3 more target=host:c']);
});

test('a line is one line, whatever is in it', () => {
  expect(
    written([], (log) => {
      log.warn('one\ntwo\u001b[1m', { remedy: 'mend it', target: 'a b', empty: undefined });
    }),
  ).toEqual(['Warn: one two\\x1b[1m (mend it) target="a b"']);
});
