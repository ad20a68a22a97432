import { expect, test } from 'vitest';
import { AskedOnce } from '../../../src/target/rsync/asked-once.ts';

/** Answers come in turn from `given`: a number, of which those above zero are kept, or an error. */
function questions(...given: readonly (number | Error)[]): {
  readonly ask: (key: string, signal?: AbortSignal) => Promise<number | string>;
  readonly asked: () => number;
} {
  const answers = new AskedOnce<number>((answer) => answer > 0);
  let count = 0;
  const next = async (): Promise<number> => {
    const answer = given[count++] ?? NaN;
    await new Promise(setImmediate);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return {
    ask: (key, signal = new AbortController().signal) =>
      answers.get(key, next, signal).catch((error: unknown) => (error as Error).message),
    asked: () => count,
  };
}

test('many that ask at once, and later ones, get one answer', async () => {
  const { ask, asked } = questions(7);
  expect(await Promise.all([ask('a'), ask('a'), ask('a')])).toEqual([7, 7, 7]);
  expect(await ask('a')).toBe(7);
  expect(asked()).toBe(1);
});

test('another key is another question', async () => {
  const { ask } = questions(7, 8);
  expect(await Promise.all([ask('a'), ask('b')])).toEqual([7, 8]);
});

test('an answer that is not kept, and an error, are for the one who asked: the next one asks in turn', async () => {
  const { ask, asked } = questions(new Error('none'), 0, 7);
  expect(await Promise.all([ask('a'), ask('a'), ask('a'), ask('a')])).toEqual(['none', 0, 7, 7]);
  expect(asked()).toBe(3);
});

test('one that is to end asks for itself alone', async () => {
  const { ask } = questions(7, new Error('ended'));
  const first = ask('a');
  expect(await ask('a', AbortSignal.abort())).toBe('ended');
  expect(await first).toBe(7);
});
