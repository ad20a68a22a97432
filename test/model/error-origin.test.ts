import { expect, test } from 'vitest';
import { SynclineError } from '../../src/model/syncline-error.ts';
import { originOf, thrownText } from '../../src/model/error-origin.ts';
import { pathFromExactText } from '../../src/model/exact-text.ts';

function withStack(...frames: readonly string[]): Error {
  const error = new Error('no\n  good');
  error.stack = ['Error: no', ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return error;
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test.each([
  [
    ['onCreate (/etc/my (own) files/c.ts:3:21)', 'node:internal/timers:573:17'],
    '/etc/my (own) files/c.ts:3:21',
  ],
  [['async /home/a/c.mjs:1:2', 'node:internal/timers:573:17'], '/home/a/c.mjs:1:2'],
  [['node:fs:1:1', 'x (/a/node_modules/y/index.js:9:9)', 'file:///a/c.js:7:5'], '/a/c.js:7:5'],
])('an error with the frames %j is of the user, at %s', (frames, place) => {
  expect(originOf(withStack(...frames))).toEqual({ kind: 'user', place });
  expect(thrownText(withStack(...frames))).toBe(`no good (${place})`);
});

test('what this program throws for a call of the user is placed at that call', () => {
  const error = thrownBy(() => pathFromExactText(5 as unknown as string));
  const origin = originOf(error);
  expect(origin).toEqual({
    kind: 'user',
    place: expect.stringContaining('error-origin.test.ts:') as unknown,
  });
});

test('an error that has only passed through this program, or through none, is not of the user', () => {
  const own = new SynclineError('CONFIG', 'x');
  const root = import.meta.dirname.replace(/test\/model$/, '');
  own.stack = `Error: x\n    at f (file://${root}src/daemon/log.ts:1:1)\n    at node:internal/timers:5:1`;
  expect(originOf(own)).toEqual({ kind: 'own' });
  expect(originOf(withStack('node:internal/fs:1:1'))).toEqual({ kind: 'unknown' });
  expect(originOf('text')).toEqual({ kind: 'unknown' });
});

test('where a text was thrown is not known, although the error around it has a stack', () => {
  const around = withStack('/home/a/c.mjs:1:2');
  around.cause = 'text';
  expect(thrownText(around)).toBe('no good');
});
