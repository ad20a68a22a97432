import { expect, test } from 'vitest';
import { hookMessage } from '../../src/daemon/hook-message.ts';
import type { Batch } from '../../src/model/batch.ts';
import type { Delivered, Failed } from '../../src/model/outcome.ts';
import { pathFromBuffer, pathFromText, pathToBuffer } from '../../src/model/path-bytes.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';

const subject = { hook: 'afterBatch', source: pathFromText('/süß'), target: 'host:dir' } as const;
const batch: Batch = {
  number: 7,
  reason: 'live',
  moves: [],
  entries: [{ path: pathFromText('a'), hints: 0 }],
  subtrees: [],
  contentSubtrees: [],
};
const time = new Date(Date.UTC(2026, 1, 3));

function read(outcome: Delivered | Failed | undefined): unknown {
  const text = hookMessage(subject, batch, outcome, time);
  expect(text.indexOf('\n')).toBe(text.length - 1);
  return JSON.parse(text);
}

const common = { hook: 'afterBatch', time: '2026-02-03T00:00:00.000Z', source: '/süß', target: 'host:dir' };
const about = { ...common, batch: 7, reason: 'live', moves: 0, names: 1, subtrees: 0 };

test('before a delivery: what it is about', () => {
  expect(read(undefined)).toEqual(about);
});

test('a failure has scope, message and remedy; without a batch, nothing about one', () => {
  const failed: Failed = { kind: 'failed', scope: 'target', message: 'full', remedy: 'make room' };
  const { kind: _kind, ...told } = failed;
  expect(read(failed)).toEqual({ ...about, outcome: 'failed', ...told });
  expect(JSON.parse(hookMessage(subject, undefined, failed, time))).toEqual({
    ...common,
    outcome: 'failed',
    ...told,
  });
});

test('the names of problems are exact, whatever their bytes, and a hold is told', () => {
  const names = [Buffer.from('ü\n"'), Buffer.from([0x61, 0xff, 0x0a])];
  const counts = { updated: 1, deleted: 2, bytes: 3 };
  const told = read({
    kind: 'delivered',
    counts,
    problems: names.map((name) => ({ path: pathFromBuffer(name), message: 'open: denied' })),
    recheck: [],
    held: { count: 9, message: 'too many', remedy: 'allow', isBrief: false, paths: ['x' as PathBytes] },
  }) as { problems: { path: string; pathBase64?: string }[] };
  expect(told).toMatchObject({
    ...about,
    outcome: 'delivered',
    counts,
    held: { count: 9, message: 'too many', remedy: 'allow' },
  });
  const exact = told.problems.map(({ path, pathBase64 }) =>
    pathBase64 === undefined ? pathToBuffer(pathFromText(path)) : Buffer.from(pathBase64, 'base64'),
  );
  expect(exact).toEqual(names);
});
