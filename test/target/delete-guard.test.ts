import { expect, test } from 'vitest';
import type { Batch } from '../../src/model/batch.ts';
import { HINT } from '../../src/model/event-batch.ts';
import { pathFromText, ROOT_PATH } from '../../src/model/path-bytes.ts';
import type { DeleteGuardOptions } from '../../src/target/delete-guard.ts';
import { DeleteGuard } from '../../src/target/delete-guard.ts';

const unasked = (): Promise<number> => Promise.reject(new Error('the source was counted'));

function guard(options: Partial<DeleteGuardOptions> = {}): DeleteGuard {
  return new DeleteGuard({ targetName: 'there', ...options });
}

test.each([
  ['nothing', {}, false, false],
  ['an empty source', {}, true, true],
  ['a limit', { maxDelete: { unit: 'names', max: 5 } }, false, true],
] as const)('%s: deletions are counted or not', (_name, options, mindsEmpty, watches) => {
  expect(guard(options).watches(mindsEmpty)).toBe(watches);
});

const told: Batch = {
  number: 2,
  reason: 'live',
  moves: [],
  entries: [],
  subtrees: [pathFromText('a')],
  contentSubtrees: [],
};

const isEmpty = (): boolean => true;
const hasContent = (): boolean => false;
const comparison: Batch = { ...told, subtrees: [ROOT_PATH] };
const deletion: Batch = { ...told, entries: [{ path: pathFromText('f'), hints: HINT.deleted }] };

test.each<[string, Batch, boolean, boolean]>([
  ['names that were seen to go', deletion, false, false],
  ['a target that is not as we left it', told, true, true],
  ['the first sync', { ...told, reason: 'startup' }, false, true],
  ['a comparison of all', comparison, false, true],
  ['a comparison of all by content', { ...told, contentSubtrees: [ROOT_PATH] }, false, true],
])('with allowEmptySource running, %s: an empty source counts or not', (_name, batch, isNew, minds) => {
  expect(guard({ allowEmptySource: 'running' }).mindsEmpty(batch, isNew, isEmpty)).toBe(minds);
  expect(guard().mindsEmpty(batch, isNew, isEmpty)).toBe(true);
  expect(guard({ allowEmptySource: true }).mindsEmpty(batch, isNew, isEmpty)).toBe(false);
  expect(guard().mindsEmpty(batch, isNew, hasContent)).toBe(false);
});

test('with allowEmptySource running, a comparison may delete too when the last names were seen to go', () => {
  const running = guard({ allowEmptySource: 'running' });
  expect(running.mindsEmpty(deletion, false, hasContent)).toBe(false);
  expect(running.mindsEmpty(comparison, false, isEmpty)).toBe(true);
  expect(
    running.mindsEmpty({ ...told, entries: [{ path: ROOT_PATH, hints: HINT.attrib }] }, false, isEmpty),
  ).toBe(false);
  expect(running.mindsEmpty(comparison, false, isEmpty)).toBe(true);
  expect(running.mindsEmpty(deletion, false, isEmpty)).toBe(false);
  expect(running.mindsEmpty(comparison, false, isEmpty)).toBe(false);
  expect(running.mindsEmpty({ ...comparison, reason: 'startup' }, false, isEmpty)).toBe(true);
  expect(running.mindsEmpty(told, false, hasContent)).toBe(false);
  expect(running.mindsEmpty(comparison, false, isEmpty)).toBe(true);
});

test.each([
  [0, { kind: 'allowed', maxDelete: 0 }],
  [
    1,
    { kind: 'held', why: { count: 1, message: expect.stringMatching(/empty.* 1 name on there/) as string } },
  ],
])('an empty source and %i names to delete', async (count, expected) => {
  expect(await guard().judge(count, true, unasked)).toMatchObject(expected);
});

test.each([
  [5, 'allowed'],
  [6, 'held'],
])('a limit of 5 names and %i to delete: %s', async (count, kind) => {
  const limited = guard({ maxDelete: { unit: 'names', max: 5 } });
  expect((await limited.judge(count, false, unasked)).kind).toBe(kind);
});

test('the limit does not loosen the hold of an empty source', async () => {
  const limited = guard({ maxDelete: { unit: 'names', max: 5 } });
  expect(await limited.judge(3, true, unasked)).toMatchObject({ kind: 'held', why: { count: 3 } });
});

test('a percentage is one of the names on the target, counted when it may matter', async () => {
  const limited = guard({ maxDelete: { unit: 'percent', max: 10 } });
  const counts = [90, 80, 990];
  const count = (): Promise<number> => Promise.resolve(counts.shift() ?? -1);
  expect(await limited.judge(0, false, unasked)).toEqual({ kind: 'allowed', maxDelete: 0 });
  // 90 left and 10 to go are 100: 10 % are 10.
  expect(await limited.judge(10, false, count)).toEqual({ kind: 'allowed', maxDelete: 10 });
  limited.deleted(10);
  // At least 90 are there: 9 need no count.
  expect(await limited.judge(9, false, unasked)).toEqual({ kind: 'allowed', maxDelete: 9 });
  expect(await limited.judge(10, false, count)).toMatchObject({
    kind: 'held',
    why: { count: 10, message: expect.stringContaining('10% of 90 names, that is 9') as string },
  });
  // The tree has grown since.
  expect(await limited.judge(10, false, count)).toEqual({ kind: 'allowed', maxDelete: 100 });
});

test('what could not be counted is a failure of the delivery', async () => {
  const limited = guard({ maxDelete: { unit: 'percent', max: 10 } });
  const down = { kind: 'failed', scope: 'target', message: 'down' } as const;
  expect(await limited.judge(1, false, () => Promise.resolve(down))).toBe(down);
});
