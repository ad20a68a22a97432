import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog, type Log } from '../../src/daemon/log.ts';
import type { StatusEntry } from '../../src/daemon/status-board.ts';
import { StatusFile } from '../../src/daemon/status-file.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';

let directory: TempDir;
let logged = '';
const log: Log = createLog({ write: (text) => (logged += text) }, { level: 'warn', format: 'pretty' }, false);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  directory = makeTempDir();
  logged = '';
});

afterEach(() => {
  vi.useRealTimers();
  directory[Symbol.dispose]();
});

/** A file of the states of its targets; says how often it was written. */
function open(path = directory.at('status')): {
  readonly file: StatusFile;
  readonly text: () => string;
  readonly writes: () => number;
} {
  let writes = 0;
  const render: ConstructorParameters<typeof StatusFile>[0]['render'] = ({ targets, isRunning }) => {
    writes++;
    return `${targets.map(({ state }) => state).join(' ')}${isRunning ? '' : ' ended'}`;
  };
  const file = new StatusFile({ path, intervalMs: 10_000, render }, log);
  return { file, text: () => readFileSync(path, 'utf8'), writes: () => writes };
}

function shown({ board }: StatusFile): StatusEntry {
  const entry = board.entry({ source: '/a', target: '/b', rules: [] });
  board.follow(['b']);
  board.show('b', entry);
  return entry;
}

test('changes are written at most once in an interval, and the last one is never left out', () => {
  const { file, text, writes } = open();
  const entry = shown(file);
  expect(writes()).toBe(1);
  for (const state of ['delivering', 'collecting', 'delivering', 'idle'] as const) entry.is(state);
  vi.advanceTimersByTime(9_999);
  expect(writes()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(writes()).toBe(2);
  expect(text()).toBe('idle');
});

test('it is written again and again while a target is at work, and not while all are idle', () => {
  const { file, writes } = open();
  const entry = shown(file);
  entry.is('delivering');
  vi.advanceTimersByTime(50_000);
  expect(writes()).toBe(6);
  entry.is('idle');
  vi.advanceTimersByTime(100_000);
  expect(writes()).toBe(7);
  entry.is('collecting');
  vi.advanceTimersByTime(0);
  expect(writes()).toBe(8);
});

test('the end is written at once, and nothing is left beside it', () => {
  const { file, text } = open();
  shown(file).is('delivering');
  file.close();
  expect(text()).toBe('delivering ended');
  vi.advanceTimersByTime(100_000);
  expect(text()).toBe('delivering ended');
  expect(readdirSync(directory.path)).toEqual(['status']);
});

test('a place that cannot be written is told of at the start, and once if it comes later', () => {
  expect(() => open(directory.at('none', 'status'))).toThrow(
    `the status file ${directory.at('none', 'status')} cannot be written: ENOENT`,
  );
  const { file } = open();
  const entry = shown(file);
  directory[Symbol.dispose]();
  entry.is('delivering');
  vi.advanceTimersByTime(50_000);
  expect(logged.match(/cannot be written: ENOENT/g)).toHaveLength(1);
  mkdirSync(directory.path);
  vi.advanceTimersByTime(10_000);
  expect(existsSync(directory.at('status'))).toBe(true);
  file.close();
});

test('a symlink in the place of its temporary file is not written through', () => {
  writeFileSync(directory.at('precious'), 'kept');
  symlinkSync(directory.at('precious'), directory.at(`.status.${process.pid}`));
  open().file.close();
  expect(readFileSync(directory.at('precious'), 'utf8')).toBe('kept');
  expect(lstatSync(directory.at('status')).isFile()).toBe(true);
});
