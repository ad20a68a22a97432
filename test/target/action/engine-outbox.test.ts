import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { FromEngine } from '../../../src/target/action/engine-messages.ts';
import { EngineOutbox } from '../../../src/target/action/engine-outbox.ts';

function outbox(): { box: EngineOutbox; sent: (readonly FromEngine[])[] } {
  const sent: (readonly FromEngine[])[] = [];
  return { box: new EngineOutbox((messages) => sent.push(messages)), sent };
}

test('messages of one turn go together and in their order, verdicts beside each other as one', async () => {
  const { box, sent } = outbox();
  box.post({ kind: 'more', feed: 1 });
  box.settled(1, 1, { kind: 'ok' });
  box.settled(1, 2, undefined);
  box.post({ kind: 'told', feed: 1, problem: undefined });
  box.settled(2, 1, { kind: 'ok' });
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual([
    [
      { kind: 'more', feed: 1 },
      {
        kind: 'settled',
        feed: 1,
        events: [
          [1, { kind: 'ok' }],
          [2, undefined],
        ],
      },
      { kind: 'told', feed: 1, problem: undefined },
      { kind: 'settled', feed: 2, events: [[1, { kind: 'ok' }]] },
    ],
  ]);
  await turn();
  expect(sent).toHaveLength(1);
});

test('very many do not wait for the end of the turn', () => {
  const { box, sent } = outbox();
  for (let number = 1; number <= 2_500; number++) box.settled(1, number, { kind: 'ok' });
  expect(sent).toHaveLength(2);
});

test('what can be the last word is sent at once, but a loop that tells without end fills nothing but its own memory', async () => {
  const { box, sent } = outbox();
  box.post({ kind: 'pong' });
  box.postNow({ kind: 'log', category: 'Normal', message: 'before the loop' });
  expect(sent).toEqual([[{ kind: 'pong' }, { kind: 'log', category: 'Normal', message: 'before the loop' }]]);
  for (let line = 0; line < 50_000; line++) box.postNow({ kind: 'log', category: 'Normal', message: 'x' });
  expect(sent).toHaveLength(100);
  await turn();
  expect(sent).toHaveLength(101);
  expect(sent.flat()).toHaveLength(50_002);
  box.postNow({ kind: 'pong' });
  expect(sent).toHaveLength(102);
});
