import { expect, test } from 'vitest';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import type { CommandEvent } from '../../../src/target/command/command-event.ts';
import { ReceivedEvents, SentEvents } from '../../../src/target/action/told-events.ts';

function* events(count: number): Generator<CommandEvent> {
  for (let number = 1; number <= count; number++)
    yield { kind: 'create', path: `\xff${number}` as PathBytes, isDirectory: false };
}

/** All of them by both sides, copied on the way as a message is. */
async function acrossThreads(sent: SentEvents): Promise<{ received: CommandEvent[]; portions: number[] }> {
  const portions: number[] = [];
  const all: ReceivedEvents = new ReceivedEvents(() => {
    void sent.next().then((portion) => {
      portions.push(portion.events.length);
      const { events: copied, isLast } = structuredClone(portion);
      all.received(copied, isLast);
    });
  });
  const received: CommandEvent[] = [];
  for await (const event of all) received.push(event);
  return { received, portions };
}

test.each([
  [0, [0]],
  [1, [1]],
  [1_000, [1_000, 0]],
  [2_500, [1_000, 1_000, 500]],
])('%i events arrive in their order, in portions of %j', async (count, expected) => {
  const sent = new SentEvents(events(count));
  const { received, portions } = await acrossThreads(sent);
  expect(portions).toEqual(expected);
  expect(received).toEqual([...events(count)].map((event, index) => ({ ...event, number: index + 1 })));
});

test('one portion is asked for ahead, and no more', async () => {
  let asked = 0;
  const all = new ReceivedEvents(() => asked++);
  const first = all.next();
  expect(asked).toBe(1);
  all.received([{ kind: 'create', path: 'a' as PathBytes, isDirectory: false, number: 1 }], false);
  expect((await first).value).toMatchObject({ path: 'a' });
  expect(asked).toBe(2);
  const second = all.next();
  all.received([], true);
  expect(await second).toEqual({ done: true, value: undefined });
  expect(await all.next()).toEqual({ done: true, value: undefined });
  expect(asked).toBe(2);
});

test('an event is the same object again by its number, until nothing more is to be heard of it', async () => {
  const [event] = [...events(1)];
  const sent = new SentEvents(event === undefined ? [] : [event]);
  const { events: numbered } = await sent.next();
  expect(numbered).toEqual([{ ...event, number: 1 }]);
  expect(sent.get(1)).toBe(event);
  expect(sent.take(1)).toBe(event);
  expect([sent.take(1), sent.get(2)]).toEqual([undefined, undefined]);
});
