import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PathBytes, ROOT_PATH } from '../../../src/model/path-bytes.ts';
import { EventQueue } from '../../../src/target/action/event-queue.ts';
import { QueuedEvent } from '../../../src/target/action/queued-event.ts';

const PATHS = ['a', 'a/b', 'a/b/c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] as PathBytes[];

/** What is done with the event at `at` of those that are in a state in which it can be done. */
const step = fc.record({
  kind: fc.constantFrom(
    'add',
    'add',
    'add',
    'activate',
    'activate',
    'giveBack',
    'hold',
    'end',
    'full',
    'blanket',
  ),
  at: fc.nat(99),
});

function added({ kind, at }: { readonly kind: string; readonly at: number }): QueuedEvent | undefined {
  const path = PATHS[at % PATHS.length] ?? ROOT_PATH;
  switch (kind) {
    case 'add':
      return QueuedEvent.telling({ kind: 'modify', path, isDirectory: false });
    case 'full':
      return QueuedEvent.full(path);
    case 'blanket':
      return QueuedEvent.blanket();
    default:
      return undefined;
  }
}

test('the first event is the earliest one that waits, whatever was done, held, given back or made in between', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const queue = new EventQueue();
      let undone: QueuedEvent[] = [];
      const waits = ({ status }: QueuedEvent): boolean => status === 'wait';
      for (const next of steps) {
        const event = added(next);
        if (event !== undefined) {
          queue.add(event);
          undone.push(event);
        } else {
          const isActive = next.kind === 'giveBack';
          const able = undone.filter((one) => (isActive ? one.status === 'active' : waits(one)));
          const [chosen] = able.slice(next.at % Math.max(1, able.length));
          if (chosen === undefined) continue;
          if (next.kind === 'activate') queue.activate(chosen);
          else if (next.kind === 'giveBack') queue.giveBack(chosen);
          else if (next.kind === 'end') queue.end(chosen);
          else {
            queue.hold(chosen);
            expect(queue.first()).not.toBe(chosen);
            queue.giveBack(chosen);
          }
          undone = undone.filter(({ status }) => status !== 'done');
        }
        const first = undone.find((one) => waits(one) && one.etype !== 'Full');
        expect(queue.first()).toBe(first);
        expect(queue.hasFirst).toBe(first !== undefined);
      }
    }),
  );
});
