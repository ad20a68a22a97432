import { expect, test } from 'vitest';
import { createDeliveryLog, type DeliveryLog } from '../../src/daemon/delivery-log.ts';
import { createLog, type LogOptions } from '../../src/daemon/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';

const live: Batch = { number: 7, reason: 'live', moves: [], entries: [], subtrees: [], contentSubtrees: [] };

function told(level: LogOptions['level'], batch: Batch, events: (log: DeliveryLog) => void): string[] {
  let text = '';
  const log = createLog({ write: (chunk) => (text += chunk) }, { level, format: 'json' }, false);
  const progress = { update: () => undefined, end: () => undefined };
  const deliveryLog = createDeliveryLog(log, progress, false, () => 0);
  deliveryLog.begin(batch);
  events(deliveryLog);
  const counts = { updated: 0, deleted: 0, bytes: 0 };
  deliveryLog.delivered(batch, { kind: 'delivered', counts, problems: [], recheck: [] });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

function name(log: DeliveryLog, kind: 'updated' | 'deleted', path: string): void {
  log.event({ kind, path: path as PathBytes, bytes: 0 });
}

test('many deletions do not hide what was updated, and a directory stands for what was in it', () => {
  const lines = told('info', live, (log) => {
    for (let i = 0; i < 100; i++) name(log, 'deleted', `old/${i}`);
    name(log, 'deleted', 'old');
    name(log, 'updated', 'new');
  });
  expect(lines).toEqual([
    '  updated new',
    '  deleted old',
    'batch 7 delivered: 0 updated, 0 deleted, 0 B in 0.00 s',
  ]);
});

test('ten names are shown, the others are counted', () => {
  const lines = told('info', live, (log) => {
    for (let i = 0; i < 13; i++) name(log, 'updated', String(i));
    for (let i = 0; i < 11; i++) name(log, 'deleted', `gone${i}`);
  });
  expect(lines.length).toBe(21);
  expect(lines.at(-1)).toContain(', 4 names not shown');
});

test('at debug every name is shown as it comes', () => {
  const lines = told('debug', live, (log) => {
    for (let i = 0; i < 13; i++) name(log, 'deleted', `d/${i}`);
    name(log, 'deleted', 'd');
  });
  expect(lines.filter((line) => line.startsWith('  deleted')).length).toBe(14);
});

test('the names of a first sync are for debug only', () => {
  const lines = told('info', { ...live, reason: 'startup' }, (log) => {
    name(log, 'updated', 'a');
    name(log, 'deleted', 'b');
  });
  expect(lines).toEqual(['first sync delivered: 0 updated, 0 deleted, 0 B in 0.00 s']);
});

test('held deletions are said to be left out, and an attempt that changes nothing is for debug only', () => {
  const first: Batch = { ...live, reason: 'startup' };
  const counts = { updated: 0, deleted: 0, bytes: 0 };
  const message = 'The source is empty and would delete 12 names on copy; nothing is deleted.';
  const held = { count: 12, message, remedy: 'Bring them back.', isBrief: true, paths: [] };
  const outcome = { kind: 'delivered', counts, problems: [], recheck: [], held } as const;
  const state = { kind: 'state', pending: 0, inFlight: 0, quarantined: 0, message } as const;
  const attempt = (log: DeliveryLog): void => {
    log.begin(first);
    log.report({ kind: 'delivered', batch: first, outcome });
    log.report({ ...state, state: 'held' });
    log.report({ ...state, state: 'delivering' });
  };
  const lines = told('info', first, (log) => {
    attempt(log);
    attempt(log);
    attempt(log);
  });
  expect(lines).toEqual([
    'first sync delivered but for its deletions: 0 updated, 0 deleted, 0 B in 0.00 s',
    `held: ${message}`,
    'first sync delivered: 0 updated, 0 deleted, 0 B in 0.00 s',
  ]);
});
