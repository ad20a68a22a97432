import type { Batch } from '../../model/batch.ts';
import type { DeliveryContext } from '../target.ts';
import type { CommandSession } from './command-session.ts';
import { ROOT_EVENT } from './event-delivery.ts';
import type { EventTaker } from './event-delivery.ts';
import { runInOrder } from './ordered-runs.ts';

/** The user's commands, as those who are told a batch. */
export function commandTaker(session: CommandSession, batch: Batch, context: DeliveryContext): EventTaker {
  const { startup, options } = session;
  const startUp = startup === undefined ? undefined : () => session.run(startup, ROOT_EVENT, batch, context);
  const { mode } = options;
  if (mode.kind === 'batch') {
    const { command, list } = mode;
    return {
      kind: 'list',
      startUp,
      list,
      run: (input) => session.run(command, ROOT_EVENT, batch, context, input),
    };
  }
  return {
    kind: 'each',
    startUp,
    tell: (events, told) =>
      runInOrder(events, {
        maxRunning: options.maxProcesses ?? 1,
        pathsOf: ({ path, from }) => (from === undefined ? [path] : [from, path]),
        run: async (event) => {
          if (!told.mayBegin(event)) return false;
          const line = mode.commands[event.kind];
          if (line === undefined) throw new Error(`command target: no command for ${event.kind}`);
          const verdict = await session.run(line, event, batch, context);
          told.settled(event, verdict);
          return verdict.kind !== 'failed';
        },
      }),
  };
}
